import { SemplesError } from '../base/error.js'
import { idsOf } from '../datasets/classes/ids.js'
import type { ClassTable, Dataset } from '../datasets/dataset.js'
import { type DataSpec, resolveData } from '../datasets/kinds.js'
import { openDataset } from '../datasets/open.js'
import { renumbered, statedTable, tableBeside } from '../datasets/predictions/classTables.js'
import { VOID_ID } from '../masks/labelMap.js'

/** Pictures whose labels and pixels are compared. */
const SAMPLE = 50

type Beside = { file: string; table: ClassTable }

/** Ground truth, and the table that lies beside it where it has yet to be compared. */
export interface OpenedTruth {
  groundTruth: Dataset
  besideTruth?: Beside
}

/**
 * Opens data with ground truth. Of a folder of pictures without a class table of its own, whose ids would follow the
 * alphabet, a classes.json beside the ground truth gives the ids, if labels and pixels agree better with it, and the masks
 * say their own ids, so that they can be matched by name.
 *
 * @param evaluated folder of the masks or maps
 */
export async function openTruth(
  data: DataSpec,
  split: 'train' | 'val',
  given: ClassTable | undefined,
  evaluated: string | undefined,
): Promise<OpenedTruth> {
  const dataset = await openDataset(data, split)
  const { kind, options } = resolveData(data)
  if (kind.kind !== 'folder' || typeof options.masks !== 'string') return { groundTruth: dataset }
  const besideTruth = await tableBeside(options.masks)
  if (besideTruth === undefined) return { groundTruth: dataset }
  const differs = renumbered(besideTruth.table, dataset.classes).length > 0
  const masksSay = evaluated !== undefined && (await statedTable(evaluated)) !== undefined
  if (given !== undefined || options.classes !== undefined || !differs || !masksSay)
    return { groundTruth: dataset, besideTruth }
  const other = await openDataset({ ...data, classes: besideTruth.file } as DataSpec, split).catch((error: unknown) => {
    // It does not have all of these classes.
    if (error instanceof SemplesError) return undefined
    throw error
  })
  if (other === undefined) return { groundTruth: dataset, besideTruth }
  const [ofAlphabet, ofTable] = [await agreement(dataset), await agreement(other)]
  if (ofTable.agree <= ofAlphabet.agree || 2 * ofTable.agree <= ofTable.pictures)
    return { groundTruth: dataset, besideTruth }
  const said = `The ids of the ground truth are those of ${besideTruth.file}, not the alphabet's: so it holds classes of their labels in ${ofTable.agree} of ${ofTable.pictures} pictures looked at, else in ${ofAlphabet.agree}.`
  return { groundTruth: { ...other, warnings: [...(other.warnings ?? []), said] } }
}

/** Of some pictures with labels and a mask that has a class: in how many it has one of their labels. */
async function agreement(dataset: Dataset): Promise<{ agree: number; pictures: number }> {
  const labelled = dataset.items.filter(({ labels }) => labels.length > 0)
  const stride = Math.max(1, Math.ceil(labelled.length / SAMPLE))
  const found = { agree: 0, pictures: 0 }
  for (let index = 0; index < labelled.length; index += stride) {
    const item = labelled[index]!
    // What cannot be read is told where it is evaluated.
    const values = new Set((await dataset.mask(item).catch(() => undefined))?.data)
    if (![...values].some((value) => value !== 0 && value !== VOID_ID)) continue
    found.pictures++
    if (idsOf(dataset.classes, item.labels).some((id) => values.has(id))) found.agree++
  }
  return found
}
