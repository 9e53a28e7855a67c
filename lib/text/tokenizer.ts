import { SemplesError } from '../base/error.js'
import type { TensorData } from '../base/tensor.js'
import { cleanText } from './clean.js'
import { END_OF_TEXT, START_OF_TEXT, type Vocabulary, vocabulary } from './vocabulary.js'

/** Length of CLIP's text sequences. */
export const CONTEXT_LENGTH = 77

// Contractions, words, single digits, and runs of anything else that is not white space.
const WORDS = /<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+/giu

export interface TokenizeOptions {
  /** Length of each sequence, ≥ 2. Default 77. */
  contextLength?: number
  /** Cut texts that are too long (the end-of-text token stays last) instead of refusing them. Default false. */
  truncate?: boolean
}

/**
 * Token ids of texts as CLIP's text encoder takes them: start of text, the text, end of text, zeros.
 *
 * @returns int64 tensor [texts, contextLength]
 * @throws SemplesError `SEMPLES_TEXT_TOO_LONG` for a text that does not fit, unless `truncate`.
 * @example
 * import { tokenize } from 'semples'
 *
 * const { shape, data } = tokenize(['a photo of a boat.', 'a photo of water.'])
 * console.log(shape) // [ 2, 77 ]
 * console.log(data.slice(0, 9).join(' ')) // 49406 320 1125 539 320 4440 269 49407 0
 */
export function tokenize(texts: readonly string[], options: TokenizeOptions = {}): TensorData {
  const { contextLength = CONTEXT_LENGTH, truncate = false } = options
  const data = new BigInt64Array(texts.length * contextLength)
  texts.forEach((text, row) => {
    const ids = [START_OF_TEXT, ...encode(text), END_OF_TEXT]
    if (ids.length > contextLength && !truncate) {
      throw new SemplesError('SEMPLES_TEXT_TOO_LONG', {
        message: `A text has ${ids.length} tokens with start and end, CLIP takes ${contextLength}.`,
        value: text,
        hint: 'Shorten the text, or allow it to be cut (truncate).',
      })
    }
    if (ids.length > contextLength) ids.splice(contextLength - 1, ids.length, END_OF_TEXT)
    data.set(ids.map(BigInt), row * contextLength)
  })
  return { dtype: 'int64', shape: [texts.length, contextLength], data }
}

/**
 * Token ids of a text, without start and end. `<|startoftext|>` and `<|endoftext|>` in it become their special ids.
 *
 * @example
 * import { encode } from 'semples'
 *
 * console.log(encode('a photo of a boat')) // [ 320, 1125, 539, 320, 4440 ]
 * console.log(encode('a photo of a sailboat').length) // 6
 */
export function encode(text: string): number[] {
  const words = vocabulary()
  const ids: number[] = []
  for (const [word] of cleanText(text).matchAll(WORDS)) {
    const special = words.ids.get(word)
    if (special === START_OF_TEXT || special === END_OF_TEXT) ids.push(special)
    else for (const token of mergePairs(byteTokens(word, words), words)) ids.push(idOf(token, words))
  }
  return ids
}

/**
 * The text of token ids, a blank after each word. Bytes that are no UTF-8 become U+FFFD.
 *
 * @throws SemplesError `SEMPLES_ARGUMENT_INVALID` for a number that is no token id
 * @example
 * import { decode, encode } from 'semples'
 *
 * const ids = encode('Boats at the quay')
 * console.log(ids.map((id) => decode([id]).trim()).join(' | ')) // boats | at | the | quay
 */
export function decode(ids: Iterable<number | bigint>): string {
  const { tokens, bytes } = vocabulary()
  const spelled: number[] = []
  for (const id of ids) {
    const token = tokens[Number(id)]
    if (token === undefined) {
      throw new SemplesError('SEMPLES_ARGUMENT_INVALID', {
        message: 'There is no such token.',
        value: id,
        expected: `an id from 0 to ${tokens.length - 1}`,
      })
    }
    const word = token.endsWith('</w>') ? `${token.slice(0, -4)} ` : token
    for (const character of word) spelled.push(bytes.get(character) ?? 0x20)
  }
  return Buffer.from(spelled).toString('utf8')
}

/** The word as one token for each of its UTF-8 bytes, the last one marked as the end of a word. */
function byteTokens(word: string, { characters }: Vocabulary): string[] {
  const tokens = Array.from(Buffer.from(word, 'utf8'), (byte) => characters[byte] ?? '')
  tokens[tokens.length - 1] += '</w>'
  return tokens
}

/** Byte-pair encoding: joins every occurrence of the pair that was learned first, until no pair is known. */
function mergePairs(tokens: string[], { ranks }: Vocabulary): string[] {
  let parts = tokens
  while (parts.length > 1) {
    let best = Number.POSITIVE_INFINITY
    let first = ''
    let second = ''
    for (let i = 0; i + 1 < parts.length; i++) {
      const [left = '', right = ''] = [parts[i], parts[i + 1]]
      const rank = ranks.get(`${left} ${right}`)
      if (rank !== undefined && rank < best) [best, first, second] = [rank, left, right]
    }
    if (best === Number.POSITIVE_INFINITY) break
    parts = joinPair(parts, first, second)
  }
  return parts
}

function joinPair(parts: readonly string[], first: string, second: string): string[] {
  const joined: string[] = []
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i] ?? ''
    if (part === first && parts[i + 1] === second) {
      joined.push(first + second)
      i++
    } else joined.push(part)
  }
  return joined
}

function idOf(token: string, { ids }: Vocabulary): number {
  const id = ids.get(token)
  // Every byte is a token of its own and every merge made one, so this is a damaged vocabulary.
  if (id === undefined) throw new SemplesError('SEMPLES_INTERNAL', { message: `No id for token ${token}.` })
  return id
}
