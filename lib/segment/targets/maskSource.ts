import { resolve } from 'node:path'
import type { Warnings } from '../../base/warnings.js'
import { idsWithBackground } from '../../datasets/classes/ids.js'
import type { Dataset } from '../../datasets/dataset.js'
import { PredictedFolder } from '../../datasets/predictions/predictedFolder.js'
import { warningsOfLabels } from '../../formats/camFile/labelMap.js'
import { maskPalette } from '../../masks/palette.js'
import { FolderFiles } from './folderFiles.js'
import { scoreSource } from './scoreSource.js'
import { withoutUnsure } from './scores.js'
import { ClassIndices, checkTargetSize, ofDataset, type TargetSource } from './source.js'
import { turnedTarget, turnOf } from './turned.js'

interface MaskOptions {
  folder: string
  /** Folder of scores beside the masks. */
  confidence?: string
  /** Score of the background where these have no map of it. */
  threshold: number
  ignoreBelow: number
}

/** Masks of a folder, of any origin; with a folder of scores a picture needs both. */
export async function maskSource(
  { folder, confidence, threshold, ignoreBelow }: MaskOptions,
  dataset: Dataset,
  told: Warnings,
): Promise<TargetSource> {
  const files = await FolderFiles.open(folder, 'targets.folder', ['.png'])
  const { classes } = dataset
  const reading = { palette: maskPalette(classes.classes), ids: idsWithBackground(classes) }
  const masks = await PredictedFolder.open(folder, classes, reading, ofDataset)
  const indices = new ClassIndices(dataset)
  const scores =
    confidence === undefined
      ? undefined
      : await scoreSource({ folder: confidence, threshold, ignoreBelow: 0 }, dataset, told, true)
  return {
    describe: `masks in ${folder}${scores === undefined ? '' : `, weighted by scores in ${confidence}`}`,
    expects: scores === undefined ? 'mask' : 'mask with scores',
    where: scores === undefined ? folder : `${folder} and ${confidence}`,
    file: (id) => (scores === undefined || files.of(id) === undefined ? `${id}.png` : scores.file!(id)),
    files: (item) => [files.of(item.id), ...(scores?.files(item) ?? [])].filter((file) => file !== undefined),
    there: () => [files.there(), scores?.there() ?? ''].join(' ').trim(),
    notices: [...(masks.renumbering === undefined ? [] : [masks.renumbering.sentence]), ...(scores?.notices ?? [])],
    counted: () => scores?.counted?.() ?? [],
    has: async (item) => {
      const file = files.of(item.id)
      // A PNG is not its own mask.
      if (file === undefined || resolve(file) === item.image) return false
      return (await scores?.has(item)) ?? true
    },
    read: async (item, size, signal) => {
      const file = files.of(item.id)!
      const mask = await masks.read(file)
      told.add(item.id, warningsOfLabels(mask.data))
      const own = { labels: indices.labelsOf(mask, file), width: mask.width, height: mask.height, name: file }
      const target = turnedTarget(own, await turnOf(file, item, dataset))
      checkTargetSize(target, size, item)
      if (scores === undefined) return target
      const { confidence: sure } = await scores.read(item, { width: target.width, height: target.height }, signal)
      return { ...target, confidence: sure!, labels: withoutUnsure(target.labels, sure!, ignoreBelow) }
    },
  }
}
