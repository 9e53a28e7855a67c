import { z } from 'zod'
import { referenceAugment } from '../../loader/augment/options.js'
import { stageKind } from '../kind.js'
import { loopFields, termsField, trainerFields } from '../options.js'

/** Stage 0: the classification training that WeakTr starts from (arXiv 2304.01184). */
export const classify = stageKind({
  name: 'classify',
  title: 'classification training',
  schema: z.strictObject({
    ...loopFields,
    lr: loopFields.lr.default(6e-4),
    ...trainerFields,
    // The terms of the generator's kind, unless a weight says otherwise.
    terms: termsField.default({}),
  }),
  result: 'generator',
  trains: () => 'all',
  terms: ({ terms }, generator) => ({ ...generator.classification, ...terms }),
  gradients: 'classification',
  referenceAugment,
  startsFrom: [],
})
