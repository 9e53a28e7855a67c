import type { FileHandle } from 'node:fs/promises'
import { Readable } from 'node:stream'
import type { RandomAccessReader } from 'yauzl'

const CHUNK_BYTES = 2 ** 20

/**
 * Gives a file to yauzl. Its own reader throws where nobody catches it when a damaged archive points beyond 2^53, which
 * ends the process; here that is an error like all others.
 */
export async function zipReader(handle: FileHandle, size: number): Promise<RandomAccessReader> {
  const yauzl = await import('yauzl')
  const outside = () => new Error('it points beyond its end')

  async function* chunks(start: number, end: number): AsyncGenerator<Buffer> {
    if (!(start >= 0 && start <= end && end <= size)) throw outside()
    for (let at = start; at < end; ) {
      const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, end - at))
      const { bytesRead } = await handle.read(chunk, 0, chunk.length, at)
      if (bytesRead === 0) throw new Error('it ended while it was read')
      yield chunk.subarray(0, bytesRead)
      at += bytesRead
    }
  }

  class FileReader extends yauzl.RandomAccessReader {
    /** `end` is one past the last byte. */
    override _readStreamForRange(start: number, end: number): Readable {
      return Readable.from(chunks(start, end), { objectMode: false })
    }

    override read(
      target: Buffer,
      offset: number,
      length: number,
      position: number,
      done: (error: Error | null, bytesRead?: number) => void,
    ): void {
      if (!(position >= 0 && position + length <= size)) {
        setImmediate(() => done(outside()))
        return
      }
      handle.read(target, offset, length, position).then(
        ({ bytesRead }) => done(null, bytesRead),
        (error: Error) => done(error),
      )
    }

    override close(done: (error: Error | null) => void): void {
      handle.close().then(
        () => done(null),
        (error: Error) => done(error),
      )
    }
  }

  return new FileReader()
}
