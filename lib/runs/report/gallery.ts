import { join } from 'node:path'
import { count } from '../../base/count.js'
import { SemplesError } from '../../base/error.js'
import { type LabelledPictures, openLabelled } from '../../cam/labels.js'
import type { RunDirectory } from '../../checkpoints/runDirectory.js'
import type { RunConfig } from '../../config/types.js'
import type { ClassTable, Dataset, DatasetItem } from '../../datasets/dataset.js'
import { pictureFile } from '../../datasets/export/names.js'
import { hasSplits, requireSplits } from '../../datasets/open.js'
import { thresholdsOf } from '../labelCalibration.js'
import { readReview } from '../review/readReview.js'
import { trainedStage } from '../trainedGenerator.js'
import type { GatherOptions } from './options.js'

/** Pictures by what their masks are worth: those to look at first before the others, each with its score. */
export type ReviewedItems = ReadonlyMap<DatasetItem, number | undefined>

/** Pictures for a report, and the review of their masks, where one is given. */
export interface ReportPictures extends LabelledPictures {
  review?: ReviewedItems
}

/** The pictures that a report shows: those asked for, or those of the run that have ground truth, if any have. */
export async function openReportPictures(
  run: RunDirectory,
  config: RunConfig,
  classes: ClassTable,
  options: GatherOptions,
): Promise<ReportPictures & { split: 'train' | 'val'; warnings: string[] }> {
  const { data = config.data, split } = options
  const warnings: string[] = []
  const thresholds = async (given?: number) => {
    const trained = await trainedStage(run, undefined)
    const found = await thresholdsOf({ run, config, classes, trained }, given)
    // Again for the other split.
    warnings.splice(0, warnings.length, ...found.warnings)
    return found.thresholds
  }
  const ofRun = { classes, file: join(run.path, 'classes.json') }
  const open = async (which: 'train' | 'val') => ({
    ...(await openLabelled(data, which, ofRun, options, thresholds)),
    split: which,
    warnings,
  })
  requireSplits(data, split)
  const pictures = await (split === undefined ? openEither(data, open) : open(split))
  const { review } = options
  return review === undefined ? pictures : { ...pictures, review: await reviewedItems(pictures, review, warnings) }
}

/** Those with ground truth, if any have. */
async function openEither<T extends LabelledPictures>(
  data: RunConfig['data'],
  open: (which: 'train' | 'val') => Promise<T>,
): Promise<T> {
  // The validation half of a data set may not have been fetched.
  const validation = await open('val').catch((error: unknown) => {
    if (error instanceof SemplesError && hasSplits(data)) return undefined
    throw error
  })
  if (validation !== undefined && (!hasSplits(data) || (await hasGroundTruth(validation.dataset)))) return validation
  return open('train')
}

/** The reviewed pictures of a data set, in the order of their review. Others in it are told of. */
async function reviewedItems(
  { dataset: { items, name } }: LabelledPictures,
  file: string,
  warnings: string[],
): Promise<ReviewedItems> {
  const rows = await readReview(file)
  const byFile = new Map(items.map((item) => [pictureFile(item), item]))
  const found = rows.flatMap(({ picture, score }) => {
    const item = byFile.get(picture)
    return item === undefined ? [] : [[item, score] as const]
  })
  if (found.length === 0)
    throw new SemplesError('SEMPLES_PICTURE_MISSING', {
      message: `The review ${file} names none of the ${count(items.length, 'picture')} of ${name}.`,
      file,
      field: 'review',
      value: rows[0]?.picture,
      hint: 'Give the pictures that these masks were made of: data, or split (--data, --split train).',
    })
  const missing = rows.length - found.length
  if (missing > 0) warnings.push(`The review ${file} names ${count(missing, 'picture')} that ${name} does not have.`)
  return new Map(found)
}

async function hasGroundTruth(dataset: Dataset): Promise<boolean> {
  for (const item of dataset.items) if ((await dataset.mask(item)) !== undefined) return true
  return false
}

/** The items in a fixed order in which every prefix is spread evenly over the whole list. */
export function spreadOut<T>(items: readonly T[]): T[] {
  const { length } = items
  if (length < 2) return [...items]
  // A stride near the golden ratio that visits every index once.
  let stride = Math.max(1, Math.round(length * 0.618))
  while (greatestCommonDivisor(stride, length) !== 1) stride++
  return items.map((_, index) => items[(index * stride) % length]!)
}

/**
 * Pictures for the gallery: those that a review puts first, or balanced over the classes, one of the first class, one of the
 * second, ...
 */
export function galleryPictures(dataset: Dataset, count: number, review?: ReviewedItems): DatasetItem[] {
  if (review !== undefined) return [...review.keys()].slice(0, count)
  const items = spreadOut(dataset.items)
  const queues = dataset.classes.classes
    .map((_, index) => items.filter(({ labels }) => labels.includes(index)))
    .filter((queue) => queue.length > 0)
  const chosen = new Set<DatasetItem>()
  for (let turn = 0; chosen.size < count && queues.some((queue) => queue.length > 0); turn++) {
    const queue = queues[turn % queues.length]!
    const next = queue.findIndex((item) => !chosen.has(item))
    if (next >= 0) chosen.add(queue[next]!)
    queue.splice(0, next >= 0 ? next + 1 : queue.length)
  }
  // Fill up with any pictures, as where labels are yet to be predicted.
  for (const item of items) if (chosen.size < count) chosen.add(item)
  return [...chosen].slice(0, count)
}

function greatestCommonDivisor(one: number, other: number): number {
  return other === 0 ? one : greatestCommonDivisor(other, one % other)
}
