import { runInSlices } from '../../base/cooperative.js'
import { SemplesError } from '../../base/error.js'
import type { Warnings } from '../../base/warnings.js'
import { idsByLabel, idsWithBackground } from '../../datasets/classes/ids.js'
import type { Dataset, DatasetItem } from '../../datasets/dataset.js'
import { readCams } from '../../datasets/predictions/camFiles.js'
import { Renumbering, statedTable } from '../../datasets/predictions/classTables.js'
import { CAM_EXTENSIONS } from '../../formats/camFile/classMaps.js'
import { CountedKeys } from '../../formats/camFile/countedKeys.js'
import { pictureSides } from '../../pictures/exif.js'
import { FolderFiles } from './folderFiles.js'
import { confidenceSteps, labelSteps, withoutUnsure } from './scores.js'
import { ClassIndices, ofDataset, type Size, type TargetSource } from './source.js'
import { sizeBefore, turnedTarget, turnOf } from './turned.js'

interface ScoreOptions {
  folder: string
  /** Score of the background. */
  threshold: number
  ignoreBelow: number
}

/**
 * Scores of a folder, in any form that `readCamFile` reads: labels and how sure they are.
 * @param beside they only say how sure masks are: where they have a map of the background, the threshold does not count
 */
export async function scoreSource(
  { folder, threshold, ignoreBelow }: ScoreOptions,
  dataset: Dataset,
  told: Warnings,
  beside = false,
): Promise<TargetSource> {
  const files = await FolderFiles.open(folder, beside ? 'targets.confidence' : 'targets.folder', CAM_EXTENSIONS)
  const renumbering = Renumbering.of(await statedTable(folder), dataset.classes, `masks.json in ${folder}`, ofDataset)
  const indices = new ClassIndices(dataset)
  const keys = new CountedKeys()
  const reading = {
    values: 'probabilities',
    known: renumbering?.from ?? idsWithBackground(dataset.classes),
    classNames: idsByLabel(dataset.classes),
  } as const
  const [best = ''] = CAM_EXTENSIONS
  return {
    describe: `scores in ${folder}, background ${threshold}${ignoreBelow > 0 ? `, without pixels less sure than ${ignoreBelow}` : ''}`,
    expects: 'file of scores',
    where: folder,
    file: (id) => `${id}${best}`,
    files: ({ id }) => [files.of(id)].filter((file) => file !== undefined),
    there: () => files.there(),
    notices: renumbering === undefined ? [] : [renumbering.sentence],
    counted: () => keys.warnings(),
    has: ({ id }) => files.of(id) !== undefined,
    read: async (item, size, signal) => {
      const turn = await turnOf(files.of(item.id)!, item, dataset)
      const before = size && sizeBefore(size, turn)
      const { file, warnings, countedKeys, ...read } = await readCams(folder, item.id, { ...reading, size: before })
      told.add(item.id, warnings)
      keys.add(countedKeys)
      const classIds = renumbering === undefined ? read.classIds : read.classIds.map((id) => renumbering.idOf(id, file))
      // Without maps all of the picture is background.
      const sides = classIds.length > 0 ? read : (before ?? (await sidesOf(item, dataset, turn)))
      const maps = { cams: read.cams, classIds, width: sides.width, height: sides.height }
      const background = beside && classIds.includes(0) ? 0 : threshold
      const mask = await runInSlices(labelSteps(maps, background, file), { signal })
      const confidence = await runInSlices(confidenceSteps(maps, background), { signal })
      const labels = withoutUnsure(indices.labelsOf(mask, file), confidence, ignoreBelow)
      return turnedTarget({ labels, confidence, width: mask.width, height: mask.height, name: file }, turn)
    },
  }
}

/** Sides of a picture before its target is turned. */
async function sidesOf({ image }: DatasetItem, { orientation }: Dataset, turn: number): Promise<Size> {
  const sides = await pictureSides(image)
  if (sides === undefined)
    throw new SemplesError('SEMPLES_IMAGE_UNREADABLE', {
      message: `The picture ${image} cannot be read.`,
      file: image,
      hint: 'Replace it, or take it out of the data.',
    })
  return sizeBefore(sizeBefore(sides, orientation === 'exif' ? sides.exif : 1), turn)
}
