import { z } from 'zod'
import { special, whole } from '../base/fields.js'

/** Options of data whose pictures can be divided; see `ShareOptions`. */
export const shareFields = {
  val: special(
    z.number().gt(0).lt(1),
    'Share of the pictures that is kept for evaluation (split val), with each class in about the same proportion on both sides and files of one content on one. Default: one set of pictures for both.',
    'a number above 0 and below 1',
  ).optional(),
  valSeed: whole(0, 'Seed of the draw of val. Default: 0.').optional(),
}
