import { transformerBlock, transformerBlockWeights } from './decoderBlock.js'
import { FLOAT, type Layer } from './layer.js'
import type { SegmenterMemory, VitMaskSizes } from './segmenterSizes.js'

/** Memory of a `vit-mask`: tokens of the encoder are the patches and one, of the decoder the patches and the classes. */
export function vitMaskMemory(options: VitMaskSizes, classes: number): SegmenterMemory {
  const { imageSize = 224, patchSize = 16, width = 384, depth = 12, heads = 6 } = options
  const { mlpRatio = 4, decoderDepth = 2, dropout = 0.1 } = options
  const patches = (height: number, wide: number) => Math.ceil(height / patchSize) * Math.ceil(wide / patchSize)
  const encoder = { width, heads, mlpRatio, dropout: 0 }
  const decoder = { width, heads, mlpRatio: 4, dropout }
  const positions = (1 + Math.floor(imageSize / patchSize) ** 2) * width
  const start = FLOAT * (3 * patchSize ** 2 * width + positions + 4 * width)
  const readOut = FLOAT * ((3 * width + classes + 3) * width + 2 * classes)
  return {
    trained:
      start + readOut + depth * transformerBlockWeights(encoder) + decoderDepth * transformerBlockWeights(decoder),
    frozen: 0,
    opening: 0,
    runtime: 0,
    forward(height, wide, pictures) {
      const tokens = patches(height, wide) + Math.max(1, classes)
      const { unit, working } = transformerBlock({ ...decoder, mlpRatio: Math.max(4, mlpRatio) }, tokens, pictures)
      return unit + working
    },
    logits: (height, wide) => FLOAT * classes * patches(height, wide),
    layers(size, pictures) {
      const count = patches(size, size)
      const block = transformerBlock(encoder, 1 + count, pictures)
      const own = transformerBlock(decoder, classes + count, pictures)
      const { unit } = block
      const embed: Layer = { weights: start, output: unit, working: 2 * unit, kept: unit, passing: 2 * unit }
      // The last norm and the projection to the decoder; norms, projections and their lengths at its end.
      const between: Layer = { weights: 0, output: unit, working: 3 * unit, kept: 3 * unit, passing: 2 * unit }
      const read: Layer = { weights: readOut, output: 0, working: 4 * unit, kept: 4 * unit, passing: 3 * unit }
      return [embed, ...Array(depth).fill(block), between, ...Array(decoderDepth).fill(own), read]
    },
  }
}
