import type { ConfigDifferences } from '../types.js'

/** Published recipe for COCO 2014 (code of SemPLeS, arXiv 2401.11791, except where another source is named). */
export const coco2014: ConfigDifferences = {
  // WeakTr, arXiv 2304.01184: attention fusion for COCO.
  generator: { fusionReduction: 4, fusionPool: 'mean' },
  // Ours: the recipe of VOC 2012 with batch 32. The published stage 0 for COCO was not available to compare with.
  classify: { batch: 32, augment: 'reference' },
  // Effective learning rate 3.2e-7.
  match: { batch: 32, lr: 5.12e-6, terms: { background_text: 0.75 }, augment: 'reference' },
  // Effective learning rate 0.0025.
  prompt: { batch: 128, lr: 0.01, terms: { text_prompt: 0.01 }, augment: 'reference' },
  // Effective learning rate 2.4e-7.
  guide: { batch: 24, lr: 5.12e-6, terms: { background_text: 0.75, foreground_prompt: 0.2 }, augment: 'reference' },
  cams: { scales: [1, 0.8, 1.2] },
}
