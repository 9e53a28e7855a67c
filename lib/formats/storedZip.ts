import { setImmediate } from 'node:timers/promises'
import { Zip, ZipPassThrough } from 'fflate'
import { SemplesError } from '../base/error.js'

/** Of every file in an archive, as NumPy has it: the same content is the same bytes. */
export const ZIP_TIME = new Date(1980, 0, 1)

/** Places in an archive are numbers of 32 bits; the headers of its files need some room too. */
const MAX_BYTES = 2 ** 32 - 2 ** 24
const LOCAL_HEADER_BYTES = 30
/** Identifier and length of an extra field. */
const EXTRA_HEADER_BYTES = 4
/** Under which torch pads its archives ("FB"). */
const PADDING = 0x4246

/** A file to be put into an archive as it is. */
export interface StoredFile {
  name: string
  /** Asked for once, when its turn comes; not copied. */
  bytes(): Uint8Array
}

/**
 * A zip archive of files that are not compressed, in pieces that one after the other are its bytes. One file at a time,
 * with a turn of the event loop after each: the checksum of a large one takes a while.
 *
 * @param options.align the bytes of every file begin at a multiple of this; default anywhere
 * @param options.comment of every file in the directory of the archive
 */
export async function storedZip(
  files: readonly StoredFile[],
  { align = 1, comment }: { align?: number; comment?: string } = {},
): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = []
  let written = 0
  let failure: unknown
  const archive = new Zip((error, chunk) => {
    failure ??= error
    if (chunk === null) return
    chunks.push(chunk)
    written += chunk.length
  })
  for (const { name, bytes } of files) {
    const entry = new ZipPassThrough(name)
    entry.mtime = ZIP_TIME
    if (comment !== undefined) entry.comment = comment
    if (align > 1) entry.extra = padding(written + LOCAL_HEADER_BYTES + Buffer.byteLength(name), align)
    archive.add(entry)
    entry.push(bytes(), true)
    await setImmediate()
  }
  archive.end()
  if (failure) throw failure
  return chunks
}

/** @throws SemplesError `SEMPLES_ARGUMENT_INVALID` where an archive cannot hold so much */
export function requireZipSize(bytes: number, file: string, hint: string): void {
  if (bytes <= MAX_BYTES) return
  throw new SemplesError('SEMPLES_ARGUMENT_INVALID', {
    message: `${bytes} bytes are more than a zip archive holds.`,
    file,
    value: bytes,
    expected: `at most ${MAX_BYTES} bytes`,
    hint,
  })
}

/** An extra field behind which, and behind `start` bytes, the next byte is at a multiple of `align`. */
function padding(start: number, align: number): Record<number, Uint8Array> {
  const missing = (align - ((start + EXTRA_HEADER_BYTES) % align)) % align
  return { [PADDING]: new Uint8Array(missing).fill(0x5a) }
}
