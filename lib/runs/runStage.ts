import { notice } from '../base/progress.js'
import { createLoader, type Loader } from '../loader/batches.js'
import type { BackgroundPrompts } from '../models/backgroundPrompts.js'
import type { MaskGenerator } from '../models/maskGenerator.js'
import { Trainer } from '../models/trainer.js'
import { stepsOf } from '../stages/epochs.js'
import type { Stage } from '../stages/stage.js'
import { type KeptTraining, TrainingCheckpoints } from './checkpoints.js'
import type { RunContext } from './context.js'
import { loadInitialWeights } from './initialWeights.js'
import { selectionScore } from './selection.js'
import { runTraining } from './trainingLoop.js'

/** Runs one stage from where its last checkpoint stands, or from its start. */
export async function runStage(context: RunContext, stage: Stage): Promise<void> {
  const { run, models, metrics, events, onProgress, signal } = context
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
  const selects = context.config.select === 'miou' && stage.trains !== 'prompts'
  const checkpoints = new TrainingCheckpoints({
    directory: run.stage(stage.name),
    metrics,
    trained: trainedPart(stage, generator, prompts),
    trainer,
    steps: stepsOf({ stage, loader }),
    ...(selects ? { score: (epochs) => scoreEpoch(context, stage, generator, epochs) } : {}),
  })
  await runTraining({
    run,
    name: stage.name,
    title: stage.title,
    loop: { ...stage, microBatch: context.config[stage.name].microBatch },
    microBatchField: `${stage.name}.microBatch`,
    loader,
    trainer,
    checkpoints,
    numbersOf: ({ loss, terms, skipped, pairs }) => ({
      loss,
      terms: terms as Record<string, number>,
      skipped,
      more: { pairs },
    }),
    metrics,
    events,
    onProgress,
    signal,
  })
}

/** What a stage trains. */
function trainedPart(
  { trains }: Stage,
  generator: MaskGenerator,
  prompts: BackgroundPrompts | undefined,
): KeptTraining['trained'] {
  if (trains !== 'prompts' || prompts === undefined)
    return { file: 'generator', state: () => generator.state(), load: (tensors) => generator.load(tensors) }
  return {
    file: 'prompts',
    state: async () => ({ prompts: await prompts.state() }),
    load: (tensors) => prompts.load(tensors.prompts!),
  }
}

async function scoreEpoch(
  { config, validation, metrics, onProgress, signal }: RunContext,
  stage: Stage,
  generator: MaskGenerator,
  epochs: number,
): Promise<number> {
  const { miou, threshold, pictures } = await selectionScore(generator, validation!, config.reference, signal)
  await metrics.append({ stage: stage.name, epoch: epochs, selection: { miou, threshold, pictures } })
  onProgress(
    notice(
      stage.name,
      `epoch ${epochs}: mIoU ${(100 * miou).toFixed(2)} % of ${pictures} pictures with pixel labels (selection)`,
    ),
  )
  return miou
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
