import type { ClassTable, Dataset } from './dataset.js'
import { plainFolder } from './folder.js'
import { type DataSpec, openDataset } from './open.js'
import { requireSameClasses } from './sameClasses.js'

/**
 * Opens pictures whose labels come from elsewhere: no item has a label, and none need have had one. A folder without a
 * labels file is read with the folders within it, whose names then mean nothing, unless they are classes.
 *
 * @param classes the class table that the pictures are to be seen with
 * @throws SemplesError `SEMPLES_CLASSES_DIFFER` where the data have a class table of their own that is another, and what
 *   `plainFolder` and `openDataset` throw
 */
export async function openUnlabelled(data: DataSpec, split: 'train' | 'val', classes: ClassTable): Promise<Dataset> {
  const dataset = 'folder' in data ? await plainFolder(data, classes) : await openDataset(data, split)
  requireSameClasses(classes, dataset.classes, dataset.name)
  return { ...dataset, items: dataset.items.map((item) => ({ ...item, labels: [] })) }
}
