import { count } from '../base/count.js'
import { notice, type OnProgress, warning } from '../base/progress.js'
import type { RunDirectory } from '../checkpoints/runDirectory.js'
import type { JsonlLog, JsonlRecord } from '../formats/jsonl.js'
import type { Batches } from '../loader/ordered.js'
import { type Loop, type Position, runEpochs, type StepMaker, type StepRecord, stepsOf } from '../stages/epochs.js'
import { positionOf, type TrainingCheckpoints } from './checkpoints.js'
import { namingBatchToTry } from './outOfMemory.js'
import type { TensorBoardLog } from './tensorboard.js'

/** What a step came to, for metrics.jsonl, TensorBoard and people. */
export interface StepNumbers {
  loss: number
  /** Parts of the loss, and shares, by name. */
  terms: Readonly<Record<string, number>>
  /** Nothing was computed. */
  skipped: boolean
  /** More for metrics.jsonl. */
  more?: Readonly<Record<string, unknown>>
}

/** A training within a run: its stage's name, how long and at which rates, and where its numbers go. */
export interface TrainingLoop<Batch, Result> {
  run: RunDirectory
  /** Of the stage, as in the folder of the run. */
  name: string
  /** For people. */
  title: string
  loop: Loop & { batch: number; microBatch: number }
  /** The setting of `loop.microBatch`, dotted. */
  microBatchField: string
  loader: Batches<Batch>
  trainer: StepMaker<Batch, Result>
  checkpoints: TrainingCheckpoints
  numbersOf(result: Result): StepNumbers
  metrics: JsonlLog
  events?: TensorBoardLog
  onProgress: OnProgress
  signal?: AbortSignal
}

/** Trains from where the last checkpoint stands, or from the start, and keeps the manifest of the run true. */
export async function runTraining<Batch extends { count: number }, Result>(
  training: TrainingLoop<Batch, Result>,
): Promise<void> {
  const { run, name, loop, loader, trainer, checkpoints, onProgress, signal } = training
  const from = await checkpoints.restore()
  const started = run.manifest.stages[name]?.started ?? new Date().toISOString()
  await run.setStage(name, { status: 'running', started })
  onProgress(notice(name, introduction(training, from)))
  await runEpochs({
    stage: loop,
    loader,
    trainer: namingBatchToTry(trainer, { ...loop, field: training.microBatchField }),
    from,
    signal,
    hooks: {
      onStep: (record) => recordStep(training, record),
      save: (position) => checkpoints.save(position),
    },
  })
  if (loader.skipped > 0)
    onProgress(warning('run', `${name}: unreadable pictures were left out ${count(loader.skipped, 'time')}`))
  await run.setStage(name, { status: 'done', started, finished: new Date().toISOString(), epochs: loop.epochs })
}

async function recordStep<Batch, Result>(
  { name, loop, numbersOf, metrics, events, onProgress }: TrainingLoop<Batch, Result>,
  { epoch, step, steps, learningRate, result, picturesPerSecond, eta }: StepRecord<Result>,
): Promise<void> {
  const { loss, terms, skipped, more } = numbersOf(result)
  const place = { stage: name, epoch: epoch + 1, step }
  await metrics.append(skipped ? { ...place, skipped: true } : { ...place, loss, terms, ...more, learningRate })
  await events?.append(name, {
    learning_rate: learningRate,
    pictures_per_second: picturesPerSecond,
    ...(skipped ? {} : { loss }),
    ...(skipped ? {} : Object.fromEntries(Object.entries(terms).map(([term, value]) => [`terms/${term}`, value]))),
  })
  onProgress({ ...place, epochs: loop.epochs, steps, ...(skipped ? {} : { loss, terms }), picturesPerSecond, eta })
}

function introduction<Batch, Result>(
  { title, loop, loader }: TrainingLoop<Batch, Result>,
  { epoch, step }: Position,
): string {
  const steps = stepsOf({ stage: loop, loader })
  const resumed = epoch + step > 0 ? `, going on at epoch ${epoch + 1}, step ${step + 1}` : ''
  const { learningRate } = loop
  const rate = learningRate < 1e-3 ? learningRate.toExponential(2) : learningRate.toPrecision(3)
  return `${title}: ${count(loop.epochs, 'epoch')} of ${count(steps, 'step')} of ${count(loop.batch, 'picture')}, learning rate ${rate}${resumed}`
}

/** The records up to the last checkpoint of a run with these stages: steps after it are made again. */
export async function openMetrics(run: RunDirectory, stages: readonly string[]): Promise<JsonlLog> {
  const last = stages.findLast((name) => run.manifest.stages[name] !== undefined)
  const checkpoint = last && (await run.stage(last).load('last', []))
  const reached = checkpoint ? positionOf(checkpoint) : { epoch: 0, step: 0 }
  const order: readonly unknown[] = stages
  const place = (stage: unknown): number => order.indexOf(stage)
  return run.openMetrics(({ stage, epoch, step }: JsonlRecord) => {
    if (last === undefined || place(stage) !== place(last)) return place(stage) < place(last)
    const finished = Number(epoch) - 1
    return finished < reached.epoch || (finished === reached.epoch && Number(step) <= reached.step)
  })
}
