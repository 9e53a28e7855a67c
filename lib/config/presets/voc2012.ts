import type { ConfigDifferences } from '../types.js'

/** Published recipe for PASCAL VOC 2012, whose numbers are the defaults too. */
export const voc2012: ConfigDifferences = {
  // timm's ImageNet recipe in stages 0, a and c; crop and flip in stage b (code of SemPLeS, arXiv 2401.11791).
  classify: { augment: 'reference' },
  match: { augment: 'reference' },
  prompt: { augment: 'reference' },
  guide: { augment: 'reference' },
}
