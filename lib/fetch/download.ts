import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { SemplesError } from '../base/error.js'
import { type FetchOptions, formatBytes } from './progress.js'
import { type IndexFile, reasonOf, request, withoutCredentials } from './simpleIndex.js'

/** A connection without data for this long is aborted. */
const IDLE_TIMEOUT_MS = 60_000

/**
 * Downloads a file of a package index and checks its sha256; a file that does not match is deleted.
 * @throws SemplesError `SEMPLES_FETCH_FAILED`
 */
export async function downloadFile(file: IndexFile, target: string, options: FetchOptions = {}): Promise<void> {
  if (file.sha256 === undefined) {
    throw new SemplesError('SEMPLES_FETCH_FAILED', {
      message: `The index states no sha256 for ${file.name}, so a download of it could not be checked.`,
    })
  }
  const idle = new AbortController()
  const timer = setTimeout(
    () => idle.abort(new Error(`no data for ${IDLE_TIMEOUT_MS / 1000} seconds`)),
    IDLE_TIMEOUT_MS,
  )
  const hash = createHash('sha256')
  try {
    const signal = AbortSignal.any([idle.signal, ...(options.signal === undefined ? [] : [options.signal])])
    const response = await request(file.url, { signal })
    if (!response.ok || response.body === null) throw new Error(`the server answered ${response.status}`)
    const totalBytes = Number(response.headers.get('content-length')) || undefined
    const size = totalBytes === undefined ? '' : ` (${formatBytes(totalBytes)})`
    let doneBytes = 0
    const report = () =>
      options.onProgress?.({ phase: 'download', message: `Downloading ${file.name}${size}`, doneBytes, totalBytes })
    report()
    const counted = async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        timer.refresh()
        hash.update(chunk)
        doneBytes += chunk.length
        report()
        yield chunk
      }
    }
    await pipeline(Readable.fromWeb(response.body as never), counted, createWriteStream(target), { signal })
  } catch (cause) {
    await rm(target, { force: true })
    options.signal?.throwIfAborted()
    throw new SemplesError('SEMPLES_FETCH_FAILED', {
      message: `${withoutCredentials(file.url)} could not be downloaded: ${reasonOf(idle.signal.aborted ? idle.signal.reason : cause)}.`,
      cause,
    })
  } finally {
    clearTimeout(timer)
  }
  const sha256 = hash.digest('hex')
  if (sha256 === file.sha256) return
  await rm(target, { force: true })
  throw new SemplesError('SEMPLES_FETCH_FAILED', {
    message: `The download of ${file.name} is damaged.`,
    value: sha256,
    expected: `sha256 ${file.sha256}`,
    hint: 'Try again; if it happens twice, a proxy may alter the file.',
  })
}
