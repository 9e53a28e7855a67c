import { SemplesError } from '../base/error.js'
import { deniedReason } from './pickle/denied.js'

const SAVE_AGAIN =
  'Where it comes from a source that you trust, load it in Python and save the weights alone: torch.save(model.state_dict(), "weights.pth").'

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

/** A network that was saved as an object, of which only its own program can make anything; `place` is its entry. */
export function wholeModel(path: string, type: string, place: string): SemplesError {
  const what = place === '' ? `${path} is` : `${path} holds in its entry ${place}`
  return new SemplesError('SEMPLES_PICKLE_REFUSED', {
    message: `${what} a whole pickled model of class ${type}, which is a program and not weights. Nothing of it was run.`,
    file: path,
    value: type,
    expected: 'tensors, numbers, texts, lists and dictionaries',
    hint: SAVE_AGAIN,
  })
}

/** What reading pickles and archives throws, in the words of weights. */
export function asCheckpoint(error: unknown, path: string): unknown {
  if (!(error instanceof SemplesError)) return error
  const { code, message, value } = error
  const details = { file: path, value, hint: SAVE_AGAIN, cause: error }
  if (code === 'SEMPLES_PICKLE_REFUSED' && value !== undefined && error.file === path && isOfReader(message)) {
    const reason = deniedReason(String(value))
    const attack =
      'No checkpoint has a use for it: do not load this file in Python either, and take the weights from another source.'
    return new SemplesError(code, {
      ...details,
      message: `${path} asks for ${String(value)}, which ${reason === undefined ? '' : `${reason} and `}is no part of a dictionary of weights. Nothing of it was run.`,
      expected: 'tensors, numbers, texts, lists and dictionaries',
      hint: reason === undefined ? SAVE_AGAIN : attack,
    })
  }
  if (code === 'SEMPLES_FILE_TOO_LARGE') {
    return new SemplesError(code, { ...details, message: `${path} takes more than weights of its size would.` })
  }
  if (code !== 'SEMPLES_PICKLE_INVALID' && code !== 'SEMPLES_NPY_INVALID') return error
  return new SemplesError('SEMPLES_CHECKPOINT_INVALID', {
    message: `${path} is cut off or damaged: ${reasonOf(message)}.`,
    file: path,
    hint: 'Copy or download it again.',
    cause: error,
  })
}

/** Whether the reader of pickles says it, whose sentences are about arrays. */
function isOfReader(message: string): boolean {
  return message.includes('is a pickle that asks for')
}

/** What the readers of pickles and of archives found, without the words around it that are about arrays. */
function reasonOf(message: string): string {
  return (
    /(?:whole pickle of arrays|readable \.npz archive): (.*?)\.?(?: \(|\.? Write |$)/s.exec(message)?.[1] ?? message
  )
}
