import { z } from 'zod'
import { choice, flag, positive, share, special, weight, whole } from '../base/fields.js'
import { scheduleSchema } from './schedule.js'

/** What can be set for one stage, and for all at once. */
export const sharedFields = (of = '') => ({
  epochs: whole(1, `Passes over the training pictures${of}.`, { unit: 'epochs' }),
  batch: whole(1, `Pictures a step${of}.`, { unit: 'pictures' }),
  lr: positive(`Base learning rate${of}; the effective rate is lr * batch / lrBatch.`),
  augment: choice(
    ['reference', 'light', 'place', 'flip', 'none'],
    `How training pictures are varied${of}: the published recipe (crop, flip, RandAugment and erasing; in prompt crop and flip alone); crop, flip and light colour changes; a random size and place, and flip (IRN); flip alone; or not at all.`,
  ),
  maxSteps: whole(1, `Ends every epoch${of} after so many steps, for trials.`, { unit: 'steps' }),
})

/** The optimiser. `kind` decides which of the other fields apply. */
export const optimizerSchema = z.strictObject({
  kind: choice(['adamw', 'sgd'], 'Optimiser: AdamW (decoupled weight decay), or stochastic gradient descent.').default(
    'adamw',
  ),
  weightDecay: weight('Weight decay, on every trained parameter.').default(0.03),
  beta1: share('AdamW: decay of the mean of the gradients. Default 0.9.', { below: true }).optional(),
  beta2: share('AdamW: decay of the mean of their squares. Default 0.999.', { below: true }).optional(),
  epsilon: positive('AdamW: added to the denominator. Default 1e-8.').optional(),
  momentum: share('SGD: momentum. Default 0.', { below: true }).optional(),
  nesterov: flag('SGD: Nesterov momentum, which looks ahead by one step. Default false.').optional(),
})

/** Learning rates of some parameters, as multiples of the stage's. */
const groupsSchema = z.array(z.strictObject({ parameters: z.string().min(1), factor: z.number().min(0) }))

/** Fields that the trainer in the addon gets as they are: a new one needs no more than its line here and its use there. */
export const trainerFields = {
  maskEpsilon: positive('Added to the range of a map when it is scaled to 0..1 as a mask.').default(0.1),
  maskGain: weight(
    'Sharpens masks before they multiply the picture: m becomes sigmoid(maskGain * (m - maskCentre)). 0: masks as they are.',
  ).default(0),
  maskCentre: share('Where sharpened masks are one half.').default(0.5),
  microBatch: whole(
    0,
    'Pictures computed at a time: gradients of the parts of a batch are added up, so that large batches fit into memory. 0: the whole batch. With live batch norm results differ from those of the whole batch.',
    { unit: 'pictures' },
  ).default(0),
  gradientClip: weight(
    'Maximum norm of all gradients together; larger ones are scaled down to it. 0: no limit.',
  ).default(0),
  labelSmoothing: share('Moves the targets of the classification terms from 0 and 1 towards one half, by this share.', {
    below: true,
  }).default(0),
  optimizer: optimizerSchema.prefault({}),
  groups: special(
    groupsSchema,
    'Learning rates of some parameters as multiples of the others: head, body, or the beginning of their names.',
    'a list of { parameters, factor }',
  ).default([]),
}

/** The numbers of the published code (SemPLeS, arXiv 2401.11791) for VOC 2012 where nothing else is said. */
export const loopFields = {
  ...sharedFields(),
  epochs: sharedFields().epochs.default(60),
  batch: sharedFields().batch.default(64),
  lr: sharedFields().lr.default(5.12e-4),
  lrBatch: whole(0, 'Batch size that lr is stated for: larger batches take larger steps. 0: lr is taken as it is.', {
    unit: 'pictures',
  }).default(512),
  schedule: scheduleSchema.prefault({}),
  augment: sharedFields().augment.default('light'),
  maxSteps: sharedFields().maxSteps.optional(),
}

/** Weights of loss terms by name; `terms.<name>=0` leaves one out. */
export const termsField = special(
  z.record(z.string(), z.number().min(0)),
  'Weights of the loss terms by name; any term can be used in any stage.',
  'an object with a number, 0 or more, for each term',
)

/** What a stage that makes masks can train. */
export const trainField = choice(
  ['head', 'all'],
  'What is trained: CAM head and attention fusion, as published, or the whole generator.',
).default('head')

/** The loss of all stages that use CLIP. */
export const lossSchema = z.strictObject({
  form: choice(
    ['log', 'cosine'],
    'Negative logarithms of clamped similarities, as published, or the similarities themselves.',
  ).default('log'),
})
