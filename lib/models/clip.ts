import type { TensorData } from '../base/tensor.js'
import type { ClipInfo, NativeClip, NativeClipOptions } from '../native/addon.js'
import { callNative } from '../native/errors.js'
import { loadAddon } from '../native/load.js'
import { clipError } from './clipFile.js'
import { Handle } from './handle.js'

export type ClipOptions = NativeClipOptions

/** A frozen CLIP from a TorchScript archive: OpenAI's (ViT-B-32.pt), or one with the interface of docs/clip.md. */
export class Clip extends Handle<NativeClip> {
  private constructor(
    native: NativeClip,
    readonly info: ClipInfo,
  ) {
    super(native)
  }

  /** @throws SemplesError `SEMPLES_CLIP_INVALID` naming the file and what it is */
  static async open(options: ClipOptions): Promise<Clip> {
    const native = await callNative(() => loadAddon().openClip(options)).catch(async (cause: unknown) => {
      throw await clipError(cause, options.path)
    })
    return new Clip(native, native.info)
  }

  /** float32 [B, 3, S, S], normalised → features [B, D], not of unit length. */
  encodeImage(images: TensorData): Promise<TensorData> {
    return this.start((native) => native.encodeImage(images))
  }

  /** float32 [B, 3, S, S] → one feature a patch [B, P, D]. */
  encodePatches(images: TensorData): Promise<TensorData> {
    return this.start((native) => native.encodePatches(images))
  }

  /** int64 [B, L] → features [B, D]. */
  encodeText(ids: TensorData): Promise<TensorData> {
    return this.start((native) => native.encodeText(ids))
  }

  /** int64 [B, L] → token embeddings [B, L, W]. */
  embedTokens(ids: TensorData): Promise<TensorData> {
    return this.start((native) => native.embedTokens(ids))
  }
}
