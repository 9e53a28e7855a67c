import { join } from 'node:path'
import { z } from 'zod'
import { writeJsonAtomic } from '../base/atomic.js'
import { SemplesError } from '../base/error.js'
import { itemProgress, type OnProgress } from '../base/progress.js'
import { labelScores } from '../cam/labels.js'
import { labelThresholds } from '../cam/labelThresholds.js'
import { preparePicture } from '../cam/picture.js'
import type { RunDirectory } from '../checkpoints/runDirectory.js'
import { readJson } from '../checkpoints/stageDirectory.js'
import type { RunConfig } from '../config/types.js'
import type { ClassTable, Dataset, DatasetItem } from '../datasets/dataset.js'
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
  /** By label. */
  thresholds: z.record(z.string(), z.number().min(0).max(1)),
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
  const items = drawn(dataset.items, config.seed)
  const scores: number[][] = []
  const labels: (readonly number[])[] = []
  const progress = itemProgress('labels')
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
  return {
    ...trained,
    pictures: scores.length,
    thresholds: Object.fromEntries(classes.map(({ label }, index) => [label, thresholds[index]!])),
  }
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

/**
 * The thresholds that the run has stored for this generator, in the order of the class table; 0.5, with a warning, where
 * it has none.
 */
export async function thresholdsOf(
  run: RunDirectory,
  { stage, checkpoint }: TrainedStage,
  { classes }: ClassTable,
): Promise<{ thresholds: number[]; warnings: string[] }> {
  const found = await readJson(join(run.path, FILE), calibrationSchema)
  const same = found?.stage === stage && found.checkpoint === checkpoint
  const thresholds = classes.map(({ label }) => (same ? (found.thresholds[label] ?? 0.5) : 0.5))
  if (same) return { thresholds, warnings: [] }
  const warning = `The run has no thresholds for labels predicted by stage ${stage}: 0.5 is taken for every class. They are found when training ends.`
  return { thresholds, warnings: [warning] }
}

function drawn(items: readonly DatasetItem[], seed: number): DatasetItem[] {
  if (items.length <= MAX_PICTURES) return [...items]
  const order = new Random(seed, 'labels').permutation(items.length)
  return [...order.subarray(0, MAX_PICTURES)].sort((one, other) => one - other).map((index) => items[index]!)
}
