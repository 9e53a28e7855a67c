import { z } from 'zod'
import { choice, flag, positive, whole } from '../../base/fields.js'
import { fetchHint } from '../../weights/words.js'
import { commonFields, generatorKind, IMAGENET, misfit, type Normalisation } from './kind.js'

/** Bytes minus 127, over 128, as EfficientNet-Lite was trained. */
const LITE: Normalisation = { mean: [127 / 255, 127 / 255, 127 / 255], std: [128 / 255, 128 / 255, 128 / 255] }

const schema = z.strictObject({
  kind: choice(['cnn'], 'Kind of mask generator: a convolutional network with class activation maps.').default('cnn'),
  weights: commonFields.weights,
  imageSize: commonFields.imageSize.default(320),
  backbone: choice(
    ['resnet50', 'resnet101', 'efficientnet-lite0'],
    'Convolutional network: ResNet-50 or -101 (torchvision names), or EfficientNet-Lite0.',
  ).default('resnet50'),
  width: positive('Channels as a multiple of the published network; published weights have 1.').default(1),
  outputStride: z
    .union([z.literal(16), z.literal(32)])
    .meta({
      description: 'Pixels of the picture to one of the map: 16 removes the last stride of the network, 32 keeps it.',
      expected: '16 or 32',
      unit: 'pixels',
    })
    .default(16),
  dilate: flag('Where the last stride is removed: spread the kernels after it by 2, as far as they reached.').default(
    false,
  ),
  norm: choice(
    ['live', 'fixed', 'frozen'],
    'Batch norm in training: statistics of the batch, running averages updated; running averages, scale and shift trained; or running averages, nothing of it trained. A frozen part always uses its running averages.',
  ).default('frozen'),
  frozen: choice(
    ['none', 'stem', 'layer2', 'all'],
    'Part of the network that no gradient reaches, from its start: nothing, the stem, all up to stride 8, or all but the head.',
  ).default('none'),
  head: choice(
    ['linear', 'context'],
    'CAM head: the row of each class times the features; or besides it a 3x3 convolution over features of two depths.',
  ).default('linear'),
  cacheMegabytes: whole(
    0,
    'Memory for features of a frozen network: pictures that come again as they were are not computed again.',
    { unit: 'MiB' },
  ).default(0),
  headStart: choice(
    ['random', 'imagenet'],
    'What the head starts from: noise, or for classes with an ImageNet name the rows of the classification head in the weights. Random weights have none: noise.',
  ).default('random'),
})

export const cnn = generatorKind({
  kind: 'cnn',
  title: 'CNN with class activation maps (Zhou et al., arXiv 1512.04150)',
  origin: `For backbone resnet50: ${fetchHint('resnet50', "torchvision's ResNet-50", 'generator.weights')} For efficientnet-lite0 type: npx semples weights fetch efficientnet-lite0, and give that name.`,
  schema,
  statistics: ({ backbone }) => (backbone === 'efficientnet-lite0' ? LITE : IMAGENET),
  // Of the mean response: global average pooling and a fully connected layer.
  classification: { coarse_logits: 1 },
  // The published rule for networks other than WeakTr's: the loss reaches all but frozen norms.
  differences: { match: { train: 'all' }, guide: { train: 'all' }, masks: { threshold: 0.3 } },
  native: ({ imageSize: _, headStart: __, ...options }) => options,
  check: ({ outputStride, dilate }) => {
    if (dilate && outputStride !== 16)
      throw misfit('dilate', dilate, 'false, because outputStride 32 removes no stride')
  },
})
