import { mkdtemp, readdir, rm, statfs } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import envPaths from 'env-paths'
import { readEnvironment } from '../base/env.js'
import { SemplesError } from '../base/error.js'
import { makeFolders } from '../base/folders.js'
import { removeDownloads } from './downloads.js'
import { withFetchLock } from './lock.js'
import { type FetchOptions, formatBytes } from './progress.js'

/** A folder of the user cache, which is `SEMPLES_CACHE`, else the operating system's cache folder. */
export function cacheFolder(name: string): string {
  const cache = readEnvironment('SEMPLES_CACHE') ?? envPaths('semples', { suffix: '' }).cache
  return join(resolve(cache), name)
}

/**
 * Runs a task that puts something into a folder of the cache. Only one process does so at a time, others wait for it;
 * what an interrupted one left behind is removed first. Downloads stay where the next call may go on with them, that is
 * where this one was aborted or could not fetch everything.
 *
 * @param title what is fetched, for messages: `LibTorch`
 * @throws SemplesError `SEMPLES_WRITE_FAILED`; the signal's reason when aborted
 */
export async function withCacheFolder<T>(
  folder: string,
  title: string,
  options: FetchOptions,
  task: () => Promise<T>,
): Promise<T> {
  options.signal?.throwIfAborted()
  await makeFolders(folder).catch((cause: unknown) => {
    throw new SemplesError('SEMPLES_WRITE_FAILED', {
      message: `The folder ${folder} cannot be written.`,
      hint: 'Name a folder of your own in SEMPLES_CACHE.',
      cause,
    })
  })
  return withFetchLock(folder, title, options, async () => {
    await removeLeftovers(folder)
    let failure: unknown
    try {
      return await task()
    } catch (error) {
      failure = error
      throw (error as NodeJS.ErrnoException).code === 'ENOSPC' ? diskFull(folder, undefined, title) : error
    } finally {
      const isCutOff = failure instanceof SemplesError && failure.code === 'SEMPLES_FETCH_FAILED'
      if (!isCutOff && !options.signal?.aborted) await removeDownloads(folder).catch(() => {})
    }
  })
}

/** Unfinished installations and removals: under the lock, they belong to processes that died. */
async function removeLeftovers(folder: string): Promise<void> {
  const leftovers = (await readdir(folder)).filter((name) => /^\.(staging|removed)-/.test(name))
  await Promise.all(leftovers.map((name) => rm(join(folder, name), { recursive: true, force: true })))
}

/** Runs a task with an empty folder beside its destination, so that the result is moved there at once when it is whole. */
export async function withStaging<T>(folder: string, task: (staging: string) => Promise<T>): Promise<T> {
  const staging = await mkdtemp(join(folder, '.staging-'))
  try {
    return await task(staging)
  } finally {
    await rm(staging, { recursive: true, force: true })
  }
}

/** Throws SEMPLES_WRITE_FAILED before the first byte is written. */
export async function checkSpace(folder: string, bytes: number, title: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder)
  if (bavail * bsize < bytes) throw diskFull(folder, bytes, title)
}

export function diskFull(folder: string, bytes: number | undefined, title: string): SemplesError {
  const needed = bytes === undefined ? '' : `: ${formatBytes(bytes)} are needed`
  return new SemplesError('SEMPLES_WRITE_FAILED', {
    message: `There is not enough space for ${title} in ${folder}${needed}.`,
    hint: 'Free some space, or set SEMPLES_CACHE to a folder on another disk.',
  })
}
