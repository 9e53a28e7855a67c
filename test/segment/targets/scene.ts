import { join } from 'node:path'
import type { ClassTable, Dataset } from '../../../lib/datasets/dataset.js'
import type { LabelMap } from '../../../lib/masks/labelMap.js'
import { encodeMask } from '../../../lib/masks/png.js'
import type { TargetOptions } from '../../../lib/segment/options.js'

/** Classes whose ids are not their order. */
export const classes: ClassTable = {
  name: 'three',
  classes: [
    { id: 7, label: 'boat', prompt: 'boat', color: [10, 20, 30] },
    { id: 2, label: 'cat', prompt: 'cat', color: [200, 0, 0] },
    { id: 5, label: 'dog', prompt: 'dog', color: [0, 0, 250] },
  ],
}

/** A data set of pictures that nobody opens; ground truth where it is given. */
export function dataset(
  ids: readonly string[],
  {
    root = '/pictures',
    truth = {},
    ...more
  }: { root?: string; truth?: Record<string, LabelMap> } & Partial<Dataset> = {},
): Dataset {
  return {
    name: 'folder pictures',
    classes,
    items: ids.map((id) => ({ id, image: join(root, `${id}.jpg`), labels: [0] })),
    orientation: 'exif',
    mask: async ({ id }) => truth[id],
    ...more,
  }
}

export const options = (given: Partial<TargetOptions>): TargetOptions => ({
  from: 'masks',
  threshold: 0.4,
  ignoreBelow: 0,
  ...given,
})

/** A mask of one row. */
export const row = (...ids: number[]): LabelMap => ({ width: ids.length, height: 1, data: Uint8Array.from(ids) })
export const png = (...ids: number[]): Uint8Array => encodeMask(row(...ids))
