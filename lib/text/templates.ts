import { SemplesError } from '../base/error.js'
import { CONTEXT_LENGTH } from './tokenizer.js'
import { END_OF_TEXT, START_OF_TEXT } from './vocabulary.js'

// "a photo of", and "." glued to what stands before it: the learned sequence has the full stop's token that does not
// end a word (13), where ordinary text has the one that does (269).
const A_PHOTO_OF = [320, 1125, 539]
const FULL_STOP = 13

/** Sequence positions that a learned prompt's fixed tokens take. */
const FIXED_TOKENS = A_PHOTO_OF.length + 3

/** The text that a class's pictures are matched with: `a photo of {name}.` */
export function labelText(promptName: string): string {
  return `a photo of ${promptName}.`
}

export interface PromptTemplate {
  /** Token ids [contextLength]; zero where the learned vectors stand and after the end. */
  ids: BigInt64Array
  /** Position of the first learned vector. */
  start: number
  /** Position of the end-of-text token, where the feature is taken. */
  end: number
}

/**
 * The token sequence around `length` learned vectors: start of text, `a photo of`, the vectors, `.`, end of text, zeros.
 *
 * @param length learned vectors a prompt (30 in the paper), 1 to contextLength - 6
 * @throws SemplesError `SEMPLES_PROMPT_LENGTH_INVALID`
 */
export function promptTemplateIds(length: number, contextLength = CONTEXT_LENGTH): PromptTemplate {
  const longest = contextLength - FIXED_TOKENS
  if (!Number.isInteger(length) || length < 1 || length > longest) {
    throw new SemplesError('SEMPLES_PROMPT_LENGTH_INVALID', {
      message: 'A learned prompt must fit into the text sequence of CLIP.',
      field: 'prompt.length',
      value: length,
      expected: `a whole number from 1 to ${longest}`,
    })
  }
  const start = 1 + A_PHOTO_OF.length
  const end = start + length + 1
  const ids = new BigInt64Array(contextLength)
  ids.set([START_OF_TEXT, ...A_PHOTO_OF].map(BigInt))
  ids.set([FULL_STOP, END_OF_TEXT].map(BigInt), start + length)
  return { ids, start, end }
}
