import { count } from '../../base/count.js'
import { SemplesError } from '../../base/error.js'
import { itemProgress, type OnProgress } from '../../base/progress.js'
import { camsOf, type PreparedPicture, preparePicture } from '../../cam/picture.js'
import type { RunConfig } from '../../config/types.js'
import { idsOf } from '../../datasets/classes/ids.js'
import type { DatasetItem } from '../../datasets/dataset.js'
import type { LabelMap } from '../../masks/labelMap.js'
import { maskFromCams } from '../../masks/threshold.js'
import { featuresOf, type LearnedPrompts } from '../../prompts/learnedPrompts.js'
import { promptMaps } from '../../prompts/promptMaps.js'
import type { AblationRow, GalleryPicture } from '../../report/runReport.js'
import { AblationScorer } from './ablationScorer.js'
import { galleryPictures, type ReportPictures, spreadOut } from './gallery.js'
import { RefinedRow, type RefineRowOptions, type RowResult } from './refined.js'
import type { Row } from './rows.js'
import type { SegmentedRow } from './segmented.js'
import { shownSize, shrinkImage, shrinkMaps, shrinkMask } from './shrink.js'

export interface ScoreStagesOptions {
  pictures: ReportPictures
  /** In the order of training; the last one predicts labels where they are predicted. */
  rows: readonly Row[]
  prompts: LearnedPrompts | undefined
  config: RunConfig
  threshold: number
  /** Evaluated on the same pictures, but not shown. */
  control?: Row
  /** Adds a row: the masks of the last generator, refined. */
  refine?: RefineRowOptions
  /** Segmentation models, which are told nothing of a picture. */
  segmented?: readonly SegmentedRow[]
  /** Number of pictures to show, and maximum number of pictures to evaluate. */
  shown: number
  judged: number
  onProgress?: OnProgress
  signal?: AbortSignal
}

export interface StageScores {
  gallery: GalleryPicture[]
  ablation: AblationRow[]
  control?: AblationRow
  segmenters: AblationRow[]
  notices: string[]
}

/**
 * Computes maps and masks of pictures with every generator, one picture after another; scores them, and keeps those of the
 * gallery. Which pictures are judged does not depend on which are shown, nor on what is refined.
 */
export async function scoreStages(options: ScoreStagesOptions): Promise<StageScores> {
  const { pictures, rows, control, segmented = [], threshold, shown, judged, onProgress, signal } = options
  const { dataset } = pictures
  const gallery = galleryPictures(dataset, shown, pictures.review)
  const inGallery = new Set(gallery)
  const order = spreadOut(dataset.items)
  const scorers = rows.map(() => new AblationScorer(dataset.classes, threshold))
  const controlScorer = new AblationScorer(dataset.classes, threshold)
  const refined = options.refine && new RefinedRow(dataset.classes, options.refine, threshold, rows.at(-1)!.name)
  const shownPictures = new Map<DatasetItem, GalleryPicture>()
  const leftOut: string[] = []
  let done = 0
  let scored = 0
  const planned = new Set([...gallery, ...order.slice(0, judged)]).size
  const progress = itemProgress('report')
  for (const item of order) {
    if (!inGallery.has(item) && scored >= judged) continue
    signal?.throwIfAborted()
    try {
      const truth = await dataset.mask(item)
      if (truth === undefined && !inGallery.has(item)) continue
      const sampled = await computeMaps(options, item, truth)
      if (truth !== undefined && scored < judged) {
        const names = { prediction: item.id, groundTruth: item.id }
        const maps = control && (await rowMaps(options, control, sampled.prepared))
        // Maps that are no numbers are told before any row counts the picture: all rows are of the same pictures.
        for (const picture of [...sampled.results, ...(maps === undefined ? [] : [maps])])
          maskFromCams({ ...picture, threshold })
        for (const [row, picture] of sampled.results.entries()) scorers[row]!.add(picture, truth, names)
        if (maps !== undefined) controlScorer.add(maps, truth, names)
        await refined?.add(sampled.prepared.image, sampled.results.at(-1)!, truth, item.id)
        for (const model of segmented) await model.add(sampled.prepared.image, truth, item.id, signal)
        scored++
      }
      if (inGallery.has(item)) shownPictures.set(item, await galleryPicture(options, sampled, refined))
    } catch (error) {
      if (!(error instanceof SemplesError)) throw error
      leftOut.push(error.message)
    }
    done++
    onProgress?.(progress(done, Math.max(planned, done)))
  }
  // Fewer pictures have ground truth than may be judged: these were all.
  if (done > 0 && done < planned) onProgress?.(progress(done, done))
  return {
    gallery: gallery.flatMap((item) => shownPictures.get(item) ?? []),
    ...(control === undefined || scored === 0 ? {} : { control: controlScorer.row(control) }),
    ablation:
      scored === 0
        ? []
        : [
            ...scorers.map((judge, index) => judge.row(rows[index]!)),
            ...(refined === undefined ? [] : [refined.row()]),
          ],
    segmenters: scored === 0 ? [] : segmented.map((model) => model.row()),
    notices: [
      ...(leftOut.length === 0
        ? []
        : [`${pictureCount(leftOut.length)} left out of the report; the first: ${leftOut[0]}`]),
      ...(refined?.notices() ?? []),
    ],
  }
}

function pictureCount(pictures: number): string {
  return `${count(pictures, 'picture')} ${pictures === 1 ? 'is' : 'are'}`
}

/** A picture with the maps of every row's generator. */
interface SampledPicture {
  prepared: PreparedPicture
  truth: LabelMap | undefined
  /** One per row. */
  results: RowResult[]
}

async function computeMaps(
  options: ScoreStagesOptions,
  item: DatasetItem,
  truth: LabelMap | undefined,
): Promise<SampledPicture> {
  const { pictures, rows, config } = options
  const { dataset, label } = pictures
  const prepared = await label(await preparePicture(dataset, item, config.cams), rows.at(-1)!.generator)
  const results: SampledPicture['results'] = []
  for (const row of rows) results.push(await rowMaps(options, row, prepared))
  return { prepared, truth, results }
}

async function rowMaps(
  { pictures: { dataset }, config }: ScoreStagesOptions,
  { generator }: Row,
  prepared: PreparedPicture,
): Promise<RowResult> {
  const { cams, classes, height, width } = await camsOf(generator, prepared, config.cams)
  return { cams, classIds: idsOf(dataset.classes, classes), height, width }
}

async function galleryPicture(
  options: ScoreStagesOptions,
  { prepared, truth, results }: SampledPicture,
  refined: RefinedRow | undefined,
): Promise<GalleryPicture> {
  const { pictures, rows, threshold } = options
  const { item, image } = prepared
  const size = shownSize(image)
  const { data: pixels } = await shrinkImage(image, size)
  const shown = (name: string, result: RowResult, mask: LabelMap) => ({
    name,
    cams: shrinkMaps(result.cams, result.classIds.length, result, size),
    mask: shrinkMask(mask, size),
  })
  const review = pictures.review?.get(item)
  const last = refined && (await refined.refine(image, results.at(-1)!))
  const segments = []
  for (const model of options.segmented ?? []) {
    const own = await model.segment(image, item.id, undefined, options.signal)
    segments.push({ ...shown(model.name, { ...own, classIds: [0] }, own.mask), segmented: true as const })
  }
  return {
    id: item.id,
    ...size,
    pixels,
    ...(truth === undefined ? {} : { truth: shrinkMask(truth, size) }),
    labels: idsOf(pictures.dataset.classes, item.labels),
    labelSource: pictures.source,
    ...(review === undefined ? {} : { review }),
    results: [
      ...results.map((result, row) => shown(rows[row]!.name, result, maskFromCams({ ...result, threshold }))),
      ...(last === undefined ? [] : [{ ...shown(refined!.name, last, last.mask), refined: true as const }]),
      ...segments,
    ],
    promptMaps: await promptMapsOf(options, prepared),
  }
}

async function promptMapsOf(
  { prompts, config, pictures }: ScoreStagesOptions,
  { item, image }: PreparedPicture,
): Promise<GalleryPicture['promptMaps']> {
  if (prompts === undefined || item.labels.length === 0) return []
  const features = featuresOf(prompts.features, item.labels)
  const maps = await promptMaps(prompts.clip, image, features, config.clip.normalize)
  return maps.map((map, index) => ({ classId: pictures.dataset.classes.classes[item.labels[index]!]!.id, ...map }))
}
