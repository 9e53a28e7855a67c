import { freeMemory } from '../../base/memory.js'
import type { RunConfig, StageName } from '../../config/types.js'
import type { Dataset } from '../../datasets/dataset.js'
import type { ClipTower } from '../../models/memory/clip.js'
import { networkWeights } from '../../models/memory/network.js'
import type { Stage } from '../../stages/stage.js'
import { peakMemory } from '../memory/peakMemory.js'
import { trainingJob } from '../memory/training.js'

/** A stage as it would run. */
export interface PlannedStage {
  name: StageName
  title: string
  epochs: number
  /** Steps in an epoch. */
  steps: number
  /** Pictures a step. */
  batch: number
  /** Pictures computed at a time. */
  atOnce: number
  /** Effective rate before the schedule: lr * batch / lrBatch. */
  learningRate: number
  /** Estimated most memory of the process, in bytes; absent on a GPU. */
  peakBytes?: number
  /** Whether that is more than is free. */
  tooLarge?: boolean
  /** Estimated wall-clock hours; absent where nothing could be timed. */
  hours?: number
  /** Bytes of its checkpoint. */
  diskBytes: number
}

export interface StageFacts {
  config: RunConfig
  dataset: Dataset
  clip: ClipTower | undefined
  device: string | undefined
  seconds: ReadonlyMap<string, number>
}

export function plannedStage(stage: Stage, { config, dataset, clip, device, seconds }: StageFacts): PlannedStage {
  const labelled = dataset.items.filter(({ labels }) => labels.length > 0).length
  const steps = Math.min(stage.maxSteps ?? Number.POSITIVE_INFINITY, Math.floor(labelled / stage.batch))
  const aPicture = seconds.get(stage.name)
  const job = trainingJob(config, dataset, stage, clip)
  const peakBytes = device?.startsWith('cuda') ? undefined : peakMemory(job).bytes
  return {
    name: stage.name,
    title: stage.title,
    epochs: stage.epochs,
    steps,
    batch: stage.batch,
    atOnce: Math.min(stage.batch, config[stage.name].microBatch || stage.batch),
    learningRate: stage.learningRate,
    ...(peakBytes === undefined
      ? {}
      : { peakBytes, tooLarge: peakBytes > freeMemory().bytes + process.memoryUsage.rss() }),
    ...(aPicture === undefined ? {} : { hours: (stage.epochs * steps * stage.batch * aPicture) / 3600 }),
    diskBytes: diskOf(config, dataset, stage, job.optimizer),
  }
}

/** Weights and the optimiser's state, or prompts. */
function diskOf(config: RunConfig, { classes }: Dataset, { trains }: Stage, optimizer: number): number {
  const count = classes.classes.length
  if (trains === 'prompts') return 4 * (1 + optimizer) * count * config.prompt.length * 512
  const kept = config.select === 'miou' ? 2 : 1
  const weights = networkWeights(config.generator, count)
  return kept * weights * (trains === 'all' ? 1 + optimizer : 1)
}
