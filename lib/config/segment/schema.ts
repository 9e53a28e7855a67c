import { z } from 'zod'
import { deviceField } from '../../base/device.js'
import { choice, path, whole, wholeOrAuto } from '../../base/fields.js'
import { precisionField } from '../../base/precision.js'
import type { DatasetKind } from '../../datasets/kind.js'
import { loaderSchema } from '../../loader/options.js'
import { clipSchema } from '../../models/clip/clipOptions.js'
import type { SegmenterKind } from '../../segment/kinds/kind.js'
import { augmentSchema, predictSchema, targetsSchema, trainSchema } from '../../segment/options.js'

export const segmentPresets = ['none', 'voc2012', 'coco2014', 'photos', 'demo'] as const

const general = {
  preset: choice(
    segmentPresets,
    'Recipe that the defaults come from: as WeakTr retrains for VOC 2012 or COCO 2014; a few hundred photographs; the drawn scenes of the demo; or none (those of the kind of model).',
  ).default('none'),
  out: path('Folder that the run is written to: new or empty.', 'a folder'),
  seed: whole(0, 'Seed of shuffling, augmentation and initial weights.').default(504),
  device: deviceField.default('auto'),
  precision: precisionField.default('float32'),
  threads: wholeOrAuto('Processor threads of one operation; results are repeatable for one number of them.').default(
    'auto',
  ),
}

/** Which kinds the config of a segmentation model is of. */
export interface SegmentKinds {
  data: DatasetKind
  model: SegmenterKind
}

/** The schema of the config of a segmentation model, with the given kinds. */
export function segmentSchema({ data, model }: SegmentKinds) {
  const { preset, out, seed, device, precision, threads } = general
  return z.strictObject({
    preset,
    data: z.strictObject({ kind: z.literal(data.kind).default(data.kind), ...data.schema.shape }),
    targets: targetsSchema.prefault({}),
    model: model.schema.prefault({}),
    // The decoder looks at pictures as CLIP does.
    clip: clipSchema.omit({ normalize: true }).prefault({}),
    out,
    seed,
    device,
    precision,
    threads,
    train: trainSchema.prefault({}),
    augment: augmentSchema.prefault({}),
    loader: loaderSchema.prefault({}),
    predict: predictSchema.prefault({}),
  })
}

export type GeneralSegmentOptions = z.infer<z.ZodObject<typeof general>>
