import { runPickle } from './operations.js'
import { PickleBudget, pickleInvalid } from './refusals.js'
import { isTorchFile, readTorchFile, readTorchStorage } from './torchFile.js'
import type { PickleValue } from './values.js'

/**
 * Reads a Python pickle (protocols 0 to 5) as data, without running anything: numbers, texts, lists, tuples, sets,
 * dictionaries, NumPy arrays (1.x and 2.x) and scalars, torch tensors; also the files of `torch.save` before 1.6.
 * Every other Python name, and whatever only a Python process could give, is refused by name. What a file may take is
 * bounded: a million operations, no more bytes than it has.
 *
 * @param bytes the pickle; arrays in the result are views of it
 * @param name what errors call it
 * @param start where the pickle starts in the bytes; default 0
 * @param placeholders whether objects of other programs' classes become placeholders, never imported or called, instead
 *   of refusals, and tensors of other kinds `UnreadTensor`s; for checkpoints of a training. Names that do something when
 *   they are called are refused all the same. Default false
 * @throws SemplesError `SEMPLES_PICKLE_INVALID` (no whole pickle, or something behind it), `SEMPLES_PICKLE_REFUSED`
 *   (naming what it asks for, `os.system`), `SEMPLES_FILE_TOO_LARGE`
 */
export function readPickle(bytes: Uint8Array, name: string, start = 0, placeholders = false): PickleValue {
  const budget = new PickleBudget(name, bytes.length)
  const content = new Uint8Array(bytes.buffer, bytes.byteOffset + start, bytes.byteLength - start)
  if (isTorchFile(content)) return readTorchFile(content, budget, placeholders)
  const { value, end } = runPickle(content, {
    budget,
    loadStorage: (inner) => readTorchStorage(inner, budget, placeholders),
    placeholders,
  })
  if (end !== content.length) throw pickleInvalid(name, `${content.length - end} bytes follow its end`)
  return value
}
