import { FLOAT, type Layer } from './layer.js'

export interface TransformerSizes {
  width: number
  heads: number
  mlpRatio: number
  dropout: number
}

/** Bytes of the weights of a block of a transformer. */
export function transformerBlockWeights({ width, mlpRatio }: Pick<TransformerSizes, 'width' | 'mlpRatio'>): number {
  return FLOAT * ((4 + 2 * mlpRatio) * width * width + (9 + mlpRatio) * width)
}

/**
 * A block of a transformer as segmentation models have them (native/core/models/transformer.cc), of `pictures` pictures
 * at once: `unit` is one number a token and channel. In training dropout asks for the attention itself.
 */
export function transformerBlock(sizes: TransformerSizes, tokens: number, pictures: number): Layer & { unit: number } {
  const { width, heads, mlpRatio, dropout } = sizes
  const unit = FLOAT * pictures * tokens * width
  const attention = dropout > 0 ? FLOAT * pictures * heads * tokens * tokens : 0
  const hidden = mlpRatio * unit
  const dropped = dropout > 0 ? 1 : 0
  return {
    unit,
    weights: transformerBlockWeights(sizes),
    output: unit,
    // Queries, keys, values; both norms, attention, its heads joined, its projection, the sum; the MLP before and after
    // its activation.
    working: 9 * unit + 2 * hidden,
    // Queries, keys, values and their copies for the products, both norms, attention, the sums; with dropout its factors
    // and what they gave, of the attention, both branches and the MLP.
    kept: 3 * unit + 5 * unit + 2 * hidden + dropped * (5 * unit + 2 * hidden) + 3 * attention,
    passing: 2 * hidden + unit + 2 * attention,
  }
}
