import type { Loader } from '../loader/batches.js'
import type { Trainer } from '../models/trainer.js'
import type { StepResult } from '../native/addon.js'
import { learningRateAt } from './schedule.js'
import type { Stage } from './stage.js'

/** Where a stage stands: `step` steps of epoch `epoch` are done. */
export interface Position {
  epoch: number
  step: number
}

/** A step that was made. */
export interface StepRecord extends Position {
  /** Steps in an epoch. */
  steps: number
  learningRate: number
  result: StepResult
  /** Pictures a second since the stage went on. */
  picturesPerSecond: number
  /** Seconds left in the stage at the present rate. */
  eta: number
}

export interface EpochHooks {
  onStep(record: StepRecord): Promise<void> | void
  /** Called at the end of every epoch, at intervals within long ones, and when something stops the epoch. */
  save(position: Position): Promise<void>
}

export interface EpochsOptions {
  stage: Stage
  loader: Loader
  trainer: Trainer
  from: Position
  hooks: EpochHooks
  signal?: AbortSignal
  /** Milliseconds between saves within an epoch. */
  saveInterval?: number
}

/** A killed process loses at most this much of a long epoch. */
const SAVE_INTERVAL = 10 * 60 * 1000

/**
 * The one epoch loop. Every random choice is a function of seed, stage, epoch and step, so a run that goes on from a
 * saved position makes the same steps as one that was never interrupted.
 *
 * @throws the reason of `signal`, or what stopped a step, after the position was saved
 */
export async function runEpochs(options: EpochsOptions): Promise<void> {
  const { stage, hooks, from } = options
  const progress = new Rate(options)
  const steps = stepsOf(options)
  for (let epoch = from.epoch; epoch < stage.epochs; epoch++) {
    await runEpoch(options, epoch, epoch === from.epoch ? from.step : 0, steps, progress)
    await hooks.save({ epoch: epoch + 1, step: 0 })
  }
}

/** Steps in an epoch of this stage. */
export function stepsOf({ stage, loader }: Pick<EpochsOptions, 'stage' | 'loader'>): number {
  return Math.min(stage.maxSteps ?? Number.POSITIVE_INFINITY, loader.stepsPerEpoch)
}

async function runEpoch(
  options: EpochsOptions,
  epoch: number,
  first: number,
  steps: number,
  rate: Rate,
): Promise<void> {
  const { stage, loader, trainer, hooks, signal } = options
  if (first >= steps) return
  let step = first
  let kept = first
  let saved = performance.now()
  // Between two steps: what was trained and what is on record agree.
  let whole = true
  try {
    for await (const batch of loader.epoch(epoch, step, signal)) {
      whole = false
      const place = { epoch, epochs: stage.epochs, step, steps }
      const learningRate = learningRateAt(stage.schedule, stage.learningRate, place)
      const result = await trainer.step({ ...batch, learningRate })
      step++
      await hooks.onStep({ epoch, step, steps, learningRate, result, ...rate.after(batch.count, epoch, step) })
      whole = true
      signal?.throwIfAborted()
      if (step >= steps) break
      if (performance.now() - saved > (options.saveInterval ?? SAVE_INTERVAL)) {
        await hooks.save({ epoch, step })
        kept = step
        saved = performance.now()
      }
    }
  } catch (error) {
    // Whatever stopped the next step (a signal, an unreadable picture), the ones before it are kept.
    if (whole && step > kept) {
      const save = hooks.save({ epoch, step })
      await (signal?.aborted ? save : save.catch(() => undefined))
    }
    throw error
  }
}

/** Speed so far and time left. */
class Rate {
  private readonly started = performance.now()
  private pictures = 0
  private made = 0
  private readonly steps: number

  constructor(private readonly options: EpochsOptions) {
    this.steps = stepsOf(options)
  }

  after(pictures: number, epoch: number, step: number): { picturesPerSecond: number; eta: number } {
    const seconds = (performance.now() - this.started) / 1000
    this.pictures += pictures
    this.made++
    const left = (this.options.stage.epochs - epoch) * this.steps - step
    return { picturesPerSecond: this.pictures / seconds, eta: (left * seconds) / this.made }
  }
}
