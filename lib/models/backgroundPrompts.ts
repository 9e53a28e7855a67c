import type { TensorData } from '../base/tensor.js'
import type { NativePrompts, NativePromptsConfig } from '../native/addon.js'
import { callNative } from '../native/errors.js'
import { loadAddon } from '../native/load.js'
import type { Clip } from './clip/clip.js'
import { Handle, nativeOf } from './handle.js'

export type BackgroundPromptsConfig = NativePromptsConfig

/** The learnable background prompts: `length` vectors of CLIP's text width for each class. */
export class BackgroundPrompts extends Handle<NativePrompts> {
  private constructor(
    native: NativePrompts,
    readonly config: BackgroundPromptsConfig,
  ) {
    super(native)
  }

  /** Uniform in [0, 1) as published, or normal with `config.deviation`. */
  static async create(config: BackgroundPromptsConfig): Promise<BackgroundPrompts> {
    return new BackgroundPrompts(await callNative(() => loadAddon().createPrompts(config)), config)
  }

  /** float32 [C, length, width]. */
  load(prompts: TensorData): Promise<void> {
    return this.start((native) => native.load(prompts))
  }

  state(): Promise<TensorData> {
    return this.start((native) => native.state())
  }

  /** CLIP features [C, D] of every prompt, not of unit length. */
  encode(clip: Clip): Promise<TensorData> {
    return this.start((native) => native.encode(nativeOf(clip)))
  }
}
