import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { SemplesError } from '../base/error.js'
import { downloadFile } from './download.js'
import { findPip, pipDownload } from './pip.js'
import type { FetchOptions } from './progress.js'
import { type IndexFile, listIndexFiles, withoutCredentials } from './simpleIndex.js'

const pypi = 'https://pypi.org/simple'

/** A wheel of a package index. */
export interface WheelSource {
  /** Name of the package on the index, e.g. `torch`. */
  project: string
  /** Its exact version, e.g. `2.13.0+cpu`. */
  version: string
  /** Platform tag of the wheel, e.g. `manylinux_2_28_x86_64`; `any` where it holds no machine code. */
  platform: string
  /** An index for what PyPI lacks, asked after those that pip is configured with. */
  index?: string
  /** Hexadecimal; where given, no other file will do, whatever the index states. */
  sha256?: string
}

/** A way to fetch something into an empty folder. */
export type Attempt<T> = (directory: string) => Promise<T>

/**
 * The result of the first attempt that works, each with a folder of its own.
 * @param failed what could not be done, as a sentence, and what else the user can do
 * @throws SemplesError `SEMPLES_FETCH_FAILED` with the error of each attempt; the signal's reason when aborted
 */
export async function firstThatWorks<T>(
  attempts: readonly Attempt<T>[],
  directory: string,
  failed: { message: string; hint?: string },
  signal?: AbortSignal,
): Promise<T> {
  const failures: string[] = []
  for (const [index, attempt] of attempts.entries()) {
    try {
      const own = join(directory, `attempt-${index + 1}`)
      await mkdir(own)
      return await attempt(own)
    } catch (error) {
      signal?.throwIfAborted()
      if (!(error instanceof SemplesError)) throw error
      failures.push(error.message)
    }
  }
  throw new SemplesError('SEMPLES_FETCH_FAILED', {
    message: [failed.message, ...failures].join(' '),
    hint: failed.hint,
  })
}

/**
 * The ways to a wheel: pip first, because it knows the user's indexes, find-links and proxy; then the indexes are read
 * directly. Each gives the path of the wheel.
 */
export function waysTo(source: WheelSource, options: FetchOptions): Attempt<string>[] {
  return [(directory) => byPip(source, directory, options), (directory) => byIndex(source, directory, options)]
}

/** The command that starts pip. */
export function requirePip(): string[] {
  const pip = findPip()
  if (pip === undefined) throw new SemplesError('SEMPLES_FETCH_FAILED', { message: 'There is no pip.' })
  return pip
}

/** The index of the source is added only where the user's own indexes and find-links do not have the wheel. */
async function byPip(source: WheelSource, directory: string, options: FetchOptions): Promise<string> {
  const { project, version, platform, index } = source
  const pip = requirePip()
  const download = { requirements: [`${project}==${version}`], platform, ...options }
  const [wheel] = await pipDownload(pip, { ...download, directory: join(directory, 'own') }).catch((error: unknown) => {
    options.signal?.throwIfAborted()
    if (index === undefined) throw error
    return pipDownload(pip, { ...download, directory: join(directory, 'added'), extraIndex: index })
  })
  return wheel!
}

async function byIndex(source: WheelSource, directory: string, options: FetchOptions): Promise<string> {
  const { project, version, platform } = source
  const failures: string[] = []
  for (const index of indexes(source)) {
    try {
      const file = chooseWheel(await listIndexFiles(index, project, options.signal), source)
      if (file === undefined) {
        const machine = platform === 'any' ? '' : ` for ${platform}`
        failures.push(`${withoutCredentials(index)} has no ${project} ${version}${machine}.`)
        continue
      }
      const target = join(directory, file.name)
      await downloadFile({ ...file, sha256: source.sha256 ?? file.sha256 }, target, options)
      return target
    } catch (error) {
      if (!(error instanceof SemplesError)) throw error
      failures.push(error.message)
    }
  }
  throw new SemplesError('SEMPLES_FETCH_FAILED', { message: failures.join(' ') })
}

/** Chooses a wheel of a list. C++ libraries are the same for every Python, so one Python version is preferred. */
export function chooseWheel(
  files: IndexFile[],
  { project, version, platform }: Pick<WheelSource, 'project' | 'version' | 'platform'>,
): IndexFile | undefined {
  // Names of wheels have underscores where those of packages have hyphens (PEP 427).
  const start = `${project.replaceAll('-', '_')}-${version}-`
  const fitting = files.filter(({ name }) => name.startsWith(start) && name.endsWith(`${platform}.whl`))
  return fitting.find(({ name }) => name.includes('-cp311-cp311-')) ?? fitting[0]
}

/** The indexes of pip's environment variables, so that a mirror for pip is used here too; then the source's, else PyPI. */
function indexes({ index }: WheelSource): string[] {
  const { PIP_INDEX_URL = '', PIP_EXTRA_INDEX_URL = '' } = process.env
  const own = `${PIP_INDEX_URL} ${PIP_EXTRA_INDEX_URL}`.split(/\s+/).filter((url) => /^https?:/.test(url))
  if (index !== undefined) return [...own, index]
  return PIP_INDEX_URL === '' ? [pypi, ...own] : own
}
