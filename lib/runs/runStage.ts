import { count } from '../base/count.js'
import { notice, warning } from '../base/progress.js'
import { createLoader, type Loader } from '../loader/batches.js'
import { Trainer } from '../models/trainer.js'
import { type Position, runEpochs, type StepRecord, stepsOf } from '../stages/epochs.js'
import type { Stage } from '../stages/stage.js'
import { StageCheckpoints } from './checkpoints.js'
import type { RunContext } from './context.js'
import { loadInitialWeights } from './initialWeights.js'

/** Runs one stage from where its last checkpoint stands, or from its start. */
export async function runStage(context: RunContext, stage: Stage): Promise<void> {
  const { run, models, onProgress } = context
  const loader = stageLoader(context, stage)
  const generator = await models.generator()
  const prompts = stage.needsPrompts ? await models.prompts() : undefined
  await loadInitialWeights(context, stage, generator, prompts)
  using trainer = await Trainer.create({
    ...stage.trainer,
    terms: stage.terms,
    trains: stage.trains,
    generator,
    ...(stage.needsClip ? { clip: await models.clip(), textIds: await models.textIds() } : {}),
    prompts,
  })
  const checkpoints = new StageCheckpoints(context, {
    stage,
    generator,
    prompts,
    trainer,
    steps: stepsOf({ stage, loader }),
  })
  const from = await checkpoints.restore()

  const started = run.manifest.stages[stage.name]?.started ?? new Date().toISOString()
  await run.setStage(stage.name, { status: 'running', started })
  onProgress(notice(stage.name, introduction(stage, loader, from)))
  await runEpochs({
    stage,
    loader,
    trainer,
    from,
    signal: context.signal,
    hooks: {
      onStep: (record) => recordStep(context, stage, record),
      save: (position) => checkpoints.save(position),
    },
  })
  if (loader.skipped > 0)
    onProgress(warning('run', `${stage.name}: unreadable pictures were left out ${count(loader.skipped, 'time')}`))
  await run.setStage(stage.name, {
    status: 'done',
    started,
    finished: new Date().toISOString(),
    epochs: stage.epochs,
  })
}

export function stageLoader(
  { config, dataset, onProgress }: Pick<RunContext, 'config' | 'dataset' | 'onProgress'>,
  stage: Stage,
): Loader {
  const { imageSize } = config.generator
  const { prefetch, concurrency, cacheMegabytes, unreadable } = config.loader
  return createLoader({
    dataset,
    height: imageSize,
    width: imageSize,
    batch: stage.batch,
    // The other stages learn from pairs of a picture and a class that it shows.
    negatives: stage.name === 'classify',
    augment: stage.augment,
    seed: config.seed,
    stage: stage.seedName,
    prefetch,
    ...(concurrency === 'auto' ? {} : { concurrency }),
    cacheBytes: cacheMegabytes * 2 ** 20,
    unreadable: unreadable === 'skip' ? 'skip' : 'throw',
    onSkip: (item, error) => onProgress(notice(stage.name, `left out ${item.id}: ${error.message}`)),
  })
}

async function recordStep(
  { metrics, events, onProgress }: RunContext,
  stage: Stage,
  record: StepRecord,
): Promise<void> {
  const { epoch, step, steps, learningRate, result, picturesPerSecond, eta } = record
  const { loss, terms, pairs, skipped } = result
  await metrics.append(
    skipped
      ? { stage: stage.name, epoch: epoch + 1, step, skipped: true }
      : { stage: stage.name, epoch: epoch + 1, step, loss, terms, pairs, learningRate },
  )
  await events?.append(stage.name, record)
  onProgress({
    stage: stage.name,
    epoch: epoch + 1,
    epochs: stage.epochs,
    step,
    steps,
    ...(skipped ? {} : { loss, terms: terms as Record<string, number> }),
    picturesPerSecond,
    eta,
  })
}

function introduction(stage: Stage, loader: Loader, from: Position): string {
  const steps = stepsOf({ stage, loader })
  const resumed = from.epoch + from.step > 0 ? `, going on at epoch ${from.epoch + 1}, step ${from.step + 1}` : ''
  const { learningRate } = stage
  const rate = learningRate < 1e-3 ? learningRate.toExponential(2) : learningRate.toPrecision(3)
  return `${stage.title}: ${count(stage.epochs, 'epoch')} of ${count(steps, 'step')} of ${count(stage.batch, 'picture')}, learning rate ${rate}${resumed}`
}
