import { createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname, relative, resolve, sep } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Entry, ZipFile } from 'yauzl'
import type { SemplesError } from '../base/error.js'
import { checkSpace, diskFull } from './cache.js'
import { type FetchOptions, formatBytes } from './progress.js'

/** What wheels and other zip archives are opened for. */
export interface ArchiveContents {
  /** What they bring, for messages: `LibTorch`. */
  title: string
  /** Where a file of that name goes in the target; undefined: it is not needed. */
  place(name: string): string | undefined
  /** The error of an archive that cannot be read; the reason is a clause. */
  invalid(archive: string, reason: string, cause: unknown): SemplesError
}

/**
 * Unpacks the needed files of zip archives into one folder, streaming. Nothing is written outside `target`, whatever the
 * names in the archives.
 * @returns number of bytes written
 * @throws SemplesError what `contents.invalid` gives; `SEMPLES_WRITE_FAILED`
 */
export async function unpackArchives(
  archives: string[],
  target: string,
  contents: ArchiveContents,
  options: FetchOptions = {},
): Promise<number> {
  const needed: { archive: string; entries: Entry[] }[] = []
  for (const archive of archives) needed.push({ archive, entries: await neededEntries(archive, contents) })
  const totalBytes = needed.flatMap(({ entries }) => entries).reduce((sum, entry) => sum + entry.uncompressedSize, 0)
  await mkdir(target, { recursive: true })
  await checkSpace(target, totalBytes, contents.title)
  const message = `Unpacking ${formatBytes(totalBytes)}`
  let doneBytes = 0
  const advance = (bytes: number) => {
    doneBytes += bytes
    options.onProgress?.({ phase: 'unpack', message, doneBytes, totalBytes })
  }
  advance(0)
  for (const { archive, entries } of needed) {
    const zip = await open(archive, contents)
    try {
      for (const entry of entries)
        await unpackEntry(zip, entry, resolve(target, contents.place(entry.fileName)!), target, advance, options.signal)
    } catch (cause) {
      options.signal?.throwIfAborted()
      const isFull = (cause as NodeJS.ErrnoException).code === 'ENOSPC'
      throw isFull ? diskFull(target, totalBytes, contents.title) : invalid(archive, contents, cause)
    } finally {
      zip.close()
    }
  }
  return doneBytes
}

async function open(archive: string, contents: ArchiveContents): Promise<ZipFile> {
  const { openPromise } = await import('yauzl')
  return openPromise(archive, { lazyEntries: true, autoClose: false }).catch((cause: unknown) => {
    throw invalid(archive, contents, cause)
  })
}

async function neededEntries(archive: string, contents: ArchiveContents): Promise<Entry[]> {
  const zip = await open(archive, contents)
  const entries: Entry[] = []
  try {
    for await (const entry of zip.eachEntry()) {
      if (contents.place(entry.fileName) === undefined) continue
      const unixType = (entry.externalFileAttributes >>> 28) & 0xf
      if (unixType === 0xa) throw new Error(`${entry.fileName} is a symbolic link`)
      entries.push(entry)
    }
  } catch (cause) {
    throw invalid(archive, contents, cause)
  } finally {
    zip.close()
  }
  return entries
}

async function unpackEntry(
  zip: ZipFile,
  entry: Entry,
  file: string,
  target: string,
  advance: (bytes: number) => void,
  signal?: AbortSignal,
): Promise<void> {
  // yauzl refuses such names already; this guard does not rely on it.
  if (relative(target, file).split(sep)[0] === '..') throw new Error(`${entry.fileName} leaves the folder`)
  await mkdir(dirname(file), { recursive: true })
  const counted = async function* (chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      advance(chunk.length)
      yield chunk
    }
  }
  await pipeline(await zip.openReadStreamPromise(entry), counted, createWriteStream(file), { signal })
}

function invalid(archive: string, contents: ArchiveContents, cause: unknown): SemplesError {
  return contents.invalid(archive, cause instanceof Error ? cause.message : String(cause), cause)
}

/** The text of the one file of an archive whose name matches, or undefined. */
export async function readArchiveText(
  archive: string,
  name: RegExp,
  contents: ArchiveContents,
): Promise<string | undefined> {
  const zip = await open(archive, contents)
  try {
    for await (const entry of zip.eachEntry()) {
      if (!name.test(entry.fileName)) continue
      const chunks: Buffer[] = []
      for await (const chunk of await zip.openReadStreamPromise(entry)) chunks.push(chunk as Buffer)
      return Buffer.concat(chunks).toString('utf8')
    }
    return undefined
  } catch (cause) {
    throw invalid(archive, contents, cause)
  } finally {
    zip.close()
  }
}
