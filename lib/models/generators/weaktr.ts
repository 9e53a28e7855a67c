import { z } from 'zod'
import { choice, positive, share, whole } from '../../base/fields.js'
import { fetchHint } from '../../weights/words.js'
import { commonFields, generatorKind, IMAGENET, misfit } from './kind.js'

/** The sizes are those of DeiT-S/16 (Touvron et al., arXiv 2012.12877), the fusion that of WeakTr for VOC 2012. */
const schema = z.strictObject({
  kind: choice(['weaktr'], 'Kind of mask generator: WeakTr (Zhu et al., arXiv 2304.01184), a DeiT.').default('weaktr'),
  weights: commonFields.weights,
  imageSize: commonFields.imageSize.default(224),
  patchSize: whole(1, 'Side of a patch.', { unit: 'pixels' }).default(16),
  width: whole(1, 'Width of the token vectors, a multiple of heads.').default(384),
  depth: whole(1, 'Transformer blocks.').default(12),
  heads: whole(1, 'Attention heads of a block.').default(6),
  mlpRatio: positive("Hidden width of a block's MLP, as a multiple of width.").default(4),
  fusionReduction: whole(1, 'Attention fusion: its hidden width is heads * depth divided by this.').default(8),
  fusionFeatureReduction: whole(1, 'Attention fusion: head features shrink by this factor to one score.').default(8),
  fusionPool: choice(['max', 'mean'], 'Attention fusion: how features are pooled over the tokens.').default('max'),
  maps: choice(
    ['attention', 'plain'],
    'Which maps become masks: CAMs weighted by class attention and spread by patch affinity, or the CAMs themselves, for networks too small for their attention to tell patches apart.',
  ).default('attention'),
  dropPathRate: share('Drop-path rate of the last block; it grows linearly from 0.', { below: true }).default(0.1),
})

export const weaktr = generatorKind({
  kind: 'weaktr',
  title: 'WeakTr (Zhu et al., arXiv 2304.01184)',
  origin: fetchHint('deit-small', 'DeiT-S/16', 'generator.weights'),
  schema,
  statistics: () => IMAGENET,
  // Multilabel soft margins of class tokens, CAM and attention-weighted CAM.
  classification: { class_logits: 1, coarse_logits: 1, fine_logits: 1 },
  check: ({ imageSize, patchSize, width, heads, depth, fusionReduction, fusionFeatureReduction }) => {
    if (imageSize % patchSize !== 0) throw misfit('imageSize', imageSize, `a multiple of patchSize (${patchSize})`)
    if (width % heads !== 0) throw misfit('width', width, `a multiple of heads (${heads})`)
    if (fusionReduction > heads * depth)
      throw misfit('fusionReduction', fusionReduction, `at most heads * depth (${heads * depth})`)
    if (fusionFeatureReduction > width / heads)
      throw misfit('fusionFeatureReduction', fusionFeatureReduction, `at most width / heads (${width / heads})`)
  },
})
