import type { JsonlLog } from '../checkpoints/jsonl.js'
import type { RunDirectory } from '../checkpoints/runDirectory.js'
import type { Checkpoint } from '../checkpoints/stageDirectory.js'
import { SemplesError } from '../config/error.js'
import type { TensorMap } from '../config/tensor.js'
import type { RunConfig, StageName } from '../config/types.js'
import type { Dataset } from '../datasets/dataset.js'
import { createLoader, type Loader } from '../loader/batches.js'
import type { BackgroundPrompts } from '../models/backgroundPrompts.js'
import type { MaskGenerator } from '../models/maskGenerator.js'
import { Trainer } from '../models/trainer.js'
import { loadCheckpoint, loadPretrained, readWeights } from '../models/weights.js'
import { type Position, runEpochs, type StepRecord, stepsOf } from '../stages/epochs.js'
import { notice, type OnProgress } from '../stages/progress.js'
import type { Stage } from '../stages/stage.js'
import { type RunModels, startOf } from './inputs.js'
import { selectionScore } from './selection.js'

/** All that the stages of one run share. */
export interface RunContext {
  config: RunConfig
  run: RunDirectory
  dataset: Dataset
  /** Opened only where epochs are selected by mIoU. */
  validation?: Dataset
  models: RunModels
  metrics: JsonlLog
  report: OnProgress
  signal?: AbortSignal
}

/** Runs one stage from where its last checkpoint stands, or from its start. */
export async function runStage(context: RunContext, stage: Stage): Promise<void> {
  const { config, run, models, report } = context
  const directory = run.stage(stage.name)
  const checkpoint = await directory.load('last')
  const loader = stageLoader(context, stage)
  const generator = await models.generator()
  const prompts = stage.needsPrompts ? await models.prompts() : undefined
  const trained = trainedPart(stage, generator, prompts)

  await loadStart(context, stage, generator, prompts)
  using trainer = await Trainer.create({
    ...stage.trainer,
    terms: stage.terms,
    trains: stage.trains,
    generator,
    ...(stage.needsClip ? { clip: await models.clip(), textIds: await models.textIds() } : {}),
    prompts,
  })
  if (checkpoint !== undefined) await restore(checkpoint, trained, trainer)
  const from = checkpoint === undefined ? { epoch: 0, step: 0 } : positionOf(checkpoint)

  await run.setStage(stage.name, {
    ...run.manifest.stages[stage.name],
    status: 'running',
    started: startedAt(run, stage),
  })
  report(notice(stage.name, introduction(stage, loader, from)))
  let best = Number(checkpoint?.state.best ?? Number.NEGATIVE_INFINITY)
  await runEpochs({
    stage,
    loader,
    trainer,
    from,
    signal: context.signal,
    hooks: {
      onStep: (record) => recordStep(context, stage, record),
      save: async (position) => {
        await context.metrics.flush()
        const selects = config.select === 'miou' && stage.trains !== 'prompts' && position.step === 0
        const score = selects ? await scoreEpoch(context, stage, generator, position.epoch) : undefined
        const isBest = score !== undefined && score > best
        if (isBest) best = score
        await directory.save(
          {
            tensors: { [trained.file]: await trained.state(), optimizer: await trainer.optimizerState() },
            state: { step: position.step, ...(Number.isFinite(best) ? { best } : {}) },
            epoch: position.epoch,
          },
          { best: isBest },
        )
      },
    },
  })
  await run.setStage(stage.name, {
    status: 'done',
    started: startedAt(run, stage),
    finished: new Date().toISOString(),
    epochs: stage.epochs,
  })
}

function stageLoader({ config, dataset, report }: RunContext, stage: Stage): Loader {
  const { imageSize } = config.generator
  const { prefetch, concurrency, cacheMegabytes, unreadable } = config.loader
  return createLoader({
    dataset,
    height: imageSize,
    width: imageSize,
    batch: stage.batch,
    augment: stage.augment,
    seed: config.seed,
    stage: stage.name,
    prefetch,
    ...(concurrency === 'auto' ? {} : { concurrency }),
    cacheBytes: cacheMegabytes * 2 ** 20,
    unreadable: unreadable === 'skip' ? 'skip' : 'throw',
    onSkip: (item, error) => report(notice(stage.name, `left out ${item.id}: ${error.message}`)),
  })
}

/** The generator and the prompts as the stage finds them before its first step. */
async function loadStart(
  { config, run, models }: RunContext,
  stage: Stage,
  generator: MaskGenerator,
  prompts: BackgroundPrompts | undefined,
): Promise<void> {
  const start = startOf(stage.name, config.stages)
  if (start !== 'weights') {
    await generator.load((await finished(run, start, 'generator')).tensors.generator!)
  } else if (config.generator.weights === 'random') {
    await generator.load(await models.initialState())
  } else {
    const path = config.generator.weights
    const tensors = await readWeights(path)
    if (stage.name === 'classify') await loadPretrained(generator, tensors, path)
    else await loadCheckpoint(generator, tensors, path)
  }
  if (prompts !== undefined && stage.trains !== 'prompts')
    await prompts.load((await finished(run, 'prompt', 'prompts')).tensors.prompts!.prompts!)
}

/** The result of an earlier stage: its best epoch where epochs were selected, else its last. */
async function finished(run: RunDirectory, stage: StageName, file: string): Promise<Checkpoint> {
  const checkpoint = await run.stage(stage).load('best', [file])
  if (checkpoint?.tensors[file] !== undefined) return checkpoint
  throw new SemplesError('SEMPLES_STAGE_MISSING', {
    message: `This stage needs the result of stage ${stage}, which the run does not have.`,
    file: run.path,
    field: 'stages',
    hint: `Add "${stage}" to the stages.`,
  })
}

/** What a stage trains, as named tensors of one checkpoint file. */
interface Trained {
  file: 'generator' | 'prompts'
  state(): Promise<TensorMap>
  load(tensors: TensorMap): Promise<unknown>
}

function trainedPart(stage: Stage, generator: MaskGenerator, prompts: BackgroundPrompts | undefined): Trained {
  if (stage.trains !== 'prompts' || prompts === undefined)
    return { file: 'generator', state: () => generator.state(), load: (tensors) => generator.load(tensors) }
  return {
    file: 'prompts',
    state: async () => ({ prompts: await prompts.state() }),
    load: (tensors) => prompts.load(tensors.prompts!),
  }
}

async function restore({ tensors }: Checkpoint, trained: Trained, trainer: Trainer): Promise<void> {
  await trained.load(tensors[trained.file] ?? {})
  await trainer.loadOptimizerState(tensors.optimizer ?? {})
}

async function scoreEpoch(
  { config, validation, metrics, report, signal }: RunContext,
  stage: Stage,
  generator: MaskGenerator,
  epochs: number,
): Promise<number> {
  const { miou, threshold, pictures } = await selectionScore(generator, validation!, config.reference, signal)
  await metrics.append({ stage: stage.name, epoch: epochs, selection: { miou, threshold, pictures } })
  report(
    notice(
      stage.name,
      `epoch ${epochs}: mIoU ${(100 * miou).toFixed(2)} % of ${pictures} pictures with pixel labels (selection)`,
    ),
  )
  return miou
}

async function recordStep({ metrics, report }: RunContext, stage: Stage, record: StepRecord): Promise<void> {
  const { epoch, step, steps, learningRate, result, picturesPerSecond, eta } = record
  const { loss, terms, pairs, skipped } = result
  await metrics.append(
    skipped
      ? { stage: stage.name, epoch: epoch + 1, step, skipped: true }
      : { stage: stage.name, epoch: epoch + 1, step, loss, terms, pairs, learningRate },
  )
  report({
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

export function positionOf({ epoch, state }: Checkpoint): Position {
  return { epoch, step: Number(state.step ?? 0) }
}

function startedAt(run: RunDirectory, stage: Stage): string {
  return run.manifest.stages[stage.name]?.started ?? new Date().toISOString()
}

function introduction(stage: Stage, loader: Loader, from: Position): string {
  const steps = stepsOf({ stage, loader })
  const resumed = from.epoch + from.step > 0 ? `, going on at epoch ${from.epoch + 1}, step ${from.step + 1}` : ''
  const rate = stage.learningRate.toPrecision(3)
  return `${stage.title}: ${stage.epochs} epochs of ${steps} steps of ${stage.batch} pictures, learning rate ${rate}${resumed}`
}
