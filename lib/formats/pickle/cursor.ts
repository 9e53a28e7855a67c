import { constants } from 'node:buffer'
import { pickleInvalid } from './refusals.js'

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Reads the bytes of a pickle one after the other; what ends too early is `SEMPLES_PICKLE_INVALID`. */
export class PickleCursor {
  readonly #bytes: Buffer
  #position: number

  constructor(
    bytes: Uint8Array,
    readonly name: string,
    start = 0,
  ) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#position = start
  }

  get position(): number {
    return this.#position
  }

  get remaining(): number {
    return this.#bytes.length - this.#position
  }

  byte(): number {
    return this.#bytes[this.#advance(1)]!
  }

  uint16(): number {
    return this.#bytes.readUInt16LE(this.#advance(2))
  }

  int32(): number {
    return this.#bytes.readInt32LE(this.#advance(4))
  }

  uint32(): number {
    return this.#bytes.readUInt32LE(this.#advance(4))
  }

  /** Of lengths: beyond 2^53 it is no longer exact, and more than any file has. */
  uint64(): number {
    return Number(this.#bytes.readBigUInt64LE(this.#advance(8)))
  }

  /** Big-endian, as pickles hold them. */
  float64(): number {
    return this.#bytes.readDoubleBE(this.#advance(8))
  }

  /** A view of the next bytes; no copy. */
  bytes(length: number): Uint8Array {
    const start = this.#advance(length)
    return new Uint8Array(this.#bytes.buffer, this.#bytes.byteOffset + start, length)
  }

  /** UTF-8. */
  text(length: number): string {
    this.#checkText(length)
    const bytes = this.bytes(length)
    try {
      return UTF8.decode(bytes)
    } catch {
      throw pickleInvalid(this.name, `a text before byte ${this.#position} is not UTF-8`)
    }
  }

  /** One byte a character. */
  latin1(length: number): string {
    this.#checkText(length)
    const start = this.#advance(length)
    return this.#bytes.toString('latin1', start, start + length)
  }

  /** Up to the next line feed, which is left out. */
  line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#position)
    if (end === -1) throw pickleInvalid(this.name, `a line that starts at byte ${this.#position} does not end`)
    const line = this.latin1(end - this.#position)
    this.#position += 1
    return line
  }

  #checkText(length: number): void {
    if (length > constants.MAX_STRING_LENGTH) {
      throw pickleInvalid(this.name, `at byte ${this.#position} it announces a text of ${length} bytes`)
    }
  }

  #advance(length: number): number {
    const start = this.#position
    if (length > this.remaining) {
      throw pickleInvalid(this.name, `at byte ${start} it announces ${length} bytes, ${this.remaining} follow`)
    }
    this.#position += length
    return start
  }
}
