import { labelScores } from '../../cam/labels.js'
import { camsOf, preparePicture } from '../../cam/picture.js'
import type { RunConfig } from '../../config/types.js'
import type { Dataset, DatasetItem } from '../../datasets/dataset.js'
import { canHavePixelLabels } from '../../datasets/open.js'
import type { Compute } from '../../models/devices.js'
import type { MaskGenerator } from '../../models/maskGenerator.js'
import { calibrationPictures } from '../labelCalibration.js'
import { AFTER_TRAINING } from '../report/options.js'
import { RunModels } from '../runModels.js'
import { trainsGenerator } from '../trainedGenerator.js'

/** What is done once all stages are trained. */
export interface PlannedStep {
  /** `labels`: thresholds of predicted labels are found; `report`: report.html is made. As in progress. */
  name: 'labels' | 'report'
  title: string
  /** Pictures that are looked at, at most. */
  pictures: number
  /** Estimated wall-clock hours; absent where nothing could be timed. */
  hours?: number
}

/** Pictures that are timed, after one that is not: enough to tell, few enough to wait for. */
const TIMED = 2

/**
 * The steps after training.
 *
 * @param compute where a few pictures are to be timed
 */
export async function afterTraining(
  config: RunConfig,
  dataset: Dataset,
  report: boolean,
  compute: Compute | undefined,
  signal?: AbortSignal,
): Promise<PlannedStep[]> {
  const trained = config.stages.filter(trainsGenerator).length
  if (trained === 0) return []
  const seconds = compute === undefined ? undefined : await timePictures(config, dataset, compute, signal)
  const hours = (pictures: number, aPicture: number | undefined) =>
    aPicture === undefined ? {} : { hours: (pictures * aPicture) / 3600 }
  const labels = calibrationPictures(dataset.items, config.seed).length
  const judged = canHavePixelLabels(config.data) ? AFTER_TRAINING.judged : 0
  const shown = Math.min(dataset.items.length, AFTER_TRAINING.pictures + judged)
  return [
    {
      name: 'labels',
      title: 'thresholds of predicted labels',
      pictures: labels,
      ...hours(labels, seconds?.labels),
    },
    ...(report
      ? [
          {
            name: 'report' as const,
            title: 'report.html: maps and masks of each stage',
            pictures: shown,
            ...hours(shown, seconds && trained * seconds.maps),
          },
        ]
      : []),
  ]
}

/** Seconds that the scores of a picture take, and its maps, loading included. Pictures that cannot be read are left out. */
async function timePictures(
  config: RunConfig,
  dataset: Dataset,
  compute: Compute,
  signal?: AbortSignal,
): Promise<{ labels: number; maps: number } | undefined> {
  const labelled = dataset.items.filter(({ labels }) => labels.length > 0)
  const some = Array.from(
    { length: TIMED + 1 },
    (_, index) => labelled[Math.floor((index * labelled.length) / (TIMED + 1))],
  )
  const models = new RunModels(config, dataset, compute)
  try {
    const generator = await models.generator()
    const made: { labels: number; maps: number }[] = []
    for (const item of some) {
      signal?.throwIfAborted()
      const one = item && (await timeOne(config, dataset, generator, item).catch(() => undefined))
      if (one !== undefined) made.push(one)
    }
    const counted = made.length > 1 ? made.slice(1) : made
    const mean = (field: 'labels' | 'maps') => counted.reduce((sum, one) => sum + one[field], 0) / counted.length
    return counted.length === 0 ? undefined : { labels: mean('labels'), maps: mean('maps') }
  } finally {
    await models.dispose()
  }
}

async function timeOne(config: RunConfig, dataset: Dataset, generator: MaskGenerator, item: DatasetItem) {
  const started = performance.now()
  await labelScores(generator, await preparePicture(dataset, item, { ...config.cams, scales: [1] }))
  const scored = performance.now()
  await camsOf(generator, await preparePicture(dataset, item, config.cams), config.cams)
  return { labels: (scored - started) / 1000, maps: (performance.now() - scored) / 1000 }
}
