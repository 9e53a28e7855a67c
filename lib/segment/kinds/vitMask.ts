import { z } from 'zod'
import { choice, flag, positive, share, whole } from '../../base/fields.js'
import { encoderWeights, misfit, sameFields, segmenterKind } from './kind.js'

const schema = z.strictObject({
  kind: choice(
    ['vit-mask'],
    'Kind of segmentation model: a vision transformer with the mask transformer of Segmenter (Strudel et al., arXiv 2105.05633).',
  ).default('vit-mask'),
  weights: encoderWeights.default('deit-small'),
  imageSize: whole(1, 'Side of the pictures that the position embeddings are made for.', { unit: 'pixels' }).default(
    480,
  ),
  patchSize: whole(1, 'Side of a patch.', { unit: 'pixels' }).default(16),
  width: whole(1, 'Width of the token vectors, a multiple of heads.').default(384),
  depth: whole(1, 'Transformer blocks of the encoder.').default(12),
  heads: whole(1, 'Attention heads of a block, of encoder and decoder.').default(6),
  mlpRatio: positive("Hidden width of a block's MLP, as a multiple of width.").default(4),
  dropPathRate: share('Drop-path rate of the last block of the encoder; it grows linearly from 0.', {
    below: true,
  }).default(0.1),
  decoderDepth: whole(1, 'Transformer blocks of the decoder.').default(2),
  dropout: share('Dropout in the blocks of the decoder.', { below: true }).default(0.1),
  halfStatistics: flag(
    'Normalise pictures with mean and deviation 0.5, as ViTs of augreg were trained, instead of those of ImageNet.',
  ).default(false),
})

/** The sizes are those of DeiT-S/16; training as WeakTr retrains on its pseudo masks (Zhu et al., arXiv 2304.01184). */
export const vitMask = segmenterKind({
  kind: 'vit-mask',
  title: 'vision transformer with a mask transformer (Segmenter)',
  schema,
  differences: {
    train: {
      epochs: 100,
      batch: 4,
      lr: 1e-4,
      schedule: { kind: 'poly', power: 0.9, floor: 1e-5 },
      optimizer: { kind: 'sgd', momentum: 0.9, nesterov: true, weightDecay: 0 },
      groups: [{ parameters: 'encoder', factor: 0.1 }],
      loss: { clipping: { enabled: true } },
    },
  },
  encoderOf: (generator) =>
    generator.kind === 'weaktr'
      ? sameFields(generator, ['imageSize', 'patchSize', 'width', 'depth', 'heads', 'mlpRatio', 'dropPathRate'])
      : undefined,
  check: ({ imageSize, patchSize, width, heads }) => {
    if (imageSize % patchSize !== 0) throw misfit('imageSize', imageSize, `a multiple of patchSize (${patchSize})`)
    if (width % heads !== 0) throw misfit('width', width, `a multiple of heads (${heads})`)
  },
})
