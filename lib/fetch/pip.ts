import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { SemplesError } from '../base/error.js'
import type { FetchOptions, ReportProgress } from './progress.js'

export interface PipDownload extends FetchOptions {
  /** Requirements, e.g. `torch==2.13.0+cpu`. */
  requirements: string[]
  /**
   * Tag of the wheels, e.g. `manylinux_2_28_x86_64`; older tags of the same family are accepted too, and wheels without
   * machine code. With `any` only those are.
   */
  platform: string
  /** Empty folder for the wheels; temporary files lie beside it. */
  directory: string
  /** An index to ask besides those that pip is configured with. */
  extraIndex?: string
  /** Also fetch what the requirements require; default false. */
  dependencies?: boolean
}

/** The command that starts pip, or undefined if there is none. pip 20 or newer under any Python 3 is accepted. */
export function findPip(): string[] | undefined {
  const commands = [['python3', '-m', 'pip'], ['python', '-m', 'pip'], ['pip3']]
  return commands.find(([program, ...rest]) => {
    const child = spawnSync(program!, [...rest, '--version'], {
      encoding: 'utf8',
      env: process.env,
      stdio: 'pipe',
      timeout: 20_000,
    })
    return child.status === 0 && Number(/^pip (\d+)/.exec(child.stdout)?.[1] ?? 0) >= 20
  })
}

/**
 * Downloads wheels by pip with the user's own configuration (indexes, find-links, proxy, certificates); pip checks their
 * hashes. Timeouts are short, so that an unreachable host fails within seconds.
 * @returns paths of the wheels
 * @throws SemplesError `SEMPLES_FETCH_FAILED` with pip's last errors
 */
export async function pipDownload(pip: string[], download: PipDownload): Promise<string[]> {
  const wheels = join(download.directory, 'wheels')
  const temporary = join(download.directory, 'temporary')
  for (const folder of [wheels, temporary]) mkdirSync(folder, { recursive: true })
  const [program, ...first] = pip as [string, ...string[]]
  const child = spawn(program, [...first, ...downloadArguments(download, wheels)], {
    // Wheels of this size do not belong in a /tmp that may live in memory.
    env: { ...process.env, TMPDIR: temporary, PIP_REQUIRE_VIRTUALENV: '0', PIP_NO_INPUT: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
    signal: download.signal,
  })
  const words: string[] = []
  const watch = watchDownload(temporary, download.onProgress)
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      watch.line(line)
      if (line.trim() !== '') words.push(line.trim())
    })
  }
  try {
    const status = await new Promise<number | null>((done, failed) => child.once('error', failed).once('close', done))
    if (status !== 0) throw pipFailed(download.requirements, words)
  } catch (error) {
    download.signal?.throwIfAborted()
    throw error
  } finally {
    watch.stop()
  }
  return readdirSync(wheels)
    .filter((name) => name.endsWith('.whl'))
    .map((name) => join(wheels, name))
}

function downloadArguments({ requirements, platform, extraIndex, dependencies }: PipDownload, directory: string) {
  return [
    'download',
    '--disable-pip-version-check',
    '--progress-bar=off',
    '--retries=2',
    '--timeout=20',
    '--only-binary=:all:',
    '--python-version=3.11',
    '--implementation=cp',
    ...acceptedPlatforms(platform).map((tag) => `--platform=${tag}`),
    `--dest=${directory}`,
    ...(dependencies ? [] : ['--no-deps']),
    ...(extraIndex === undefined ? [] : [`--extra-index-url=${extraIndex}`]),
    ...requirements,
  ]
}

/** pip takes a given platform tag literally: `manylinux_2_28` does not include `manylinux_2_27`. */
function acceptedPlatforms(platform: string): string[] {
  const parts = /^manylinux_2_(\d+)_(\w+)$/.exec(platform)
  if (parts === null) return [platform]
  const newest = Number(parts[1])
  const tags = Array.from({ length: newest - 16 }, (_, older) => `manylinux_2_${newest - older}_${parts[2]}`)
  return [...tags, `manylinux2014_${parts[2]}`]
}

function pipFailed(requirements: string[], words: string[]): SemplesError {
  const errors = words.filter((line) => line.startsWith('ERROR: ')).slice(-2)
  // The list of all existing versions is long and does not help.
  const reasons = (errors.length > 0 ? errors : words.slice(-2)).map((line) =>
    line.replace(/^ERROR: /, '').replace(/ \(from versions: [^)]*\)/, ''),
  )
  return new SemplesError('SEMPLES_FETCH_FAILED', {
    message: `pip could not download ${requirements.join(' ')}: ${reasons.join('; ').replace(/\.$/, '')}.`,
  })
}

const units: Record<string, number> = { kB: 1e3, MB: 1e6, GB: 1e9 }

/** pip prints each size before it downloads; the progress is the size of its temporary folder. */
function watchDownload(temporary: string, onProgress?: ReportProgress) {
  let totalBytes = 0
  let names = ''
  const timer = setInterval(() => {
    if (totalBytes === 0) return
    const doneBytes = Math.min(sizeOf(temporary), totalBytes)
    onProgress?.({ phase: 'download', message: `Downloading ${names}`, doneBytes, totalBytes })
  }, 500)
  return {
    line(line: string): void {
      const [, name, size, unit] = /^\s*Downloading (\S+\.whl)\S* \(([\d.]+) (kB|MB|GB)\)/.exec(line) ?? []
      if (name === undefined) return
      totalBytes += Number(size) * units[unit!]!
      names = `${name.split('/').at(-1)} (${size} ${unit})`
      onProgress?.({ phase: 'download', message: `Downloading ${names}`, doneBytes: sizeOf(temporary), totalBytes })
    },
    stop: () => clearInterval(timer),
  }
}

function sizeOf(folder: string): number {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' }).reduce((sum, name) => {
      const found = statSync(join(folder, name), { throwIfNoEntry: false })
      return sum + (found?.isFile() ? found.size : 0)
    }, 0)
  } catch {
    return 0
  }
}
