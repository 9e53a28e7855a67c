import type { ClassTable, Dataset } from './dataset.js'
import type { Split } from './kind.js'
import { type DataSpec, kindOfData, resolveData } from './kinds.js'
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
  const dataset = await (kind.openUnlabelled?.(options, classes) ?? kind.open(options, split))
  requireSameClasses(classes, dataset.classes, dataset.name)
  return { ...dataset, items: dataset.items.map((item) => ({ ...item, labels: [] })) }
}

/** Whether such data have pictures of their own for each split; a plain folder has one set for both. */
export function hasSplits(data: DataSpec): boolean {
  return kindOfData(data).listField !== undefined
}

/** Whether such data can have pixel labels to evaluate with. */
export function canHavePixelLabels(data: DataSpec): boolean {
  const { kind, options } = resolveData(data)
  return kind.hasPixelLabels?.(options) ?? true
}
