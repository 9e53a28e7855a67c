import { z } from 'zod'
import { choice, flag, share, special, whole } from '../base/fields.js'

/** Class activation maps over several picture sizes. */
export const camsSchema = z.strictObject({
  scales: special(
    z.array(z.number().gt(0)).min(1),
    'Picture sizes to sum maps over, as multiples of the original; the first is 1.',
    'numbers above 0, the first 1',
    { form: 'list', unit: 'of the original size' },
  ).default([1, 1.2]),
  flip: flag('Also run the mirrored picture.').default(true),
  maxSide: whole(
    16,
    'Longer pictures are shrunk to this before maps are made, which then grow back: attention takes time and memory with the fourth power of a side.',
    { unit: 'pixels' },
  ).optional(),
  side: whole(
    16,
    'Longer side that pictures get before maps are made, whatever they had: for networks that see objects best at one size.',
    { unit: 'pixels' },
  ).optional(),
  scaling: choice(
    ['minmax', 'max'],
    'How the summed maps of a class become 0..1: from their minimum to their maximum (WeakTr), or divided by their maximum alone (IRN, CLIMS).',
  ).default('minmax'),
  fit: choice(
    ['stretch', 'cut'],
    "What a map lies over: the whole picture (WeakTr), or the picture's size rounded up to multiples of 16, cut to the picture (IRN, CLIMS).",
  ).default('stretch'),
  resample: choice(
    ['fast', 'exact'],
    "How pictures are resized: sharp's cubic, or Pillow's bicubic byte for byte.",
  ).default('exact'),
})

/** Masks from maps. The threshold is ours, inside the 0.40 to 0.59 that the published code sweeps with pixel labels. */
export const masksSchema = z.strictObject({
  threshold: share('Background threshold: where no map (0..1) is higher, a pixel is background.').default(0.45),
})
