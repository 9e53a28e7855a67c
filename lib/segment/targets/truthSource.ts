import type { Dataset } from '../../datasets/dataset.js'
import { ClassIndices, type TargetSource } from './source.js'

/** The masks of the data set: full supervision. */
export function truthSource(dataset: Dataset): TargetSource {
  const indices = new ClassIndices(dataset)
  return {
    describe: `ground truth of ${dataset.name}`,
    expects: 'mask',
    where: dataset.name,
    // The data set knows where its masks lie.
    files: () => [],
    there: () => '',
    notices: [],
    has: async (item) => dataset.hasMask?.(item) ?? (await dataset.mask(item)) !== undefined,
    read: async (item) => {
      const name = `The ground truth of ${item.id}`
      const mask = (await dataset.mask(item))!
      return { labels: indices.labelsOf(mask, name), width: mask.width, height: mask.height, name }
    },
  }
}
