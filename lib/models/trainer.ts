import type { TensorData, TensorMap } from '../base/tensor.js'
import type { NativeTrainer, NativeTrainerOptions, NativeTrainingBatch, StepResult } from '../native/addon.js'
import { callNative } from '../native/errors.js'
import { loadAddon } from '../native/load.js'
import type { BackgroundPrompts } from './backgroundPrompts.js'
import type { Clip } from './clip/clip.js'
import { Handle, nativeOf } from './handle.js'
import type { MaskGenerator } from './maskGenerator.js'

/** Everything but the models goes to the addon as it is. */
export interface TrainerConfig extends NativeTrainerOptions {
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

  /**
   * @throws SemplesError `SEMPLES_ARGUMENT_INVALID`, `SEMPLES_CONFIG_INVALID` for terms without what they need,
   * `SEMPLES_ARGUMENT_INVALID`, `SEMPLES_DISPOSED`, `SEMPLES_ARGUMENT_INVALID`
   */
  static async create(config: TrainerConfig): Promise<Trainer> {
    const native = await callNative(() => {
      const { generator, clip, prompts, ...rest } = config ?? {}
      return loadAddon().createTrainer({
        ...rest,
        generator: nativeOf(generator),
        clip: nativeOf(clip),
        prompts: nativeOf(prompts),
      })
    })
    return new Trainer(native)
  }

  /**
   * Forward, backward and one update by the optimiser. A batch without a positive pair changes nothing (`skipped`).
   * @throws SemplesError `SEMPLES_LOSS_NOT_FINITE` before any parameter is changed
   */
  step(batch: NativeTrainingBatch): Promise<StepResult> {
    return this.start((native) => native.step(batch))
  }

  optimizerState(): Promise<TensorMap> {
    return this.start((native) => native.optimizerState())
  }

  loadOptimizerState(state: TensorMap): Promise<void> {
    return this.start((native) => native.loadOptimizerState(state))
  }
}
