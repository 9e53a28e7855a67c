import { SemplesError } from '../base/error.js'
import type { ClassTable, Dataset } from './dataset.js'
import type { Split } from './kind.js'
import { type DataSpec, resolveData } from './kinds.js'
import { classesInAll } from './oneClass.js'
import { requireSameClasses } from './sameClasses.js'

/**
 * Opens the pictures to train on (`train`) or to evaluate on (`val`). A plain folder has one set of pictures for both.
 *
 * @throws SemplesError `SEMPLES_CONFIG_INVALID` and `SEMPLES_CONFIG_UNKNOWN` for options that do not fit, and what `folder`,
 *   `voc2012` and `coco2014` throw
 */
export async function openDataset(data: DataSpec, split: Split): Promise<Dataset> {
  const { kind, options } = resolveData(data)
  const dataset = await kind.open(options, split)
  const everywhere = split === 'train' ? classesInAll(dataset) : []
  return everywhere.length === 0 ? dataset : { ...dataset, warnings: [...(dataset.warnings ?? []), ...everywhere] }
}

/**
 * Opens pictures whose labels come from elsewhere: no item has a label, and none need have had one. A folder without a
 * labels file is read with the folders within it, whose names then mean nothing, unless they are classes.
 *
 * @param classes the class table that the pictures are to be seen with
 * @throws SemplesError `SEMPLES_CLASSES_DIFFER` where the data have a class table of their own that is another, and what
 *   `openDataset` throws
 */
export async function openUnlabelled(data: DataSpec, split: Split, classes: ClassTable): Promise<Dataset> {
  const { kind, options } = resolveData(data)
  const dataset = await (kind.openUnlabelled?.(options, classes, split) ?? kind.open(options, split))
  requireSameClasses(classes, dataset.classes, dataset.name)
  return { ...dataset, items: dataset.items.map((item) => ({ ...item, labels: [] })) }
}

/** Whether such data have pictures of their own for each split; a plain folder has one set for both, unless it is divided. */
export function hasSplits(data: DataSpec): boolean {
  const { kind, options } = resolveData(data)
  return kind.hasSplits?.(options) ?? kind.listField !== undefined
}

/**
 * Refuses a split of data that have one set of pictures.
 * @throws SemplesError `SEMPLES_OPTION_INVALID`
 */
export function requireSplits(data: DataSpec, split: Split | undefined): void {
  if (split === undefined || hasSplits(data)) return
  const divisible = 'val' in resolveData(data).kind.schema.shape
  throw new SemplesError('SEMPLES_OPTION_INVALID', {
    message: 'These data have one set of pictures, of which a split has no meaning.',
    field: 'split',
    value: split,
    hint: `Leave split (--split) out, or name the data that have it (data, --data)${divisible ? ', or divide the pictures: val: 0.2 in data (--val 0.2) keeps a fifth for evaluation' : ''}.`,
  })
}

/** Whether such data can have pixel labels to evaluate with. */
export function canHavePixelLabels(data: DataSpec): boolean {
  const { kind, options } = resolveData(data)
  return kind.hasPixelLabels?.(options) ?? true
}
