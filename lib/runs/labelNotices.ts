import type { LabelledPictures } from '../cam/labels.js'

/** What is said of the labels before masks are made. */
export function labelNotices({ source }: LabelledPictures): string[] {
  if (source === 'predicted')
    return [
      'labels are PREDICTED by the generator: a picture of which no class reaches its threshold is all background',
    ]
  return source === 'list' ? ['labels are those given in the call'] : []
}

/** Where hardly any picture has a label, the threshold is wrong, or the pictures are of other things. */
export function fewLabels({ source, dataset }: LabelledPictures, unlabelled: number): string[] {
  const { length } = dataset.items
  if (source !== 'predicted' || unlabelled < 0.9 * length) return []
  return [
    `${unlabelled} of ${length} pictures have no predicted label, and an empty mask. Lower labelThreshold (--label-threshold), or give the labels.`,
  ]
}
