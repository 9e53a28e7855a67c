import { open } from 'node:fs/promises'
import { basename } from 'node:path'
import { SemplesError } from '../../base/error.js'
import { readBytes } from '../../base/files.js'
import type { Found } from './types.js'

/** First bytes that are looked at to tell what a file is. */
const HEAD = 65_536

/** A file that is inspected: its beginning is there, the rest is read when somebody asks. */
export class FileAtHand {
  #bytes?: Promise<Uint8Array>

  private constructor(
    readonly path: string,
    /** Bytes of the whole file. */
    readonly size: number,
    readonly head: Buffer,
  ) {}

  /** @throws SemplesError `SEMPLES_FILE_UNREADABLE`, also for an empty file */
  static async open(path: string): Promise<FileAtHand> {
    let file: FileAtHand
    try {
      const handle = await open(path, 'r')
      try {
        const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD), 0, HEAD, 0)
        file = new FileAtHand(path, (await handle.stat()).size, buffer.subarray(0, bytesRead))
      } finally {
        await handle.close()
      }
    } catch (cause) {
      throw new SemplesError('SEMPLES_FILE_UNREADABLE', {
        message: `Could not read ${path}: ${cause instanceof Error ? cause.message : String(cause)}.`,
        file: path,
        hint: 'Check the path and the permissions.',
        cause,
      })
    }
    if (file.head.length > 0) return file
    throw new SemplesError('SEMPLES_FILE_UNREADABLE', {
      message: `${path} is empty.`,
      file: path,
      hint: 'Copy or download it again.',
    })
  }

  get name(): string {
    return basename(this.path)
  }

  /** The whole file, read once. */
  read(): Promise<Uint8Array> {
    this.#bytes ??= readBytes(this.path)
    return this.#bytes
  }

  /** Whether it begins with these bytes. */
  startsWith(...bytes: readonly number[]): boolean {
    return bytes.every((byte, index) => this.head[index] === byte)
  }
}

/** Looks at a file; undefined where it is of another kind. */
export type Reader = (file: FileAtHand) => Promise<Found | undefined>
