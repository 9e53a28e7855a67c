import type { TensorData, TensorMap } from '../config/tensor.js'
import type { NativeTrainer, NativeTrainerConfig, NativeTrainingBatch, StepResult } from '../native/addon.js'
import { callNative } from '../native/errors.js'
import { loadAddon } from '../native/load.js'
import type { BackgroundPrompts } from './backgroundPrompts.js'
import type { Clip } from './clip.js'
import { Handle } from './handle.js'
import type { MaskGenerator } from './maskGenerator.js'

export type TrainerConfig = Omit<NativeTrainerConfig, 'generator' | 'clip' | 'prompts' | 'textIds'> & {
  generator: MaskGenerator
  clip?: Clip
  prompts?: BackgroundPrompts
  /** int64 [C, L] from `tokenize`: the label text of each class. */
  textIds?: TensorData
}

/** One stage's optimisation: `step` is one crossing of the native boundary. */
export class Trainer extends Handle<NativeTrainer> {
  private constructor(native: NativeTrainer) {
    super(native)
  }

  static async create({ generator, clip, prompts, ...config }: TrainerConfig): Promise<Trainer> {
    const native = await callNative(() =>
      loadAddon().createTrainer({
        ...config,
        generator: generator.native,
        clip: clip?.native,
        prompts: prompts?.native,
      }),
    )
    return new Trainer(native)
  }

  /**
   * Forward, backward and one AdamW update. A batch without a positive pair changes nothing (`skipped`).
   * @throws SemplesError `SEMPLES_LOSS_NOT_FINITE` before any parameter is changed
   */
  step(batch: NativeTrainingBatch): Promise<StepResult> {
    return this.call((native) => native.step(batch))
  }

  optimizerState(): Promise<TensorMap> {
    return this.call((native) => native.optimizerState())
  }

  loadOptimizerState(state: TensorMap): Promise<void> {
    return this.call((native) => native.loadOptimizerState(state))
  }
}
