import type { z } from 'zod'
import type { weaktr } from '../generators/weaktr.js'
import { FLOAT, type Layer } from './layer.js'

type WeakTrOptions = Omit<z.infer<typeof weaktr.schema>, 'weights'>

/** Attention maps that fusion holds at a time (kBlockElements of attention_fusion.cc), as scores, softmax and sum. */
const FUSION_BLOCKS = 3 * 2 ** 21 * FLOAT

/** Bytes of the parameters of a WeakTr. */
export function weaktrWeights(
  { width, depth, mlpRatio, patchSize, imageSize }: WeakTrOptions,
  classes: number,
): number {
  const block = (4 + 2 * mlpRatio) * width * width
  const positions = (classes + (imageSize / patchSize) ** 2) * width
  return FLOAT * (depth * block + positions + 3 * patchSize ** 2 * width + 10 * classes * width)
}

/** Tokens of a picture: one a class and one a patch. */
export function tokensOf(
  { patchSize }: Pick<WeakTrOptions, 'patchSize'>,
  classes: number,
  height: number,
  width: number,
) {
  return classes + Math.floor(height / patchSize) * Math.floor(width / patchSize)
}

/** What a block reads and makes of `pictures` pictures at once: `unit` is one number a token and channel. */
export function weaktrBlock(
  { width, mlpRatio }: WeakTrOptions,
  tokens: number,
  pictures: number,
): Layer & { unit: number } {
  const unit = FLOAT * pictures * tokens * width
  const queriesKeysValues = 3 * unit
  const hidden = mlpRatio * unit
  return {
    unit,
    weights: FLOAT * (4 + 2 * mlpRatio) * width * width,
    output: unit,
    // Queries, keys, values; attention, its projection, the sum with the input, both norms, the patches; MLP before and
    // after its activation.
    working: queriesKeysValues + 6 * unit + 2 * hidden,
    // Both norms, attention, the sums after both branches.
    kept: queriesKeysValues + 5 * unit + 2 * hidden,
    // The gradient of the MLP before and after its activation, and of its input.
    passing: 2 * hidden + unit,
  }
}

/** Bytes of the fused attention of `pictures` pictures: every token to every other. */
export function fusedAttention(tokens: number, pictures: number): number {
  return FLOAT * pictures * tokens * tokens
}

/** The most that a pass without gradients takes beside weights and pictures. */
export function weaktrForward(
  options: WeakTrOptions,
  classes: number,
  height: number,
  width: number,
  pictures: number,
) {
  const tokens = tokensOf(options, classes, height, width)
  const block = weaktrBlock(options, tokens, pictures)
  const { unit } = block
  if (options.maps === 'plain') return unit + block.working
  // Queries and keys of every block wait for the fusion; values lie in the same memory.
  const waiting = 3 * unit * options.depth
  const encoding = unit + block.working - 3 * unit + waiting
  // Tokens and features; attention summed up, then divided by the number of maps.
  const fusing =
    waiting +
    2 * unit +
    Math.max(fusedAttention(tokens, pictures) + FUSION_BLOCKS, 2 * fusedAttention(tokens, pictures))
  return Math.max(encoding, fusing)
}

/** Numbers a token and channel that stay so: measured, 10 to 26 of a block's 14 of that size and its MLP's 8. */
const LEFTOVER = 22
/** Largest block that the C library takes from its heap; larger ones come from the system, and go back to it. */
const LARGEST_OF_HEAP = 32 * 2 ** 20

/**
 * What a pass without gradients leaves in the C library's heap: the working memory of a block, of which later ones find
 * the pieces too small by a few bytes.
 */
export function weaktrLeftover(
  options: WeakTrOptions,
  classes: number,
  height: number,
  width: number,
  pictures: number,
) {
  const { unit } = weaktrBlock(options, tokensOf(options, classes, height, width), pictures)
  if (options.maps === 'plain' || unit > LARGEST_OF_HEAP) return 0
  return LEFTOVER * unit
}

/** The parts of a training step of `pictures` pictures, with gradients in all of them or in the head alone. */
export function weaktrLayers(
  options: WeakTrOptions,
  classes: number,
  { size, pictures, trains }: { size: number; pictures: number; trains: 'head' | 'all' },
): Layer[] {
  const tokens = tokensOf(options, classes, size, size)
  const block = weaktrBlock(options, tokens, pictures)
  const { unit } = block
  const fused = options.maps === 'plain' ? 0 : fusedAttention(tokens, pictures)
  const blocks = options.maps === 'plain' ? 0 : FUSION_BLOCKS
  const head: Layer = {
    weights: FLOAT * 9 * options.width * classes,
    output: 0,
    // Features as a map, attention before it is divided.
    working: unit + fused + blocks,
    kept: unit + fused,
    // Gradients of the attention of classes, of patches, and of both.
    passing: 3 * fused + blocks + unit,
  }
  if (trains === 'all') {
    const start: Layer = {
      weights: FLOAT * 3 * options.patchSize ** 2 * options.width,
      output: unit,
      working: unit,
      kept: unit,
      passing: 2 * unit,
    }
    return [start, ...Array.from({ length: options.depth }, () => block), head]
  }
  // No gradient reaches the blocks: queries and keys alone wait for the fusion.
  const still = options.maps === 'plain' ? 0 : 3 * unit
  const encoder: Layer = {
    weights: 0,
    output: unit,
    working: block.working,
    kept: still * options.depth + unit,
    passing: 0,
  }
  return [encoder, head]
}
