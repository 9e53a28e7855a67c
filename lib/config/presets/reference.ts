import type { ConfigDifferences } from '../types.js'

/**
 * What `reference: true` changes: the published behaviour where semples departs from it by default. Whatever else the
 * published code of SemPLeS (arXiv 2401.11791) does is the default already. COCO data has 90 classes besides.
 */
export const reference: ConfigDifferences = {
  // The published code keeps the epoch with the best mean IoU, which needs pixel labels.
  select: 'miou',
  // It resizes with Pillow.
  loader: { resample: 'exact' },
  cams: { resample: 'exact' },
  // It augments as the presets do, whatever the data.
  classify: { augment: 'reference' },
  match: { augment: 'reference' },
  prompt: { augment: 'reference' },
  guide: { augment: 'reference' },
}
