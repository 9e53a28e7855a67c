import { z } from 'zod'
import { choice, flag, positive, share, whole } from '../../base/fields.js'
import { cnn } from '../../models/generators/cnn.js'
import { encoderWeights, misfit, sameFields, segmenterKind } from './kind.js'

const { backbone, outputStride, norm } = cnn.schema.shape

const schema = z.strictObject({
  kind: choice(
    ['deeplabv3plus'],
    'Kind of segmentation model: a convolutional backbone with atrous spatial pyramid pooling and a light decoder (Chen et al., arXiv 1802.02611).',
  ).default('deeplabv3plus'),
  weights: encoderWeights.default('resnet50'),
  backbone,
  width: positive('Channels of the backbone as a multiple of the published network; published weights have 1.').default(
    1,
  ),
  outputStride,
  dilate: flag(
    'Where the last stride is removed: spread the kernels after it by 2, as far as they reached. Default: with outputStride 16.',
  ).optional(),
  norm,
  channels: whole(1, 'Channels of the pyramid and the decoder.').default(256),
  lowChannels: whole(1, 'Channels that the features of stride 4 are reduced to.').default(48),
  dropout: share('Dropout after the pyramid.', { below: true }).default(0.1),
})

/** Sizes of the paper; the training is ours, with its schedule and the batch of a small machine. */
export const deeplab = segmenterKind({
  kind: 'deeplabv3plus',
  title: 'DeepLab v3+',
  schema,
  differences: {
    train: {
      epochs: 50,
      batch: 8,
      lr: 0.01,
      schedule: { kind: 'poly', power: 0.9 },
      optimizer: { kind: 'sgd', momentum: 0.9, weightDecay: 1e-4 },
      groups: [{ parameters: 'encoder', factor: 0.1 }],
      loss: { mean: 'valid' },
    },
  },
  encoderOf: (generator) =>
    generator.kind === 'cnn' ? sameFields(generator, ['backbone', 'width', 'outputStride']) : undefined,
  filled: ({ dilate, ...options }) => ({ ...options, dilate: dilate ?? options.outputStride === 16 }),
  check: ({ outputStride: stride, dilate }) => {
    if (dilate && stride !== 16) throw misfit('dilate', dilate, 'false, because outputStride 32 removes no stride')
  },
})
