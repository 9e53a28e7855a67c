import { join } from 'node:path'
import { z } from 'zod'
import { writeJsonAtomic } from '../base/atomic.js'
import { count, listed } from '../base/count.js'
import { SemplesError } from '../base/error.js'
import { itemProgress, notice, type OnProgress } from '../base/progress.js'
import { labelScores } from '../cam/labels.js'
import { labelThresholds } from '../cam/labelThresholds.js'
import { preparePicture } from '../cam/picture.js'
import type { RunDirectory } from '../checkpoints/runDirectory.js'
import { readJson } from '../checkpoints/stageDirectory.js'
import type { RunConfig } from '../config/types.js'
import type { ClassTable, Dataset, DatasetItem } from '../datasets/dataset.js'
import { countPictures } from '../datasets/oneClass.js'
import { openDataset } from '../datasets/open.js'
import { Random } from '../loader/random.js'
import type { MaskGenerator } from '../models/maskGenerator.js'
import type { TrainedStage } from './trainedGenerator.js'

/** The file of a run that holds its thresholds. */
const FILE = 'labels.json'

/** Pictures that are looked at, drawn by the seed of the run; more would not change thresholds of hundredths. */
const MAX_PICTURES = 500

const calibrationSchema = z.looseObject({
  stage: z.string(),
  checkpoint: z.string(),
  pictures: z.number(),
  /** By label, of classes that a training picture shows. */
  thresholds: z.record(z.string(), z.number().min(0).max(1)),
  /** Labels of the others: nothing was learned of them, so they are never predicted. */
  unseen: z.array(z.string()).optional(),
})

/** From which score on the generator's classes count as present, found on training pictures with their image-level labels. */
export type LabelCalibration = z.infer<typeof calibrationSchema>

export interface CalibrateOptions {
  config: RunConfig
  dataset: Dataset
  generator: MaskGenerator
  trained: TrainedStage
  onProgress?: OnProgress
  signal?: AbortSignal
}

/** Finds the thresholds of a generator. Pictures that cannot be read are left out, as in training. */
export async function calibrateLabels(options: CalibrateOptions): Promise<LabelCalibration> {
  const { config, dataset, trained, onProgress, signal } = options
  const items = calibrationPictures(dataset.items, config.seed)
  const scores: number[][] = []
  const labels: (readonly number[])[] = []
  const progress = itemProgress('labels')
  onProgress?.(
    notice(
      'labels',
      `finding on ${count(items.length, 'training picture')} from which score on a class counts as present, for masks of pictures without labels (masks --labels predicted)`,
    ),
  )
  for (const [index, item] of items.entries()) {
    signal?.throwIfAborted()
    const own = await scoresOf(item, options)
    if (own !== undefined) {
      scores.push(own)
      labels.push(item.labels)
    }
    onProgress?.(progress(index + 1, items.length))
  }
  const { classes } = dataset.classes
  const thresholds = labelThresholds(scores, labels, classes.length)
  const unseen = unseenClasses(dataset)
  const found = classes.map(({ label }, index): [string, number] => [label, thresholds[index]!])
  return {
    ...trained,
    pictures: scores.length,
    thresholds: Object.fromEntries(found.filter(([label]) => !unseen.includes(label))),
    unseen,
  }
}

/** Labels of the classes that no picture shows. */
function unseenClasses(dataset: Dataset): string[] {
  const counts = countPictures(dataset)
  return dataset.classes.classes.flatMap(({ label }, index) => (counts[index] === 0 ? [label] : []))
}

/** Undefined for a picture that cannot be read or is too small for the generator. */
async function scoresOf(item: DatasetItem, options: CalibrateOptions): Promise<number[] | undefined> {
  const { config, dataset, generator } = options
  try {
    return await labelScores(generator, await preparePicture(dataset, item, { ...config.cams, scales: [1] }))
  } catch (error) {
    const ofPicture = error instanceof SemplesError && /^SEMPLES_IMAGE_|^SEMPLES_FILE_/.test(error.code)
    if (ofPicture) return undefined
    throw error
  }
}

/** Stores them in the run, which must be open for writing. */
export async function writeCalibration(run: RunDirectory, calibration: LabelCalibration): Promise<void> {
  await writeJsonAtomic(join(run.path, FILE), calibration)
}

export interface RunOfThresholds {
  run: RunDirectory
  config: RunConfig
  classes: ClassTable
  trained: TrainedStage
}

/**
 * The lowest scores with which classes count as present, in the order of the class table: the threshold that is given for
 * all, else those that the run has stored for this generator, else 0.5, with a warning. Infinity, with a warning, for a
 * class that no training picture shows.
 */
export async function thresholdsOf(
  { run, config, classes: { classes }, trained: { stage, checkpoint } }: RunOfThresholds,
  given?: number,
): Promise<{ thresholds: number[]; warnings: string[] }> {
  const found = await readJson(join(run.path, FILE), calibrationSchema)
  const same = found?.stage === stage && found.checkpoint === checkpoint
  const unseen = new Set(found?.unseen ?? (await unseenInTraining(config)))
  const stored = (label: string) => (same ? (found.thresholds[label] ?? 0.5) : 0.5)
  const left = classes.filter(({ label }) => unseen.has(label)).map(({ label }) => label)
  return {
    thresholds: classes.map(({ label }) => (unseen.has(label) ? Number.POSITIVE_INFINITY : (given ?? stored(label)))),
    warnings: [
      ...(same || given !== undefined
        ? []
        : [
            `The run has no thresholds for labels predicted by stage ${stage}: 0.5 is taken for every class. They are found when training ends.`,
          ]),
      ...(left.length === 0
        ? []
        : [
            `No training picture shows ${listed(left)}: nothing was learned of ${left.length === 1 ? 'it, and it is' : 'them, and they are'} never predicted.`,
          ]),
    ],
  }
}

/** Of a run whose training has not ended, or of an older version: as far as its data can still be opened. */
async function unseenInTraining({ data }: RunConfig): Promise<string[]> {
  return openDataset(data, 'train').then(unseenClasses, () => [])
}

/** The pictures that thresholds are found on. */
export function calibrationPictures(items: readonly DatasetItem[], seed: number): DatasetItem[] {
  if (items.length <= MAX_PICTURES) return [...items]
  const order = new Random(seed, 'labels').permutation(items.length)
  return [...order.subarray(0, MAX_PICTURES)].sort((one, other) => one - other).map((index) => items[index]!)
}
