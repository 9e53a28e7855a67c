import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'

/** What is known of the sha256 of a file: all of it, its first digits, or nothing; hexadecimal. */
export interface KnownHash {
  sha256?: string
  sha256Prefix?: string
}

/** Whether a sha256 contradicts nothing that is known of it. */
export function fitsHash(found: string, { sha256, sha256Prefix }: KnownHash): boolean {
  return sha256 === undefined ? found.startsWith(sha256Prefix ?? '') : found === sha256
}

/** What is known of a sha256, for messages. */
export function expectedHash({ sha256, sha256Prefix }: KnownHash): string {
  return sha256 === undefined ? `a sha256 that begins with ${sha256Prefix}` : `sha256 ${sha256}`
}

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
