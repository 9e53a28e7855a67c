import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { SemplesError } from '../base/error.js'
import { downloadFile } from './download.js'
import { withoutCredentials } from './http.js'
import { findPip, pipDownload } from './pip.js'
import type { FetchOptions } from './progress.js'
import { type IndexFile, listIndexFiles, listMirrorFiles } from './simpleIndex.js'
import { fitsPlatform, normalise, parseWheelName } from './wheelName.js'

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
  /** An index that the user named for this; it is asked before all others. */
  mirror?: string
  /** Hexadecimal; where given, no other file will do, whatever the index states. */
  sha256?: string
  /** Size of what is unpacked of it, as a multiple of its own. */
  unpacked: number
}

/** A way to fetch something into an empty folder. */
export type Attempt<T> = (directory: string) => Promise<T>

/**
 * The result of the first attempt that works, each with a folder of its own.
 * @param failed what could not be done, as a sentence, and what else the user can do
 * @throws SemplesError `SEMPLES_FETCH_FAILED` with the error of each attempt; `SEMPLES_WRITE_FAILED` at once; the signal's
 *   reason when aborted
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
      failures.push(reasonToGoOn(error))
    }
  }
  throw new SemplesError('SEMPLES_FETCH_FAILED', {
    message: [failed.message, ...new Set(failures)].join(' '),
    hint: failed.hint,
  })
}

/** The message of a failure after which something else may work; throws any other. */
function reasonToGoOn(error: unknown): string {
  if (!(error instanceof SemplesError) || error.code === 'SEMPLES_WRITE_FAILED') throw error
  return error.message
}

/**
 * The ways to a wheel: the mirror that the user named for it; pip, because it knows the user's indexes, find-links and
 * proxy; then the indexes are read directly. Each gives the path of the wheel.
 * @param downloads the folder that keeps what is downloaded directly
 */
export function waysTo(source: WheelSource, downloads: string, options: FetchOptions): Attempt<string>[] {
  const { mirror } = source
  const directly = (indexes: string[]) => async () => {
    const file = await findFile(indexes, source, options.signal)
    const { unpacked, sha256 = file.sha256 } = source
    return downloadFile({ ...file, sha256 }, downloads, { ...options, unpacked })
  }
  const others = mirror === undefined ? indexesOf(source) : pipIndexes()
  return [
    ...(mirror === undefined ? [] : [directly([mirror])]),
    (directory) => byPip(source, directory, downloads, options),
    ...(others.length === 0 ? [] : [directly(others)]),
  ]
}

/** The command that starts pip. */
export function requirePip(): string[] {
  const pip = findPip()
  if (pip === undefined) throw new SemplesError('SEMPLES_FETCH_FAILED', { message: 'There is no pip.' })
  return pip
}

/** The index of the source is added only where the user's own indexes and find-links do not have the wheel. */
async function byPip(
  source: WheelSource,
  directory: string,
  downloads: string,
  options: FetchOptions,
): Promise<string> {
  const { project, version, platform, unpacked } = source
  const extraIndex = source.mirror ?? source.index
  const pip = requirePip()
  const download = { requirements: [`${project}==${version}`], platform, unpacked, into: downloads, ...options }
  const [wheel] = await pipDownload(pip, { ...download, directory: join(directory, 'own') }).catch((error: unknown) => {
    options.signal?.throwIfAborted()
    reasonToGoOn(error)
    if (extraIndex === undefined) throw error
    return pipDownload(pip, { ...download, directory: join(directory, 'added'), extraIndex })
  })
  return wheel!
}

/** Which wheel of a project is looked for. */
export interface WantedWheel extends Pick<WheelSource, 'project' | 'platform' | 'mirror'> {
  /** The exact version, or which versions will do; of several the newest is taken. */
  version: string | ((version: string) => boolean)
}

/**
 * The file of a wheel on the first index that has it.
 * @throws SemplesError `SEMPLES_FETCH_FAILED` with what each index answered
 */
export async function findFile(indexes: string[], wanted: WantedWheel, signal?: AbortSignal): Promise<IndexFile> {
  const { project, version, platform, mirror } = wanted
  const failures: string[] = []
  for (const index of indexes) {
    try {
      const list = index === mirror ? listMirrorFiles : listIndexFiles
      const file = chooseWheel(await list(index, project, signal), wanted)
      if (file !== undefined) return file
      const what = typeof version === 'string' ? `${project} ${version}` : `fitting version of ${project}`
      const machine = platform === 'any' ? '' : ` for ${platform}`
      failures.push(`${withoutCredentials(index)} has no ${what}${machine}.`)
    } catch (error) {
      failures.push(reasonToGoOn(error))
    }
  }
  throw new SemplesError('SEMPLES_FETCH_FAILED', { message: failures.join(' ') })
}

/** Chooses a wheel of a list. C++ libraries are the same for every Python, so one Python version is preferred. */
export function chooseWheel(files: IndexFile[], { project, version, platform }: WantedWheel): IndexFile | undefined {
  const fits = typeof version === 'string' ? (each: string) => each === version : version
  const fitting = files.flatMap((file) => {
    const wheel = parseWheelName(file.name)
    const isWanted = wheel?.project === normalise(project) && fits(wheel.version)
    return isWanted && fitsPlatform(wheel.platforms, platform) ? [{ file, wheel }] : []
  })
  const exact = typeof version === 'string'
  const offered = exact ? fitting : fitting.filter(({ file }) => !file.yanked)
  const newest = offered
    .map(({ wheel }) => wheel.version)
    .sort(byNumber)
    .at(-1)
  const best = offered.filter(({ wheel }) => wheel.version === newest)
  return (best.find(({ wheel }) => wheel.python === 'cp311') ?? best[0])?.file
}

const byNumber = (a: string, b: string): number => a.localeCompare(b, 'en', { numeric: true })

/**
 * The indexes to read directly: the mirror, those of pip's environment variables, so that a mirror for pip is used here
 * too, then the source's, else PyPI.
 */
export function indexesOf({ index, mirror }: Pick<WheelSource, 'index' | 'mirror'>): string[] {
  const first = mirror === undefined ? [] : [mirror]
  const last = index ?? (process.env.PIP_INDEX_URL ? undefined : pypi)
  return [...first, ...pipIndexes(), ...(last === undefined ? [] : [last])]
}

function pipIndexes(): string[] {
  const { PIP_INDEX_URL = '', PIP_EXTRA_INDEX_URL = '' } = process.env
  return `${PIP_INDEX_URL} ${PIP_EXTRA_INDEX_URL}`.split(/\s+/).filter((url) => /^https?:/.test(url))
}
