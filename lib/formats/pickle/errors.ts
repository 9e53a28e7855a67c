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
  return new SemplesError('SEMPLES_PICKLE_TOO_LARGE', {
    message: `${name} is a pickle that takes more than a file of arrays would: ${what}.`,
    file: name,
    hint: HINT,
  })
}
