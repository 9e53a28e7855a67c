import { z } from 'zod'
import { referenceAugment } from '../../loader/augment/options.js'
import { stageKind } from '../kind.js'
import { loopFields, termsField, trainerFields, trainField } from '../options.js'

/** Stage a: contrastive matching of segments and labels (SemPLeS, arXiv 2401.11791, section 3.2). */
export const match = stageKind({
  name: 'match',
  title: 'segment-label matching',
  schema: z.strictObject({
    ...loopFields,
    ...trainerFields,
    terms: termsField.default({ match: 1, background_text: 2.4 }),
    train: trainField,
  }),
  result: 'generator',
  trains: ({ train }) => train,
  terms: ({ terms }) => terms,
  referenceAugment,
  startsFrom: ['classify'],
})
