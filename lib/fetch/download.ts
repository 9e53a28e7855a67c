import { mkdir, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { SemplesError } from '../base/error.js'
import { placeOf, sizeOf } from './downloads.js'
import { formatBytes } from './progress.js'
import { expectedHash, fitsHash, RunningSha256 } from './sha256.js'
import type { IndexFile } from './simpleIndex.js'
import { Broken, type DownloadOptions, type Transfer, transfer } from './transfer.js'
import { keptValidator } from './validator.js'

/** Milliseconds before each further try; a try that got further than all before it begins the row anew. */
const PAUSES = [500, 1000, 2000, 4000, 8000]

/**
 * Downloads a file and checks what is known of its sha256. What a broken connection, an abort or a killed process left
 * in `folder` is continued where the server can do that. A file that does not match is deleted.
 *
 * @param folder what is fetched, whole or in part, lies in hidden folders of it until `removeDownloads`
 * @returns path of the file, which has the name that the index gives it
 * @throws SemplesError `SEMPLES_FETCH_FAILED`, `SEMPLES_WRITE_FAILED`; the signal's reason when aborted
 */
export async function downloadFile(file: IndexFile, folder: string, options: DownloadOptions = {}): Promise<string> {
  const { signal } = options
  if (!isKnown(file) && !file.isUnchecked) {
    throw new SemplesError('SEMPLES_FETCH_FAILED', {
      message: `The index states no sha256 for ${file.name}, so a download of it could not be checked.`,
    })
  }
  signal?.throwIfAborted()
  const place = placeOf(folder, file)
  await mkdir(dirname(place), { recursive: true })
  try {
    for (let again = false; ; again = true) {
      const hash = new RunningSha256()
      const isContinued = await receive(file, folder, hash, options)
      const sha256 = hash.digest()
      if (fitsHash(sha256, file)) return place
      await rm(place)
      // The part may have been of another file; a whole download has no such excuse.
      if (again || !isContinued) throw damaged(file, sha256, options.otherwise)
    }
  } catch (error) {
    signal?.throwIfAborted()
    throw error
  } finally {
    if (sizeOf(place) === 0) await rm(dirname(place), { recursive: true, force: true })
  }
}

/** Gets all bytes onto the disk, in as many tries as it takes. @returns whether some were there or came in parts */
async function receive(
  file: IndexFile,
  folder: string,
  hash: RunningSha256,
  options: DownloadOptions,
): Promise<boolean> {
  const { signal, pauses = PAUSES } = options
  const place = placeOf(folder, file)
  // No hash would tell that the rest is of another file.
  if (!isKnown(file) && keptValidator(place) === undefined) await rm(place, { force: true })
  const job: Transfer = { file, folder, place, hash, start: sizeOf(place), size: file.size }
  let most = job.start
  let isContinued = false
  for (let tries = 0; ; ) {
    isContinued ||= job.start > 0
    await hash.catchUp(place, job.start, signal)
    const isWhole = job.start === job.size || (isKnown(file) && fitsHash(hash.digest(), file))
    if (job.start > 0 && isWhole) return isContinued
    try {
      if ((await transfer(job, options)) === 'done') return isContinued
      // Once: without a part on disk nothing else is asked for than the whole file.
      await rm(place, { force: true })
      job.start = 0
    } catch (error) {
      signal?.throwIfAborted()
      if (!(error instanceof Broken)) throw error
      job.start = sizeOf(place)
      if (job.start > most) tries = 0
      most = Math.max(most, job.start)
      const wait = error.isFinal ? undefined : pauses[tries++]
      if (wait === undefined) throw failed(error, job.start, options.otherwise)
      const message = `${error.message}. Trying again in ${wait / 1000} s`
      options.onProgress?.({ phase: 'download', message, doneBytes: job.start, totalBytes: job.size })
      await pause(wait, undefined, { signal })
    }
  }
}

function isKnown({ sha256, sha256Prefix }: IndexFile): boolean {
  return sha256 !== undefined || sha256Prefix !== undefined
}

function failed(error: Broken, bytes: number, otherwise?: string): SemplesError {
  const kept = bytes === 0 ? undefined : `${formatBytes(bytes)} of it are kept, and the same command goes on there.`
  const hint = [kept, otherwise].filter((each) => each !== undefined).join(' ') || undefined
  return new SemplesError('SEMPLES_FETCH_FAILED', { message: `${error.message}.`, hint, cause: error.cause })
}

function damaged(file: IndexFile, sha256: string, otherwise = ''): SemplesError {
  return new SemplesError('SEMPLES_FETCH_FAILED', {
    message: `The download of ${file.name} is damaged.`,
    value: sha256,
    expected: expectedHash(file),
    hint: `Try again; if it happens twice, a proxy may alter the file. ${otherwise}`.trim(),
  })
}
