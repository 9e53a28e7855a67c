import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { Header } from 'tar'
import { SemplesError } from '../../base/error.js'

/** Bytes of a tar archive come in blocks of this size. */
const BLOCK = 512

/** A file of an archive. */
export interface PackedFile {
  /** Path inside the archive, with `/`. */
  path: string
  data: Uint8Array
}

/**
 * A gzipped tar archive, chunk by chunk. Owners, times and modes are the same in every one, so that the same files give the
 * same bytes.
 *
 * @param folder that holds all files; it and those above it come first, as `tar` has them
 */
export async function* packed(folder: string, files: AsyncIterable<PackedFile>): AsyncGenerator<Uint8Array> {
  const gzip = createGzip({ level: 9 })
  // An error of the files ends the archive, and is thrown by whoever reads on.
  const filled = pipeline(Readable.from(blocks(folder, files), { objectMode: true }), gzip)
  filled.catch(() => undefined)
  for await (const chunk of gzip) yield chunk as Buffer
  await filled
}

async function* blocks(folder: string, files: AsyncIterable<PackedFile>): AsyncGenerator<Uint8Array> {
  const parts = folder.split('/')
  for (let depth = 1; depth <= parts.length; depth++) yield head(`${parts.slice(0, depth).join('/')}/`)
  for await (const { path, data } of files) {
    yield head(path, data.length)
    yield data
    yield Buffer.alloc((BLOCK - (data.length % BLOCK)) % BLOCK)
  }
  yield Buffer.alloc(2 * BLOCK)
}

/** @param size of a file; a folder without it */
function head(path: string, size?: number): Buffer {
  const header = new Header({
    path,
    size: size ?? 0,
    type: size === undefined ? 'Directory' : 'File',
    mode: size === undefined ? 0o755 : 0o644,
    uid: 0,
    gid: 0,
    mtime: new Date(0),
  })
  const block = Buffer.alloc(BLOCK)
  if (!header.encode(block)) return block
  throw new SemplesError('SEMPLES_NAME_INVALID', {
    message: `The name ${path} is too long for the archive.`,
    value: path,
    hint: 'Give the picture a shorter name, of ASCII characters.',
  })
}
