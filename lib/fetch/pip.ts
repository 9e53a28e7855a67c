import { spawn } from 'node:child_process'
import { mkdirSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { SemplesError } from '../base/error.js'
import { askProgram } from '../base/program.js'
import { checkSpace, diskFull } from './cache.js'
import type { FetchOptions } from './progress.js'

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
  /** The folder that all this is for, on the same disk; for messages. */
  into: string
  /** Size of what will be unpacked of the wheels beside them, as a multiple of their own; default 0. */
  unpacked?: number
  /** An index to ask besides those that pip is configured with. */
  extraIndex?: string
  /** Also fetch what the requirements require; default false. */
  dependencies?: boolean
}

/** The command that starts pip, or undefined if there is none. pip 20 or newer under any Python 3 is accepted. */
export function findPip(): string[] | undefined {
  const commands = [['python3', '-m', 'pip'], ['python', '-m', 'pip'], ['pip3']]
  return commands.find(([program, ...rest]) => {
    const version = askProgram(program!, [...rest, '--version'])
    return Number(/^pip (\d+)/.exec(version ?? '')?.[1] ?? 0) >= 20
  })
}

/**
 * Downloads wheels by pip with the user's own configuration (indexes, find-links, proxy, certificates); pip checks their
 * hashes. Timeouts are short, so that an unreachable host fails within seconds.
 * @returns paths of the wheels
 * @throws SemplesError `SEMPLES_FETCH_FAILED` with pip's last errors; `SEMPLES_WRITE_FAILED`
 */
export async function pipDownload(pip: string[], download: PipDownload): Promise<string[]> {
  const wheels = join(download.directory, 'wheels')
  const temporary = join(download.directory, 'temporary')
  for (const folder of [wheels, temporary]) mkdirSync(folder, { recursive: true })
  const [program, ...first] = pip as [string, ...string[]]
  const child = spawn(program, [...first, ...downloadArguments(download, wheels)], {
    // Wheels of this size do not belong in a /tmp that may live in memory.
    env: {
      // Known to pip 25.1 and newer, and left alone by older ones.
      PIP_RESUME_RETRIES: '5',
      ...process.env,
      TMPDIR: temporary,
      PIP_REQUIRE_VIRTUALENV: '0',
      PIP_NO_INPUT: '1',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    signal: download.signal,
  })
  const words: string[] = []
  let refused: unknown
  const watch = watchDownload(temporary, download, (error) => {
    refused = error
    child.kill()
  })
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      watch.line(line)
      if (line.trim() !== '') words.push(line.trim())
    })
  }
  try {
    const status = await new Promise<number | null>((done, failed) => child.once('error', failed).once('close', done))
    if (refused !== undefined) throw refused
    if (status !== 0) throw pipFailed(download, words)
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

function pipFailed({ requirements, into }: PipDownload, words: string[]): SemplesError {
  if (words.some((line) => line.includes('No space left on device'))) {
    return diskFull(into, undefined, requirements.join(' '))
  }
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

/**
 * pip prints each size before it downloads; the progress is the size of its temporary folder.
 * @param refuse is called where the disk has not enough space for what pip begins to download
 */
function watchDownload(
  temporary: string,
  { into, unpacked = 0, onProgress }: PipDownload,
  refuse: (error: unknown) => void,
) {
  let totalBytes = 0
  let message = ''
  const report = () => {
    const doneBytes = Math.min(sizeOf(temporary), totalBytes)
    onProgress?.({ phase: 'download', message, doneBytes, totalBytes })
    return doneBytes
  }
  const timer = setInterval(() => totalBytes > 0 && report(), 500)
  return {
    line(line: string): void {
      const [, url, size, unit] = /^\s*Downloading (\S+\.whl)\S* \(([\d.]+) (kB|MB|GB)\)/.exec(line) ?? []
      if (url === undefined) return
      totalBytes += Number(size) * units[unit!]!
      const name = url.split('/').at(-1)!
      const host = URL.canParse(url) ? ` from ${new URL(url).host}` : ''
      message = `Downloading ${name}, ${size} ${unit}, by pip${host} into ${into}`
      const doneBytes = report()
      checkSpace(into, totalBytes * (1 + unpacked) - doneBytes, name).catch(refuse)
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
