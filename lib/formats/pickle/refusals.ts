import { SemplesError } from '../../base/error.js'

const HINT = 'Write the arrays again with numpy.savez(path, **{str(key): array for key, array in maps.items()}).'

/** The bytes are no whole pickle, or it says something that does not fit together. */
export function pickleInvalid(name: string, why: string): SemplesError {
  return new SemplesError('SEMPLES_PICKLE_INVALID', {
    message: `${name} is not a whole pickle of arrays: ${why}.`,
    file: name,
    hint: HINT,
  })
}

/** The pickle asks for something that only running Python could give; `what` is the Python name, `os.system`. */
export function pickleRefused(name: string, what: string): SemplesError {
  return new SemplesError('SEMPLES_PICKLE_REFUSED', {
    message: `${name} is a pickle that asks for ${what}, which is no part of a file of arrays. Nothing was run.`,
    file: name,
    value: what,
    expected: 'numbers, texts, lists, dictionaries, NumPy arrays and torch tensors',
    hint: `If you trust where it comes from, load it in Python. ${HINT}`,
  })
}

export function pickleTooLarge(name: string, what: string): SemplesError {
  return new SemplesError('SEMPLES_FILE_TOO_LARGE', {
    message: `${name} is a pickle that takes more than a file of arrays would: ${what}.`,
    file: name,
    hint: HINT,
  })
}

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
