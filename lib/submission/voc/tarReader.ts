import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { createGunzip } from 'node:zlib'
import { Parser, type ReadEntry } from 'tar'
import { SemplesError } from '../../base/error.js'

/** An entry of an archive, as its header has it: nothing is ever written to the path. */
export interface ArchivedEntry {
  path: string
  /** `File`, `Directory`, `SymbolicLink`, ... */
  type: string
  size: number
  /** Content of a file that is wanted and not too large. */
  data?: Uint8Array
}

/** What is wrong with an archive as a whole. */
export interface ArchiveProblem {
  problem: 'not-gzip' | 'not-compressed' | 'damaged'
  /** What was seen, after "The archive". */
  why: string
}

/** Unpacked bytes after which an archive is no submission: two thousand masks of VOC are below a gigabyte raw. */
const MOST = 2 ** 33

/** How files of other kinds begin. */
const OTHERS: readonly [hex: string, what: string][] = [
  ['504b0304', 'a zip archive'],
  ['504b0506', 'an empty zip archive'],
  ['425a68', 'compressed with bzip2'],
  ['fd377a585a00', 'compressed with xz'],
  ['28b52ffd', 'compressed with zstd'],
  ['377abcaf271c', 'a 7z archive'],
  ['526172211a07', 'a RAR archive'],
  ['89504e47', 'a PNG'],
  ['3c', 'a web page'],
]

/**
 * Reads the entries of a gzipped (or plain) tar archive one after another; at most a chunk of it is in memory, and the files
 * that are wanted in that chunk.
 *
 * @param wanted whether the content of a file is to be given
 * @returns what is wrong with the archive; entries before the damage were given
 * @throws SemplesError `SEMPLES_FILE_UNREADABLE`; the reason of `signal`
 */
export async function readTar(
  file: string,
  wanted: (path: string, size: number) => boolean,
  onEntry: (entry: ArchivedEntry) => Promise<void>,
  signal?: AbortSignal,
): Promise<ArchiveProblem[]> {
  const begin = await firstBytes(file)
  const isGzip = begin[0] === 0x1f && begin[1] === 0x8b
  if (!isGzip && begin.toString('latin1', 257, 262) !== 'ustar') return [{ problem: 'not-gzip', why: whatIs(begin) }]
  const plain: ArchiveProblem[] = isGzip ? [] : [{ problem: 'not-compressed', why: 'is a tar that is not compressed' }]
  const damage = await readEntries(file, isGzip, wanted, onEntry, signal)
  return damage === undefined ? plain : [...plain, { problem: 'damaged', why: damage }]
}

async function readEntries(
  file: string,
  isGzip: boolean,
  wanted: (path: string, size: number) => boolean,
  onEntry: (entry: ArchivedEntry) => Promise<void>,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const found: ArchivedEntry[] = []
  let damage: string | undefined
  const onwarn = (_code: string, message: string | Error): void => {
    damage ??= message instanceof Error ? message.message : message
  }
  const parser = new Parser({ onwarn })
  const collect = (entry: ReadEntry): void => {
    const result: ArchivedEntry = { path: entry.path, type: entry.type, size: entry.size }
    const chunks: Buffer[] = []
    if (entry.type === 'File' && wanted(entry.path, entry.size)) entry.on('data', (chunk: Buffer) => chunks.push(chunk))
    else entry.resume()
    entry.on('end', () => {
      // Of an entry that is cut off nothing is known.
      if (damage !== undefined) return
      if (chunks.length > 0) result.data = Buffer.concat(chunks)
      found.push(result)
    })
  }
  parser.on('entry', collect)
  parser.on('ignoredEntry', ({ path, type, size }: ReadEntry) => found.push({ path, type, size }))
  const give = async (): Promise<void> => {
    for (const entry of found.splice(0)) await onEntry(entry)
  }
  let unpacked = 0
  // An archive of nothing is blocks of zeros, which the parser does not know from other files.
  let isBlank = true
  try {
    for await (const chunk of unpackedChunks(file, isGzip)) {
      signal?.throwIfAborted()
      if (unpacked === 0 && chunk[0] === 0x1f && chunk[1] === 0x8b) return 'is compressed twice'
      unpacked += chunk.length
      isBlank = isBlank && chunk.every((byte) => byte === 0)
      if (unpacked > MOST) return 'unpacks to more than 8 GiB'
      parser.write(chunk)
      await give()
      if (damage !== undefined) break
    }
  } catch (error) {
    if (!isDamage(error)) throw error
    damage ??= (error as Error).message
  }
  if (unpacked === 0 && damage === undefined) damage = 'it holds nothing'
  if (damage === undefined) {
    if (!isBlank) parser.end()
    await give()
  }
  return damage === undefined ? undefined : `cannot be read to its end: ${damage}`
}

async function* unpackedChunks(file: string, isGzip: boolean): AsyncGenerator<Buffer> {
  const source = createReadStream(file)
  if (!isGzip) return yield* source
  const gunzip = createGunzip()
  source.on('error', (error) => gunzip.destroy(error))
  try {
    yield* source.pipe(gunzip)
  } finally {
    source.destroy()
  }
}

/** Errors of zlib: cut off, wrong checksum. Others are of the disk, or of whoever takes the entries. */
function isDamage(error: unknown): boolean {
  return String((error as NodeJS.ErrnoException).code).startsWith('Z_')
}

async function firstBytes(file: string): Promise<Buffer> {
  try {
    const handle = await open(file)
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(512), 0, 512, 0)
      return buffer.subarray(0, bytesRead)
    } finally {
      await handle.close()
    }
  } catch (cause) {
    throw new SemplesError('SEMPLES_FILE_UNREADABLE', {
      message: `Could not read ${file}: ${(cause as Error).message}.`,
      file,
      hint: 'Give the archive that is to be sent, as results.tgz.',
      cause,
    })
  }
}

function whatIs(begin: Buffer): string {
  if (begin.length === 0) return 'is an empty file'
  const hex = begin.toString('hex', 0, 8)
  const other = OTHERS.find(([start]) => hex.startsWith(start))
  return other === undefined ? `is neither gzip nor tar: it begins with the bytes ${hex}` : `is ${other[1]}`
}
