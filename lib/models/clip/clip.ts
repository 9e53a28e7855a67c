import type { PrecisionName } from '../../base/precision.js'
import type { TensorData } from '../../base/tensor.js'
import type { ClipInfo, NativeClip } from '../../native/addon.js'
import { callNative } from '../../native/errors.js'
import { loadAddon } from '../../native/load.js'
import { Handle } from '../handle.js'
import type { WeightsReport } from '../weightsReport.js'
import { activationUnknown, type ChosenActivation } from './activation.js'
import { clipError } from './clipFile.js'
import { activationRefused, type ClipFile, type ClipSource, chosen, readClipSource } from './source.js'

export interface OpenClipOptions extends ClipFile {
  device?: string
  /** Default `float32`. */
  precision?: PrecisionName
}

/** What lies inside the image tower of L blocks, P patches and width W. */
export interface ClipBlocks {
  /** float32 [L, B, 1 + P, W]: what each block gives, class token first. */
  tokens: TensorData
  /** float32 [L, B, 1 + P, 1 + P]: mean over heads. */
  attention: TensorData
}

/** What the last block makes of tokens. */
export interface FinishedBlock {
  /** float32 [B, 1 + P, W]: what its first LayerNorm gives. */
  normed: TensorData
  /** float32 [B, 1 + P, D]: every token through the block and the projection. */
  features: TensorData
}

/** A frozen CLIP: an archive of OpenAI (ViT-B-32.pt), one with the interface of docs/clip.md, or weights of other makers. */
export class Clip extends Handle<NativeClip> {
  /** Which activation its blocks have, and where that was read; absent for archives whose code shows none. */
  readonly activation?: ChosenActivation
  /** What became of the tensors of weights; absent for archives. */
  readonly report?: WeightsReport

  private constructor(
    native: NativeClip,
    readonly info: ClipInfo,
    source: ClipSource,
    file: ClipFile,
  ) {
    super(native)
    this.activation = activationOf(info, source, file)
    this.report = source.report
  }

  /** @throws SemplesError `SEMPLES_CLIP_INVALID` naming the file and what it is, `SEMPLES_CLIP_ACTIVATION` */
  static async open({ device, precision, ...file }: OpenClipOptions): Promise<Clip> {
    const source = await readClipSource(file)
    const native = await callNative(() => loadAddon().openClip({ ...source.native, device, precision })).catch(
      async (cause: unknown) => {
        throw await clipError(cause, file.path)
      },
    )
    try {
      return new Clip(native, native.info, source, file)
    } catch (error) {
      native.dispose()
      throw error
    }
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

  /**
   * float32 [B, 3, H, W], normalised, of whole patches → the tokens and the attention of every block.
   * @throws SemplesError `SEMPLES_CLIP_INVALID` for an archive without the method
   */
  async encodeBlocks(images: TensorData): Promise<ClipBlocks> {
    return (await this.start((native) => native.encodeBlocks(images))) as unknown as ClipBlocks
  }

  /**
   * Tokens [B, 1 + P, W] as the last block but one gives them → the last block, with the projection of every token.
   * @throws SemplesError as `encodeBlocks`
   */
  async finishBlock(tokens: TensorData): Promise<FinishedBlock> {
    return (await this.start((native) => native.finishBlock(tokens))) as unknown as FinishedBlock
  }
}

/** Parameters alone need one to be known; methods have theirs in their code. */
function activationOf(
  { layout }: ClipInfo,
  { activation }: ClipSource,
  { path, activation: given }: ClipFile,
): ChosenActivation | undefined {
  if (activation !== undefined) return activation
  if (layout === 'openai' && given === undefined) throw activationUnknown(path)
  if (layout === 'interface' && given !== undefined)
    throw activationRefused(path, given, `${given}, and this archive has methods of its own`)
  return chosen(given)
}
