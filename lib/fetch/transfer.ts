import { type FileHandle, open } from 'node:fs/promises'
import { SemplesError } from '../base/error.js'
import { checkSpace, diskFull } from './cache.js'
import { type Answer, reasonOf, request, statusOf, withoutCredentials } from './http.js'
import { type FetchOptions, formatBytes } from './progress.js'
import { readAnswer } from './range.js'
import type { RunningSha256 } from './sha256.js'
import type { IndexFile } from './simpleIndex.js'
import { keepValidator, keptValidator, validatorOf } from './validator.js'

/** A connection without data for this long is broken. */
const IDLE_TIMEOUT_MS = 60_000

export interface DownloadOptions extends FetchOptions {
  /** Size of what will be unpacked of it beside it, as a multiple of its own; default 0. */
  unpacked?: number
  /** Milliseconds before each further try after a broken connection. */
  pauses?: readonly number[]
  /** What else the user can do where it fails, as a sentence. */
  otherwise?: string
}

/** What one request has to fetch. */
export interface Transfer {
  file: IndexFile
  /** The folder of all downloads, for messages. */
  folder: string
  place: string
  /** Of what is at the place. */
  hash: RunningSha256
  /** Bytes that are at the place already. */
  start: number
  /** Of the whole file, once it is known. */
  size?: number
}

/** A transfer that ended before the file did; its message is a sentence without its full stop. */
export class Broken extends Error {
  /** Another try would end the same way. */
  readonly isFinal: boolean

  constructor(message: string, cause?: unknown, isFinal = false) {
    super(message, { cause })
    this.isFinal = isFinal
  }
}

/**
 * Fetches the rest of a file in one request, or all of it where the server gives nothing less.
 * @returns `restart` where what is at the place cannot be continued
 * @throws Broken
 */
export async function transfer(job: Transfer, options: DownloadOptions): Promise<'done' | 'restart'> {
  const { file, place, start } = job
  const idle = new AbortController()
  const timer = setTimeout(
    () => idle.abort(new Error(`no data for ${IDLE_TIMEOUT_MS / 1000} seconds`)),
    IDLE_TIMEOUT_MS,
  )
  try {
    const signal = AbortSignal.any([idle.signal, ...(options.signal === undefined ? [] : [options.signal])])
    const kept = start === 0 ? undefined : keptValidator(place)
    const response = await ask(job, kept, signal)
    const answer = readAnswer(response.status, response.headers, start, job.size)
    if (answer.kind !== 'body') {
      response.cancel()
      if (answer.kind === 'restart') return 'restart'
      const message = `${withoutCredentials(file.url)} answered ${statusOf(response)}`
      throw new Broken(message, undefined, answer.kind === 'refused')
    }
    const validator = validatorOf(response.headers)
    // Some servers do not know If-Range.
    if (answer.from > 0 && kept !== undefined && validator !== undefined && kept !== validator) {
      response.cancel()
      return 'restart'
    }
    job.size = answer.totalBytes
    // Where the server began anew, what stands at the place is overwritten.
    const { size = 0 } = job
    await checkSpace(job.folder, Math.max(0, size - start) + size * (options.unpacked ?? 0), file.name)
    job.start = answer.from
    await job.hash.catchUp(place, job.start, signal)
    if (job.start === 0) await keepValidator(place, validator).catch((cause) => cannotWrite(job, cause))
    const handle = await open(place, job.start === 0 ? 'w' : 'a').catch((cause) => cannotWrite(job, cause))
    try {
      const end = await copy(response, handle, job, options, timer)
      if (job.size !== undefined && end < job.size) throw new Error('the connection ended early')
    } finally {
      await handle.close()
    }
    return 'done'
  } catch (cause) {
    if (cause instanceof Broken || cause instanceof SemplesError) throw cause
    throw new Broken(
      `The download of ${shown(file)} broke off: ${reasonOf(idle.signal.aborted ? idle.signal.reason : cause)}`,
      cause,
    )
  } finally {
    clearTimeout(timer)
  }
}

async function ask({ file, start }: Transfer, kept: string | undefined, signal: AbortSignal): Promise<Answer> {
  const headers: Record<string, string> = start === 0 ? {} : { range: `bytes=${start}-` }
  if (kept !== undefined) headers['if-range'] = kept
  return request(file.url, { headers, signal }).catch((cause: unknown) => {
    if (cause instanceof SemplesError) throw cause
    // Where nothing was ever received, the host is more likely unreachable than busy.
    throw new Broken(`${shown(file)} could not be downloaded: ${reasonOf(cause)}`, cause, start === 0)
  })
}

async function copy(
  response: Answer,
  handle: FileHandle,
  job: Transfer,
  options: DownloadOptions,
  timer: NodeJS.Timeout,
): Promise<number> {
  const { file, folder, start, size: totalBytes } = job
  const there = start === 0 ? '' : ` (${formatBytes(start)} of them are there)`
  const size = totalBytes === undefined ? '' : `, ${formatBytes(totalBytes)}${there}`
  const message = `Downloading ${file.name}${size}, from ${new URL(file.url).host} into ${folder}`
  let doneBytes = start
  const report = () => options.onProgress?.({ phase: 'download', message, doneBytes, totalBytes })
  report()
  for await (const chunk of response.body) {
    // What came before an abort is still handed out.
    options.signal?.throwIfAborted()
    timer.refresh()
    await handle.appendFile(chunk).catch((cause) => cannotWrite(job, cause))
    job.hash.update(chunk)
    doneBytes += chunk.length
    report()
  }
  return doneBytes
}

function cannotWrite({ file, folder, size }: Transfer, cause: NodeJS.ErrnoException): never {
  if (cause.code === 'ENOSPC' || cause.code === 'EDQUOT') throw diskFull(folder, size, file.name)
  throw new SemplesError('SEMPLES_WRITE_FAILED', {
    message: `${file.name} cannot be written in ${folder}: ${cause.message}.`,
    hint: 'Name a folder of your own in SEMPLES_CACHE.',
    cause,
  })
}

const shown = ({ name, url }: IndexFile): string => `${name} from ${new URL(url).host}`
