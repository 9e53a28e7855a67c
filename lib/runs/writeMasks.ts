import { join } from 'node:path'
import { writeAtomic } from '../base/atomic.js'
import { runInSlices } from '../base/cooperative.js'
import { itemProgress, type OnProgress } from '../base/progress.js'
import type { LabelledPicture, LabelledPictures } from '../cam/labels.js'
import { overlayJpeg } from '../cam/overlay.js'
import { camsOf, type PictureCams, preparedPictures } from '../cam/picture.js'
import { type PictureFiles, writePicture } from '../cam/writePicture.js'
import type { RunConfig } from '../config/types.js'
import { idsOf } from '../datasets/classes/ids.js'
import type { DatasetItem } from '../datasets/dataset.js'
import { pictureFile } from '../datasets/export/names.js'
import type { LabelMap } from '../masks/labelMap.js'
import type { Orientation } from '../masks/orientation.js'
import { maskPalette } from '../masks/palette.js'
import { readMask } from '../masks/png.js'
import { maskSteps } from '../masks/threshold.js'
import type { MaskGenerator } from '../models/maskGenerator.js'
import { decodeImage } from '../pictures/decode.js'
import type { MasksFolder, PredictedLabels } from './masksFolder.js'
import { type RefinementOptions, refineCams } from './refineCams.js'
import { reviewMask } from './review/reviewMask.js'
import { type ViewMasks, viewMasks } from './review/views.js'

export interface WriteMasksOptions {
  pictures: LabelledPictures
  generator: MaskGenerator
  cams: RunConfig['cams']
  /** Background threshold. */
  threshold: number
  /** Refine masks so. */
  refine: RefinementOptions | undefined
  /** Also review the masks: looks at every picture again, in single passes. */
  review: boolean
  orientation: Orientation
  folder: MasksFolder
  /** Paths inside the folder of what is written of a picture. */
  filesOf(id: string): PictureFiles
  onProgress: OnProgress | undefined
  signal: AbortSignal | undefined
}

/** Makes and writes the masks that are not finished yet. Gives how many were, and how many have no class. */
export async function writeMasks(options: WriteMasksOptions): Promise<{ skipped: number; unlabelled: number }> {
  const { pictures, generator, cams, threshold, review, folder, onProgress, signal } = options
  const { dataset, label } = pictures
  const write = pictureWriter(options)
  const rest = dataset.items.filter(({ id }) => !folder.isDone(id))
  const bare = dataset.items.filter(({ id }) => folder.isDone(id) && folder.lacksOverlay(id))
  const total = bare.length + rest.length
  const progress = itemProgress('masks')
  let done = 0
  // One picture is written while the model works on the next.
  let writing = Promise.resolve()
  const compute = async (labelled: Promise<LabelledPicture>): Promise<ComputedPicture> => {
    const picture = await labelled
    const views = review
      ? await viewMasks(generator, picture, { cams, classes: dataset.classes, threshold })
      : undefined
    return { picture, cams: await camsOf(generator, picture, cams), views }
  }
  try {
    for (const item of bare) {
      signal?.throwIfAborted()
      await writeOverlay(item, options)
      onProgress?.(progress(++done, total))
    }
    for await (const picture of preparedPictures(dataset, rest, cams, signal)) {
      const computing = compute(label(picture, generator))
      // Either may fail while the other is awaited.
      computing.catch(() => undefined)
      await writing
      signal?.throwIfAborted()
      const made = await computing
      writing = write(made).then(() => onProgress?.(progress(++done, total)))
      writing.catch(() => undefined)
    }
  } finally {
    await writing
  }
  const unlabelled = dataset.items.filter(({ id, labels }) => {
    const predicted = folder.labelsOf(id)
    return (predicted === undefined ? labels : Object.keys(predicted)).length === 0
  })
  return { skipped: dataset.items.length - rest.length, unlabelled: unlabelled.length }
}

interface ComputedPicture {
  picture: LabelledPicture
  cams: PictureCams
  views: ViewMasks | undefined
}

function pictureWriter(options: WriteMasksOptions): (computed: ComputedPicture) => Promise<void> {
  const { threshold, refine, review, orientation, folder, filesOf, signal } = options
  const { classes } = options.pictures.dataset
  const palette = maskPalette(classes.classes)
  return async (computed) => {
    const { cams } = computed
    const { item, image, scores } = computed.picture
    const classIds = idsOf(classes, cams.classes)
    const maps = { ...cams, classIds }
    const thresholded = () => runInSlices(maskSteps({ ...maps, threshold }))
    const mask: LabelMap =
      refine === undefined
        ? await thresholded()
        : (await refineCams(image, maps, { ...refine, threshold }, { signal })).mask
    await folder.begin(item.id)
    if (review) {
      const unrefined = refine === undefined ? undefined : await thresholded()
      await folder.recordReview(item.id, await reviewMask({ ...reviewed(computed), classIds, mask, unrefined }))
    }
    if (folder.isWritten(item.id)) {
      if (folder.lacksOverlay(item.id)) await writeOverlay(item, options)
      return
    }
    if (scores !== undefined) await folder.recordLabels(item.id, predictedLabels(item.labels, scores))
    const files = Object.fromEntries(
      Object.entries(filesOf(item.id)).map(([kind, name]) => [kind, join(folder.path, name)]),
    ) as unknown as PictureFiles
    await writePicture({ mask, palette, orientation, files, cams, classIds, image })
  }

  function reviewed({ picture: { item, scores }, cams: { logits }, views }: ComputedPicture) {
    const scoreOf = (index: number) => scores?.[index] ?? sigmoid(logits![index]!)
    return {
      picture: pictureFile(item),
      labels: item.labels.map((index) => classes.classes[index]!.label),
      labelScores: item.labels.map(scoreOf),
      views,
    }
  }

  function predictedLabels(labels: readonly number[], scores: readonly number[]): PredictedLabels {
    return Object.fromEntries(labels.map((index) => [classes.classes[index]!.label, rounded(scores[index]!)]))
  }
}

/** The overlay of a mask that an earlier call finished. */
async function writeOverlay(item: DatasetItem, { pictures, folder, filesOf }: WriteMasksOptions): Promise<void> {
  const { mask: file, overlay } = filesOf(item.id)
  const { classes, orientation } = pictures.dataset
  const mask = await readMask(join(folder.path, file))
  await folder.begin(item.id)
  const image = await decodeImage(item.image, { orientation })
  await writeAtomic(join(folder.path, overlay!), await overlayJpeg(image, mask, maskPalette(classes.classes)))
}

function sigmoid(logit: number): number {
  return 1 / (1 + Math.exp(-logit))
}

/** To four digits: more would be noise, and long to read. */
function rounded(score: number): number {
  return Math.round(1e4 * score) / 1e4
}
