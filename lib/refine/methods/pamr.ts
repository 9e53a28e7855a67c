import { z } from 'zod'
import { special } from '../../base/fields.js'
import { refineMethod } from './method.js'

/** Maximum numbers; larger ones are typing errors. */
const [MAX_DILATIONS, MAX_DILATION] = [16, 4096]

/** Pixel-adaptive mask refinement (Araslanov and Roth, CVPR 2020). */
export const pamr = refineMethod({
  kind: 'pamr',
  title: 'pixel-adaptive mask refinement (Araslanov and Roth 2020)',
  schema: z
    .strictObject({
      /** PAMR: distances of the eight neighbours in pixels. Default 1, 2, 4, 8, 12, 24. */
      dilations: special(
        z.array(z.number().int().min(1).max(MAX_DILATION)).min(1).max(MAX_DILATIONS),
        'Distances of the neighbours, of PAMR.',
        'a list of whole numbers, 1 or more',
      ),
    })
    .partial(),
  // It was published with the one way of resizing; CAMs are made with the other.
  alignCorners: true,
  onlyUnary: 'soft',
  defaults: () => ({ iterations: 10, unary: 'soft' }),
  resolve: ({ dilations = [1, 2, 4, 8, 12, 24] }) => ({ dilations }),
  native: ({ dilations }, iterations) => ({ kind: 'pamr', iterations, dilations: [...dilations] }),
})
