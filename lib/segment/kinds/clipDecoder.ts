import { z } from 'zod'
import { choice, share, whole } from '../../base/fields.js'
import { misfit, segmenterKind } from './kind.js'

const schema = z.strictObject({
  kind: choice(
    ['clip-decoder'],
    'Kind of segmentation model: a decoder over the patch tokens of every block of a frozen CLIP, in the spirit of WeCLIP (Zhang et al., CVPR 2024).',
  ).default('clip-decoder'),
  width: whole(1, 'Width of the decoder, a multiple of heads.').default(256),
  depth: whole(1, 'Transformer blocks of the decoder.').default(3),
  heads: whole(1, 'Attention heads of a block.').default(8),
  dropout: share('Dropout in the blocks.', { below: true }).default(0.1),
})

/** Sizes and training are ours. */
export const clipDecoder = segmenterKind({
  kind: 'clip-decoder',
  title: 'decoder over a frozen CLIP',
  schema,
  needsClip: true,
  differences: {
    train: {
      epochs: 30,
      batch: 8,
      lr: 5e-4,
      schedule: { kind: 'poly', power: 0.9 },
      optimizer: { kind: 'adamw', weightDecay: 0.01 },
      loss: { mean: 'valid' },
    },
  },
  check: ({ width, heads }) => {
    if (width % heads !== 0) throw misfit('width', width, `a multiple of heads (${heads})`)
  },
})
