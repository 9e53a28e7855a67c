import { z } from 'zod'
import { choice, flag, path, positive, share, special, weight, whole } from '../base/fields.js'
import { loopFields, trainerFields } from '../stages/options.js'

/** What the model is to learn for every picture. */
export const targetsSchema = z.strictObject({
  from: choice(
    ['masks', 'scores', 'truth'],
    'What every pixel is to be: masks of a folder; the highest of the scores of a folder, with how sure it is; or the ground truth of the data (full supervision).',
  ).default('masks'),
  folder: path(
    'Folder of masks (<picture>.png, of any origin) or of scores (as "semples masks --npy" writes them).',
    'a folder',
  ).optional(),
  confidence: path(
    'masks: a folder of scores that say how sure each pixel is; its loss is weighted so.',
    'a folder',
  ).optional(),
  threshold: share('scores: background threshold; where no score is higher, a pixel is background.').default(0.45),
  ignoreBelow: share('Pixels that are less sure than this are ignored, where there are scores.').default(0),
})

/** How a picture and its mask are varied together; the numbers are those of WeakTr (arXiv 2304.01184). */
export const augmentSchema = z.strictObject({
  size: whole(1, 'Side of the square crops that are trained on.', { unit: 'pixels' }).default(480),
  side: whole(1, 'Shorter side that pictures are resized to, times a random ratio.', { unit: 'pixels' }).default(520),
  ratio: special(
    z.tuple([z.number().gt(0), z.number().gt(0)]).refine(([low, high]) => low <= high),
    'Smallest and largest ratio.',
    'two numbers above 0, the smaller first',
    { form: 'list' },
  ).default([0.5, 2]),
  mostOfOneClass: share(
    'A crop in which one class has more than this share of the pixels is drawn again, ten times at most. 1: any crop.',
  ).default(0.75),
  mirror: flag('Mirror half of the pictures.').default(true),
  photometric: flag('Vary brightness, contrast, saturation and hue.').default(true),
})

const { schedule, lrBatch, maxSteps } = loopFields
const { microBatch, gradientClip, optimizer, groups } = trainerFields

/** The training of a segmentation model. Defaults that differ by kind of model stand there. */
export const trainSchema = z.strictObject({
  epochs: loopFields.epochs,
  batch: loopFields.batch.default(8),
  lr: positive('Learning rate; with lrBatch the effective rate is lr * batch / lrBatch.').default(1e-3),
  lrBatch: lrBatch.default(0),
  schedule,
  maxSteps,
  microBatch,
  gradientClip,
  optimizer,
  groups: special(
    groups.unwrap(),
    'Learning rates of some parameters as multiples of the others: encoder, decoder, or the beginning of their names.',
    'a list of { parameters, factor }',
  ).default([]),
  loss: z
    .strictObject({
      mean: choice(
        ['all', 'valid'],
        'What the loss is a mean over: all pixels, ignored ones as 0 (WeakTr), or those that have a label.',
      ).default('all'),
      clipping: z
        .strictObject({
          enabled: flag(
            'Adaptive gradient clipping (WeakTr): pixels whose loss is above what is usual around them, mostly wrong pseudo labels, give no gradient.',
          ).default(false),
          start: weight('Mean loss of a batch below which it works.').default(1.2),
          tile: whole(1, 'Side of what "around" is.', { unit: 'pixels' }).default(120),
        })
        .prefault({}),
    })
    .prefault({}),
  classWeights: choice(
    ['none', 'balanced'],
    'Weight of a pixel by its class: 1, or the median frequency of all classes over that of its own, from 0.1 to 10 (Eigen and Fergus, ICCV 2015).',
  ).default('none'),
})

/** How pictures become masks; the numbers of the evaluation of WeakTr. */
export const predictSchema = z.strictObject({
  side: whole(1, 'Shorter side that pictures get at scale 1. Default: augment.side.', { unit: 'pixels' }).optional(),
  scales: special(z.array(z.number().gt(0)).min(1), 'Sizes of the picture, as multiples of side.', 'numbers above 0', {
    form: 'list',
  }).default([0.5, 0.75, 1, 1.25, 1.5, 1.75]),
  flip: flag('Also the mirrored picture.').default(true),
  window: whole(1, 'Side of the windows that slide over a picture. Default: augment.size.', {
    unit: 'pixels',
  }).optional(),
  stride: whole(1, 'Distance between windows. Default: two thirds of window.', { unit: 'pixels' }).optional(),
  atOnce: whole(1, 'Windows computed at a time.', { unit: 'windows' }).default(4),
  earlier: weight(
    'vit-mask: weight of what the block before the last of the decoder gives, beside 1 for the last. 0.8: as the published figures of WeakTr were made.',
  ).default(0),
})

export type TargetOptions = z.infer<typeof targetsSchema>
export type SegmentTraining = z.infer<typeof trainSchema>
export type PredictOptions = z.infer<typeof predictSchema>
