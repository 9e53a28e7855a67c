import { FLOAT } from './layer.js'

/** Sizes of the transformer that a CLIP looks at pictures with. */
export interface ClipTower {
  /** Bytes of all weights, as float32. */
  weights: number
  imageSize: number
  /** Patches and the class token. */
  tokens: number
  width: number
  depth: number
  heads: number
  mlpRatio: number
}

/** OpenAI's ViT-B/32, the CLIP that is meant where none is given. */
export const VIT_B_32: ClipTower = {
  weights: 605e6,
  imageSize: 224,
  tokens: 50,
  width: 768,
  depth: 12,
  heads: 12,
  mlpRatio: 4,
}

/** What CLIP keeps of one masked picture, for gradients to reach the mask. */
export function clipKept({ imageSize, tokens, width, depth, heads, mlpRatio }: ClipTower): number {
  const unit = FLOAT * tokens * width
  const attention = FLOAT * heads * tokens * tokens
  // Inputs of both norms; queries, keys and values, scaled or as they are multiplied; the MLP before its activation, and
  // its gate. Weights are frozen: the inputs of the other products are not needed.
  const block = 2 * unit + 6 * unit + 2 * mlpRatio * unit + attention
  const pixels = FLOAT * 3 * imageSize * imageSize
  return depth * block + 2 * unit + pixels
}

/** What lives beside that while one block works: attention before and after the softmax, the MLP, or their gradients. */
export function clipWorking({ tokens, width, heads, mlpRatio }: ClipTower): number {
  return FLOAT * (3 * mlpRatio * tokens * width + 3 * tokens * width + 2 * heads * tokens * tokens)
}
