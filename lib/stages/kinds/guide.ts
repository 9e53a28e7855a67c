import { z } from 'zod'
import { referenceAugment } from '../../loader/augment/options.js'
import { stageKind } from '../kind.js'
import { loopFields, termsField, trainerFields, trainField } from '../options.js'

/** Stage c: refinement that the learned prompts guide (SemPLeS, arXiv 2401.11791, section 3.4). */
export const guide = stageKind({
  name: 'guide',
  title: 'prompt-guided refinement',
  schema: z.strictObject({
    ...loopFields,
    ...trainerFields,
    terms: termsField.default({ match: 1, background_text: 2.4, foreground_prompt: 0.05 }),
    train: trainField,
  }),
  result: 'generator',
  trains: ({ train }) => train,
  terms: ({ terms }) => terms,
  referenceAugment,
  // Where matching started, not from its result.
  startsFrom: ['classify'],
  // The measured runs of docs/demo.md were drawn under this name.
  seedName: 'refine',
})
