import { count } from '../base/count.js'
import { SemplesError } from '../base/error.js'
import { deniedReason } from './pickle/denied.js'

const SAVE_AGAIN =
  'Where it comes from a source that you trust, load it in Python and save the weights alone: torch.save(model.state_dict(), "weights.pth").'

const ATTACK =
  'No checkpoint has a use for it: do not load this file in Python either, and take the weights from another source.'

/** A file that is read as weights and is something else; `why` says what, `hint` what to do. */
export function noWeights(path: string, why: string, hint?: string, cause?: unknown): SemplesError {
  return new SemplesError('SEMPLES_CHECKPOINT_INVALID', {
    message: `${path} holds no weights that can be read: ${why}.`,
    file: path,
    expected: 'a safetensors file, or a state dictionary that torch.save wrote (.pth, .pt, .bin)',
    hint,
    cause,
  })
}

const EXPECTED = 'tensors, numbers, texts, lists and dictionaries'

/** A network that was saved as an object, of which only its own program can make anything; `place` is its entry. */
export function wholeModel(path: string, type: string, place: string): SemplesError {
  const what = place === '' ? `${path} is` : `${path} holds in its entry ${place}`
  return new SemplesError('SEMPLES_PICKLE_REFUSED', {
    message: `${what} a whole pickled model of class ${type}, which is a program and not weights. Nothing of it was run.`,
    file: path,
    value: type,
    expected: EXPECTED,
    hint: SAVE_AGAIN,
  })
}

/** What reading pickles and archives throws, in the words of weights; `size` is that of the file. */
export function asCheckpoint(error: unknown, path: string, size: number): unknown {
  if (!(error instanceof SemplesError) || error.expected === EXPECTED) return error
  const { code, message, value } = error
  const details = { file: path, value, hint: SAVE_AGAIN, cause: error }
  if (code === 'SEMPLES_PICKLE_REFUSED') {
    const reason = deniedReason(String(value))
    return new SemplesError(code, {
      ...details,
      message: `${path} asks for ${String(value)}, which ${reason === undefined ? '' : `${reason} and `}is no part of a dictionary of weights. Nothing of it was run.`,
      expected: EXPECTED,
      hint: reason === undefined ? SAVE_AGAIN : ATTACK,
    })
  }
  if (code === 'SEMPLES_FILE_TOO_LARGE') {
    return new SemplesError(code, { ...details, message: `${path} takes more than weights of its size would.` })
  }
  if (code !== 'SEMPLES_PICKLE_INVALID' && code !== 'SEMPLES_NPY_INVALID') return error
  return new SemplesError('SEMPLES_CHECKPOINT_INVALID', {
    message: `${path} (${count(size, 'byte')}) is cut off or damaged: ${reasonOf(message)}.`,
    file: path,
    hint: 'Copy or download it again, and compare its size with that of the original.',
    cause: error,
  })
}

/** What the readers of pickles and of archives found, without the words around it that are about arrays. */
function reasonOf(message: string): string {
  if (message.includes('End of central directory')) return 'the end of its archive is missing'
  return (
    /(?:whole pickle of arrays|readable \.npz archive): (.*?)\.?(?: \(|\.? Write |$)/s.exec(message)?.[1] ?? message
  )
}
