import { transformerBlock, transformerBlockWeights } from './decoderBlock.js'
import { FLOAT, type Layer } from './layer.js'
import type { ClipDecoderSizes, SegmenterMemory } from './segmenterSizes.js'

/** An archive while it is read, as a share of its weights: measured with float16, as OpenAI's archives are. */
const OPENING = 0.35

/** Memory of a `clip-decoder`: what every block of a frozen CLIP gives, an MLP of each, a few blocks of its own. */
export function clipDecoderMemory(options: ClipDecoderSizes, classes: number): SegmenterMemory {
  const { clip, width = 256, depth = 3, heads = 8, dropout = 0.1 } = options
  const patch = clip.imageSize / Math.max(1, Math.sqrt(Math.max(1, clip.tokens - 1)))
  const patches = (height: number, wide: number) => Math.ceil(height / patch) * Math.ceil(wide / patch)
  const own = { width, heads, mlpRatio: 4, dropout }
  const mlps = FLOAT * clip.depth * width * (clip.width + width + 2)
  const merge = FLOAT * width * (clip.depth * width + 1)
  const end = FLOAT * ((classes + 2) * width + classes)
  /** Tokens and attention of every block, as they are made and joined. */
  const seen = (tokens: number, pictures: number) => {
    const { unit, working } = transformerBlock({ ...clip, dropout: 0 }, tokens, pictures)
    const attention = FLOAT * pictures * tokens * tokens
    const all = clip.depth * (unit + attention)
    const maps = clip.heads * attention
    return { joined: all, encoding: all + Math.max(all, working + 3 * maps) }
  }
  return {
    trained: mlps + merge + end + depth * transformerBlockWeights(own),
    frozen: clip.weights,
    opening: OPENING * clip.weights,
    runtime: 0,
    forward(height, wide, pictures) {
      const tokens = 1 + patches(height, wide)
      const { joined, encoding } = seen(tokens, pictures)
      const { unit, working } = transformerBlock(own, tokens, pictures)
      return Math.max(encoding, joined + 2 * clip.depth * unit + 2 * unit, joined + unit + working)
    },
    logits: (height, wide) => FLOAT * classes * patches(height, wide),
    layers(size, pictures) {
      const tokens = 1 + patches(size, size)
      const { joined, encoding } = seen(tokens, pictures)
      const block = transformerBlock(own, tokens, pictures)
      const { unit } = block
      const look: Layer = { weights: 0, output: joined, working: encoding, kept: joined, passing: 0 }
      const read: Layer = {
        weights: mlps + merge,
        output: unit,
        // Of each block the MLP before and after its activation; all joined.
        working: unit,
        kept: 4 * clip.depth * unit,
        passing: 2 * clip.depth * unit,
      }
      const last: Layer = { weights: end, output: 0, working: unit, kept: 2 * unit, passing: 2 * unit }
      return [look, read, ...Array(depth).fill(block), last]
    },
  }
}
