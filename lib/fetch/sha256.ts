import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'

/** Hexadecimal. */
export async function sha256Of(file: string): Promise<string> {
  const hash = new RunningSha256()
  await hash.catchUp(file)
  return hash.digest()
}

/** The sha256 of a file that grows. */
export class RunningSha256 {
  private hash = createHash('sha256')
  /** Bytes that are in. */
  private bytes = 0

  /** The next bytes of the file. */
  update(chunk: Uint8Array): void {
    this.hash.update(chunk)
    this.bytes += chunk.length
  }

  /** Reads the beginning of a file again, unless exactly so many bytes of it are in already. */
  async catchUp(file: string, bytes = Number.POSITIVE_INFINITY, signal?: AbortSignal): Promise<void> {
    if (bytes === this.bytes) return
    this.hash = createHash('sha256')
    this.bytes = 0
    if (bytes === 0) return
    for await (const chunk of createReadStream(file, { end: bytes - 1, highWaterMark: 1 << 20, signal })) {
      this.update(chunk as Buffer)
    }
  }

  /** Of the bytes so far, hexadecimal. */
  digest(): string {
    return this.hash.copy().digest('hex')
  }
}
