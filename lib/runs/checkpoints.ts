import { notice } from '../base/progress.js'
import type { TensorMap } from '../base/tensor.js'
import type { Checkpoint } from '../checkpoints/stageDirectory.js'
import type { BackgroundPrompts } from '../models/backgroundPrompts.js'
import type { MaskGenerator } from '../models/maskGenerator.js'
import type { Trainer } from '../models/trainer.js'
import type { Position } from '../stages/epochs.js'
import type { Stage } from '../stages/stage.js'
import type { RunContext } from './context.js'
import { selectionScore } from './selection.js'

export interface TrainedModels {
  stage: Stage
  generator: MaskGenerator
  prompts?: BackgroundPrompts
  trainer: Trainer
  /** Steps in an epoch. */
  steps: number
}

/** Saves what a stage trains together with its optimiser, and marks the best epoch where that is asked for. */
export class StageCheckpoints {
  private best = Number.NEGATIVE_INFINITY
  private readonly trained: Trained

  constructor(
    private readonly context: RunContext,
    private readonly models: TrainedModels,
  ) {
    this.trained = trainedPart(models)
  }

  /** Puts models and optimiser where the last checkpoint left them. Gives its position, or the start. */
  async restore(): Promise<Position> {
    const checkpoint = await this.directory.load('last')
    if (checkpoint === undefined) return { epoch: 0, step: 0 }
    await this.trained.load(checkpoint.tensors[this.trained.file] ?? {})
    await this.models.trainer.loadOptimizerState(checkpoint.tensors.optimizer ?? {})
    this.best = Number(checkpoint.state.best ?? Number.NEGATIVE_INFINITY)
    return positionOf(checkpoint)
  }

  async save(position: Position): Promise<void> {
    const { context, models } = this
    await context.metrics.flush()
    const selects = context.config.select === 'miou' && models.stage.trains !== 'prompts' && position.step === 0
    const score = selects ? await this.judge(position.epoch) : Number.NEGATIVE_INFINITY
    const isBest = score > this.best
    if (isBest) this.best = score
    await this.write(position, isBest)
  }

  private async judge(epochs: number): Promise<number> {
    const { steps } = this.models
    try {
      return await scoreEpoch(this.context, this.models, epochs)
    } catch (error) {
      // What the epoch trained is kept, to be judged when the run goes on.
      await this.write({ epoch: epochs - 1, step: steps }, false)
      throw error
    }
  }

  private async write({ epoch, step }: Position, best: boolean): Promise<void> {
    const state = { step, ...(Number.isFinite(this.best) ? { best: this.best } : {}) }
    const optimizer = await this.models.trainer.optimizerState()
    const tensors = { [this.trained.file]: await this.trained.state(), optimizer }
    await this.directory.save({ tensors, state, epoch }, { best })
  }

  private get directory() {
    return this.context.run.stage(this.models.stage.name)
  }
}

export function positionOf({ epoch, state }: Checkpoint): Position {
  return { epoch, step: Number(state.step ?? 0) }
}

/** What a stage trains, as named tensors of one checkpoint file. */
interface Trained {
  file: 'generator' | 'prompts'
  state(): Promise<TensorMap>
  load(tensors: TensorMap): Promise<unknown>
}

function trainedPart({ stage, generator, prompts }: TrainedModels): Trained {
  if (stage.trains !== 'prompts' || prompts === undefined)
    return { file: 'generator', state: () => generator.state(), load: (tensors) => generator.load(tensors) }
  return {
    file: 'prompts',
    state: async () => ({ prompts: await prompts.state() }),
    load: (tensors) => prompts.load(tensors.prompts!),
  }
}

async function scoreEpoch(
  { config, validation, metrics, onProgress, signal }: RunContext,
  { stage, generator }: TrainedModels,
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
