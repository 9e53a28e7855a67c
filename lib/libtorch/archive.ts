import { createWriteStream } from 'node:fs'
import { mkdir, statfs } from 'node:fs/promises'
import { dirname, relative, resolve, sep } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Entry, ZipFile } from 'yauzl'
import { SemplesError } from '../base/error.js'
import { formatBytes, type ReportProgress } from './progress.js'

/** Libraries that serve Python or PyTorch's own tests. */
const unneeded = /^lib(torch_python|shm|torchbind_test|jitbackend_test|backend_with_compiler|aoti_custom_ops)\b/

/**
 * Where a file of a wheel or LibTorch archive goes in the installation, or undefined if neither building nor running the
 * addon needs it: Python sources, test programs, static libraries.
 */
export function placeInInstallation(name: string): string | undefined {
  const path = name.replace(/^libtorch\//, 'torch/')
  const parts = path.split('/')
  const file = parts.at(-1)!
  if (file === '') return undefined
  if (/^[^/]+\.dist-info\/(licenses\/|METADATA$|LICENSE|NOTICE)/.test(path)) return path
  if (parts[0] === 'nvidia' || parts[0] === 'torch.libs') return /\.so(\.|$)/.test(file) ? path : undefined
  if (parts[0] !== 'torch') return undefined
  if (parts.length === 2) return /^(version\.py|build-version|build-hash)$/.test(file) ? path : undefined
  if (parts[1] === 'lib')
    return parts.length === 3 && /\.so(\.|$)/.test(file) && !unneeded.test(file) ? path : undefined
  return parts[1] === 'include' || path.startsWith('torch/share/cmake/') ? path : undefined
}

/**
 * Unpacks the needed files of wheels or LibTorch archives into one folder, streaming. Nothing is written outside
 * `target`, whatever the names in the archives.
 * @returns number of bytes written
 * @throws SemplesError `SEMPLES_LIBTORCH_INVALID`, `SEMPLES_WRITE_FAILED`
 */
export async function unpackArchives(
  archives: string[],
  target: string,
  options: { onProgress?: ReportProgress; signal?: AbortSignal } = {},
): Promise<number> {
  const contents: { archive: string; entries: Entry[] }[] = []
  for (const archive of archives) contents.push({ archive, entries: await neededEntries(archive) })
  const totalBytes = contents.flatMap(({ entries }) => entries).reduce((sum, entry) => sum + entry.uncompressedSize, 0)
  await mkdir(target, { recursive: true })
  await checkSpace(target, totalBytes)
  const message = `Unpacking ${formatBytes(totalBytes)}`
  let doneBytes = 0
  const advance = (bytes: number) => {
    doneBytes += bytes
    options.onProgress?.({ phase: 'unpack', message, doneBytes, totalBytes })
  }
  advance(0)
  for (const { archive, entries } of contents) {
    const zip = await open(archive)
    try {
      for (const entry of entries) await unpackEntry(zip, entry, target, advance, options.signal)
    } catch (cause) {
      options.signal?.throwIfAborted()
      throw (cause as NodeJS.ErrnoException).code === 'ENOSPC' ? diskFull(target, totalBytes) : invalid(archive, cause)
    } finally {
      zip.close()
    }
  }
  return doneBytes
}

async function open(archive: string): Promise<ZipFile> {
  const { openPromise } = await import('yauzl')
  return openPromise(archive, { lazyEntries: true, autoClose: false }).catch((cause: unknown) => {
    throw invalid(archive, cause)
  })
}

async function neededEntries(archive: string): Promise<Entry[]> {
  const zip = await open(archive)
  const entries: Entry[] = []
  try {
    for await (const entry of zip.eachEntry()) {
      if (placeInInstallation(entry.fileName) === undefined) continue
      const unixType = (entry.externalFileAttributes >>> 28) & 0xf
      if (unixType === 0xa) throw new Error(`${entry.fileName} is a symbolic link`)
      entries.push(entry)
    }
  } catch (cause) {
    throw invalid(archive, cause)
  } finally {
    zip.close()
  }
  return entries
}

async function unpackEntry(
  zip: ZipFile,
  entry: Entry,
  target: string,
  advance: (bytes: number) => void,
  signal?: AbortSignal,
): Promise<void> {
  const file = resolve(target, placeInInstallation(entry.fileName)!)
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

/** Throws SEMPLES_WRITE_FAILED before the first byte is written. */
export async function checkSpace(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder)
  if (bavail * bsize < bytes) throw diskFull(folder, bytes)
}

function diskFull(folder: string, bytes: number): SemplesError {
  return new SemplesError('SEMPLES_WRITE_FAILED', {
    message: `There is not enough space for LibTorch in ${folder}: ${formatBytes(bytes)} are needed.`,
    hint: 'Free some space, or set SEMPLES_CACHE to a folder on another disk.',
  })
}

function invalid(archive: string, cause: unknown): SemplesError {
  return new SemplesError('SEMPLES_LIBTORCH_INVALID', {
    message: `${archive} cannot be unpacked: ${cause instanceof Error ? cause.message : String(cause)}.`,
    expected: 'a torch wheel or a LibTorch zip archive',
    cause,
  })
}

/** The text of the one file of an archive whose name matches, or undefined. */
export async function readArchiveText(archive: string, name: RegExp): Promise<string | undefined> {
  const zip = await open(archive)
  try {
    for await (const entry of zip.eachEntry()) {
      if (!name.test(entry.fileName)) continue
      const chunks: Buffer[] = []
      for await (const chunk of await zip.openReadStreamPromise(entry)) chunks.push(chunk as Buffer)
      return Buffer.concat(chunks).toString('utf8')
    }
    return undefined
  } catch (cause) {
    throw invalid(archive, cause)
  } finally {
    zip.close()
  }
}
