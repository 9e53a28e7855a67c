import type { Batches } from '../loader/ordered.js'
import { learningRateAt, type Schedule } from './schedule.js'

/** How long something is trained, and at which rates. */
export interface Loop {
  epochs: number
  /** Effective rate before the schedule. */
  learningRate: number
  schedule: Schedule
  /** Ends an epoch early; for trials. */
  maxSteps?: number
}

/** What makes one step of a batch. */
export interface StepMaker<Batch, Result> {
  step(batch: Batch & { learningRate: number }): Promise<Result>
}

/** Where a stage stands: `step` steps of epoch `epoch` are done. */
export interface Position {
  epoch: number
  step: number
}

/** A step that was made. */
export interface StepRecord<Result> extends Position {
  /** Steps in an epoch. */
  steps: number
  learningRate: number
  result: Result
  /** Pictures a second since the stage went on. */
  picturesPerSecond: number
  /** Seconds left in the stage at the present rate. */
  eta: number
}

export interface EpochHooks<Result> {
  onStep(record: StepRecord<Result>): Promise<void> | void
  /** Called at the end of every epoch, at intervals within long ones, and when something stops the epoch. */
  save(position: Position): Promise<void>
}

export interface EpochsOptions<Batch, Result> {
  stage: Loop
  loader: Pick<Batches<Batch>, 'stepsPerEpoch' | 'epoch'>
  trainer: StepMaker<Batch, Result>
  from: Position
  hooks: EpochHooks<Result>
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
export async function runEpochs<Batch extends { count: number }, Result>(
  options: EpochsOptions<Batch, Result>,
): Promise<void> {
  const { stage, hooks, from } = options
  const steps = stepsOf(options)
  const progress = new Rate(stage.epochs, steps)
  for (let epoch = from.epoch; epoch < stage.epochs; epoch++) {
    await runEpoch(options, epoch, epoch === from.epoch ? from.step : 0, steps, progress)
    await hooks.save({ epoch: epoch + 1, step: 0 })
  }
}

/** Steps in an epoch of this stage. */
export function stepsOf({
  stage,
  loader,
}: {
  stage: Pick<Loop, 'maxSteps'>
  loader: { stepsPerEpoch: number }
}): number {
  return Math.min(stage.maxSteps ?? Number.POSITIVE_INFINITY, loader.stepsPerEpoch)
}

async function runEpoch<Batch extends { count: number }, Result>(
  options: EpochsOptions<Batch, Result>,
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

  constructor(
    private readonly epochs: number,
    private readonly steps: number,
  ) {}

  after(pictures: number, epoch: number, step: number): { picturesPerSecond: number; eta: number } {
    const seconds = (performance.now() - this.started) / 1000
    this.pictures += pictures
    this.made++
    const left = (this.epochs - epoch) * this.steps - step
    return { picturesPerSecond: this.pictures / seconds, eta: (left * seconds) / this.made }
  }
}
