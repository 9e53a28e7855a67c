import { z } from 'zod'
import { positive, share, special, weight, whole } from '../../base/fields.js'

const factors = (description: string) =>
  special(
    z.tuple([z.number().min(0), z.number().min(0)]).refine(([low, high]) => low <= high),
    description,
    'two numbers, 0 or more, the smaller first',
  )

/** Light that changes from picture to picture: each change comes to half of them. */
export const photometricSchema = z.strictObject({
  brightness: weight('Most that is added to or taken from the bytes of a picture.').default(32),
  contrast: factors('Between which factors the bytes are multiplied by one.').default([0.5, 1.5]),
  saturation: factors('Between which factors the saturation is multiplied by one.').default([0.5, 1.5]),
  hue: special(
    z.number().int().min(0).max(90),
    'Most that the hue turns to either side.',
    'a whole number from 0 to 90',
    { unit: 'steps of 2 degrees' },
  ).default(18),
})
export type PhotometricOptions = z.infer<typeof photometricSchema>

/** How a picture and its mask become an input of a segmentation model. Plain data, with the published recipe as default. */
export const sampleAugmentSchema = z.strictObject({
  size: whole(1, 'Sides of the input.', { unit: 'pixels' }).default(480),
  side: whole(1, 'Shorter side that a picture is resized to, before the drawn ratio.', { unit: 'pixels' }).default(520),
  ratio: special(
    z.tuple([z.number().gt(0), z.number().gt(0)]).refine(([low, high]) => low <= high),
    'Between which ratios the shorter side is multiplied by one.',
    'two numbers above 0, the smaller first',
  ).default([0.5, 2]),
  mostOfOneClass: positive(
    'Share of the labelled pixels below which the largest class of a crop must stay; ten crops are tried. 1: the first is taken.',
  ).default(0.75),
  mirror: share('Probability that an input is mirrored.').default(0.5),
  photometric: special(
    photometricSchema.nullable(),
    'Changes of light and colour; null: none.',
    'its fields, or null',
  ).default(photometricSchema.parse({})),
})
export type SampleAugment = z.infer<typeof sampleAugmentSchema>

/** Published recipe of segmentation models on VOC and COCO (MMSegmentation's, with which WeakTr trains its own). */
export const referenceSampleAugment: SampleAugment = sampleAugmentSchema.parse({})
