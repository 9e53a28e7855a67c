import { pickleTooLarge } from './errors.js'

/** A file of 100 classes has some 2,000 of them. */
const MAX_OPERATIONS = 1_000_000

/** Bounds what reading one file may take, however its pickles are nested: operations, and bytes that are copied. */
export class PickleBudget {
  #operations = MAX_OPERATIONS
  #bytes: number

  constructor(
    readonly name: string,
    fileBytes: number,
  ) {
    // What is copied is part of the file, and a text of it is copied a few times at most.
    this.#bytes = 16 * fileBytes + 2 ** 20
  }

  /** One more operation; each adds one value at most. */
  spendOperation(): void {
    this.#operations -= 1
    if (this.#operations < 0) throw pickleTooLarge(this.name, `more than ${MAX_OPERATIONS} operations`)
  }

  /** A copy of so many bytes that the file may ask for again and again. */
  spendBytes(count: number): void {
    this.#bytes -= count
    if (this.#bytes < 0) throw pickleTooLarge(this.name, 'it copies the same bytes over and over')
  }
}
