import type { TensorData } from '../base/tensor.js'
import type { BackgroundPrompts } from '../models/backgroundPrompts.js'
import type { Clip } from '../models/clip/clip.js'
import { labelText } from '../text/templates.js'
import { tokenize } from '../text/tokenizer.js'

export interface NearWord {
  word: string
  /** Cosine of CLIP's text features, -1 to 1. */
  cosine: number
}

/** Batch size of CLIP's text encoder. */
const PORTION = 64

/**
 * Ranks words by their similarity to learned prompts: for each class all `words`, the nearest first, by the cosine of
 * CLIP's features of "a photo of {word}." and of the class's prompt.
 *
 * @throws SemplesError `SEMPLES_TEXT_TOO_LONG` for a word that CLIP cannot take
 */
export async function nearestWords(
  clip: Clip,
  prompts: BackgroundPrompts,
  words: readonly string[],
): Promise<NearWord[][]> {
  const features = unitRows(await prompts.encode(clip))
  const texts: Float32Array[] = []
  const { contextLength } = clip.info
  for (let start = 0; start < words.length; start += PORTION) {
    const portion = words.slice(start, start + PORTION).map(labelText)
    texts.push(...unitRows(await clip.encodeText(tokenize(portion, { contextLength }))))
  }
  return features.map((feature) =>
    words
      .map((word, index) => ({ word, cosine: dot(feature, texts[index]!) }))
      .sort((one, other) => other.cosine - one.cosine),
  )
}

/** The rows of a float32 tensor [N, D] at unit length; a row of zeros is returned unchanged. */
export function unitRows({ shape, data }: TensorData): Float32Array[] {
  const width = shape.at(-1)!
  const values = data as Float32Array
  return Array.from({ length: values.length / width }, (_, row) => {
    const own = values.subarray(row * width, (row + 1) * width)
    const length = Math.sqrt(dot(own, own))
    return own.map((value) => (length === 0 ? 0 : value / length))
  })
}

export function dot(one: Float32Array, other: Float32Array): number {
  let sum = 0
  for (let i = 0; i < one.length; i++) sum += one[i]! * other[i]!
  return sum
}
