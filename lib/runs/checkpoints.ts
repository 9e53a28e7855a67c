import type { TensorMap } from '../base/tensor.js'
import type { Checkpoint, StageDirectory } from '../checkpoints/stageDirectory.js'
import type { JsonlLog } from '../formats/jsonl.js'
import type { Position } from '../stages/epochs.js'

/** A training whose state is kept: what is trained, and its optimiser. */
export interface KeptTraining {
  directory: StageDirectory
  metrics: Pick<JsonlLog, 'flush'>
  /** What is trained, as named tensors of one checkpoint file. */
  trained: {
    file: string
    state(): Promise<TensorMap>
    load(tensors: TensorMap): Promise<unknown>
  }
  trainer: { optimizerState(): Promise<TensorMap>; loadOptimizerState(state: TensorMap): Promise<void> }
  /** Steps in an epoch. */
  steps: number
  /** Judges so many finished epochs, where the best is kept. */
  score?(epochs: number): Promise<number>
}

/** Saves what is trained together with its optimiser, and marks the best epoch where epochs are judged. */
export class TrainingCheckpoints {
  private best = Number.NEGATIVE_INFINITY

  constructor(private readonly training: KeptTraining) {}

  /** Puts models and optimiser where the last checkpoint left them. Gives its position, or the start. */
  async restore(): Promise<Position> {
    const { directory, trained, trainer } = this.training
    const checkpoint = await directory.load('last')
    if (checkpoint === undefined) return { epoch: 0, step: 0 }
    await trained.load(checkpoint.tensors[trained.file] ?? {})
    await trainer.loadOptimizerState(checkpoint.tensors.optimizer ?? {})
    this.best = Number(checkpoint.state.best ?? Number.NEGATIVE_INFINITY)
    return positionOf(checkpoint)
  }

  async save(position: Position): Promise<void> {
    await this.training.metrics.flush()
    const score = position.step === 0 ? await this.judge(position.epoch) : Number.NEGATIVE_INFINITY
    const isBest = score > this.best
    if (isBest) this.best = score
    await this.write(position, isBest)
  }

  private async judge(epochs: number): Promise<number> {
    const { steps, score } = this.training
    try {
      return (await score?.(epochs)) ?? Number.NEGATIVE_INFINITY
    } catch (error) {
      // What the epoch trained is kept, to be judged when the run goes on.
      await this.write({ epoch: epochs - 1, step: steps }, false)
      throw error
    }
  }

  private async write({ epoch, step }: Position, best: boolean): Promise<void> {
    const { directory, trained, trainer } = this.training
    const state = { step, ...(Number.isFinite(this.best) ? { best: this.best } : {}) }
    const optimizer = await trainer.optimizerState()
    const tensors = { [trained.file]: await trained.state(), optimizer }
    await directory.save({ tensors, state, epoch }, { best })
  }
}

export function positionOf({ epoch, state }: Checkpoint): Position {
  return { epoch, step: Number(state.step ?? 0) }
}
