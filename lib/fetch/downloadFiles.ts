import { checkSpace } from './cache.js'
import { downloadFile } from './download.js'
import { placeOf, sizeOf } from './downloads.js'
import { request } from './http.js'
import { type FetchProgress, formatBytes } from './progress.js'
import type { IndexFile } from './simpleIndex.js'
import type { DownloadOptions } from './transfer.js'

/**
 * Downloads several files as `downloadFile` does each; their sizes are added up before the first byte.
 * @param title what they are together, for messages
 * @returns their paths
 * @throws SemplesError `SEMPLES_FETCH_FAILED`, `SEMPLES_WRITE_FAILED`
 */
export async function downloadFiles(
  files: IndexFile[],
  title: string,
  folder: string,
  options: DownloadOptions,
): Promise<string[]> {
  const { unpacked = 0, onProgress, signal } = options
  const sized = await Promise.all(
    files.map(async (file) => ({ ...file, size: file.size ?? (await askSize(file, signal)) })),
  )
  const totalBytes = sized.reduce((sum, { size = 0 }) => sum + size, 0)
  const present = sized.reduce((sum, file) => sum + sizeOf(placeOf(folder, file)), 0)
  const hosts = [...new Set(files.map(({ url }) => new URL(url).host))]
  const isKnown = sized.every(({ size }) => size !== undefined)
  const size = `${files.length} files${isKnown ? `, ${formatBytes(totalBytes)}` : ''}`
  const there = present === 0 ? '' : ` (${formatBytes(present)} of them are there)`
  const message = `Downloading ${title}: ${size}${there}, from ${hosts.join(', ')} into ${folder}`
  await checkSpace(folder, totalBytes * (1 + unpacked) - present, title)
  const places: string[] = []
  let before = 0
  for (const file of sized) {
    // What goes wrong with one file is said in its own words.
    const report = (progress: FetchProgress) => {
      const isUsual = progress.message.startsWith('Downloading ')
      const doneBytes = before + progress.doneBytes
      onProgress?.({ ...progress, ...(isUsual ? { message } : {}), doneBytes, ...(isKnown ? { totalBytes } : {}) })
    }
    const place = await downloadFile(file, folder, { ...options, unpacked: 0, onProgress: report })
    before += sizeOf(place)
    places.push(place)
  }
  return places
}

/** Content-Length of a file; undefined where the server does not say. */
async function askSize({ url }: IndexFile, signal?: AbortSignal): Promise<number | undefined> {
  try {
    const response = await request(url, { method: 'HEAD', signal, timeout: 20_000 })
    response.cancel()
    return (response.ok && Number(response.headers.get('content-length'))) || undefined
  } catch {
    signal?.throwIfAborted()
    return undefined
  }
}
