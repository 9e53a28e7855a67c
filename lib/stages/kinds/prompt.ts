import { z } from 'zod'
import { choice, weight, whole } from '../../base/fields.js'
import { referencePromptAugment } from '../../loader/augment/options.js'
import { stageKind } from '../kind.js'
import { loopFields, termsField, trainerFields } from '../options.js'

/** Stage b: learning a background prompt for each class (SemPLeS, arXiv 2401.11791, section 3.3). */
export const prompt = stageKind({
  name: 'prompt',
  title: 'contrastive prompt learning',
  schema: z.strictObject({
    ...loopFields,
    batch: loopFields.batch.default(128),
    lr: loopFields.lr.default(0.1),
    ...trainerFields,
    maskEpsilon: trainerFields.maskEpsilon.default(1e-4),
    // The published code keeps prompts away from the class's text; repel_foreground is the usual description.
    terms: termsField.default({ background_prompt: 1, text_prompt: 0.02 }),
    length: whole(1, 'Learned vectors of a prompt.').default(30),
    space: choice(
      ['words', 'joint'],
      'What is learned: word vectors in the text "a photo of …", as published, or one vector a class in CLIP\'s joint space of pictures and texts.',
    ).default('words'),
    deviation: weight('Standard deviation that prompts start with; 0: uniform in 0..1, as published.').default(0),
  }),
  result: 'prompts',
  trains: () => 'prompts',
  terms: ({ terms }) => terms,
  referenceAugment: referencePromptAugment,
  // Prompts are learned on the masks of matching.
  startsFrom: ['match', 'classify'],
})
