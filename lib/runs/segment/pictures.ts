import { count } from '../../base/count.js'
import { SemplesError } from '../../base/error.js'
import { notice, type OnProgress, warning } from '../../base/progress.js'
import type { SegmentConfig } from '../../config/segment/types.js'
import { openClassTable } from '../../datasets/classes/builtIn.js'
import { promptOf } from '../../datasets/classes/classTableFile.js'
import type { ClassTable, Dataset } from '../../datasets/dataset.js'
import type { FolderData } from '../../datasets/kinds/folder.js'
import { openDataset, openUnlabelled } from '../../datasets/open.js'
import { vocColor } from '../../masks/palette.js'
import { classesOfMasks } from '../annotations/classes.js'

/**
 * Opens the pictures that a segmentation model learns from; image-level labels are not needed, and not looked at.
 *
 * @param classes of the run that goes on, or whose masks these are. Default: those that the data name; of a plain folder
 *   that names none, those that the folder of masks states, else its labels
 * @throws SemplesError what opening the data throws; `SEMPLES_OPTION_INVALID` where nothing names the classes
 */
export async function openSegmentPictures(
  { data, targets }: Pick<SegmentConfig, 'data' | 'targets'>,
  onProgress: OnProgress,
  classes?: ClassTable,
): Promise<Dataset> {
  const table = classes ?? (await tableOf(data, targets))
  const dataset = table === undefined ? await openDataset(data, 'train') : await openUnlabelled(data, 'train', table)
  const known = dataset.classes.classes.length
  onProgress(
    notice(
      'run',
      `${dataset.name}: ${count(dataset.items.length, 'picture')}, ${known} ${known === 1 ? 'class' : 'classes'}`,
    ),
  )
  for (const message of dataset.warnings ?? []) onProgress(warning('run', message))
  return { ...dataset, items: dataset.items.map((item) => ({ ...item, labels: [] })) }
}

/** The classes of a plain folder, where they must come from elsewhere than its labels. */
async function tableOf(
  data: SegmentConfig['data'],
  targets: SegmentConfig['targets'],
): Promise<ClassTable | undefined> {
  if (('kind' in data && data.kind !== 'folder') || targets.folder === undefined) return undefined
  const { classes, labels } = data as FolderData
  // The folder's own table is its own affair; it may lie inside.
  if (classes !== undefined) return openClassTable(classes).catch(() => undefined)
  try {
    return completed(await classesOfMasks(targets.folder, undefined))
  } catch (error) {
    if (!(error instanceof SemplesError) || labels !== undefined) return undefined
    throw error
  }
}

/** A table that states ids and labels alone gets the usual colours and texts. */
function completed(table: Awaited<ReturnType<typeof classesOfMasks>>): ClassTable {
  if ('name' in table) return table as ClassTable
  const classes = table.classes.map(({ id, label }) => ({ id, label, prompt: promptOf(label), color: vocColor(id) }))
  return { name: 'masks', classes }
}
