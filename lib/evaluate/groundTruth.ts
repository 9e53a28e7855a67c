import { join } from 'node:path'
import { SemplesError } from '../base/error.js'
import type { Dataset } from '../datasets/dataset.js'
import { filesWithin } from '../datasets/pictures.js'
import type { LabelMap } from '../masks/labelMap.js'
import { type ReadMaskOptions, readMask } from '../masks/png.js'

/** A picture that may have ground truth. */
export interface TruthPicture {
  id: string
  /** Name of its ground truth in messages. */
  name: string
  /** Labels of the classes that the picture is known to show. */
  labels?: readonly string[]
  /** The ground truth; undefined where the picture has none. */
  read(): Promise<LabelMap | undefined>
}

/**
 * The pictures of a folder of masks or of a data set: those of `ids`, each once, or all. Hidden files are not seen, and
 * folders are no masks.
 *
 * @param reading how the masks of a folder are read
 * @throws SemplesError `SEMPLES_MASK_MISSING` for an id that is not there, `SEMPLES_FILE_UNREADABLE` for the folder
 */
export async function truthPictures(
  groundTruth: string | Dataset,
  ids: readonly string[] | undefined,
  reading: ReadMaskOptions = {},
): Promise<TruthPicture[]> {
  const found = typeof groundTruth === 'string' ? await inFolder(groundTruth, reading) : inDataset(groundTruth)
  if (ids === undefined) return found
  const byId = new Map(found.map((picture) => [picture.id, picture]))
  return [...new Set(ids)].map((id) => byId.get(id) ?? refuse(id, groundTruth))
}

/** @throws SemplesError `SEMPLES_MASK_MISSING`: a picture that was asked for has no ground truth */
export function refuse(id: string, groundTruth: string | Dataset): never {
  const where = typeof groundTruth === 'string' ? groundTruth : groundTruth.name
  throw new SemplesError('SEMPLES_MASK_MISSING', {
    message: `There is no ground truth for the picture ${id} in ${where}.`,
    field: 'ids',
    value: id,
  })
}

function inDataset(dataset: Dataset): TruthPicture[] {
  return dataset.items.map((item) => ({
    id: item.id,
    name: `${item.id} in ${dataset.name}`,
    labels: item.labels.map((index) => dataset.classes.classes[index]!.label),
    read: () => dataset.mask(item),
  }))
}

async function inFolder(folder: string, reading: ReadMaskOptions): Promise<TruthPicture[]> {
  const files = await filesWithin(folder)
  return files
    .filter((file) => file.endsWith('.png'))
    .map((file) => {
      const path = join(folder, file)
      return { id: file.slice(0, -'.png'.length), name: path, read: () => readMask(path, reading) }
    })
}
