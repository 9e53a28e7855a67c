import { untilAborted } from '../base/mapOrdered.js'
import type { PrecisionName } from '../base/precision.js'
import type { TensorMap } from '../base/tensor.js'
import type { LoadReport, NativeImages, NativeLoadOptions } from '../native/addon.js'
import { callNative } from '../native/errors.js'
import { loadAddon } from '../native/load.js'
import type {
  NativePredictManyRequest,
  NativePredictRequest,
  NativeSegmentBatch,
  NativeSegmenter,
  NativeSegmentTrainer,
  NativeSegmentTrainerOptions,
  SegmentStepResult,
} from '../native/segmentAddon.js'
import type { Clip } from './clip/clip.js'
import { Handle, nativeOf } from './handle.js'

/** Options of its kind beside what every kind is told. */
export interface SegmenterConfig {
  kind: string
  /** Background included. */
  classes: number
  seed?: number
  device?: string
  /** Default `float32`. */
  precision?: PrecisionName
  /** Of kind `clip-decoder`. */
  clip?: Clip
  [option: string]: unknown
}

/**
 * A segmentation model: pictures in, logits of every class at every pixel out. Kind `vit-mask` is a vision transformer
 * with the mask transformer of Segmenter (Strudel et al., arXiv 2105.05633), `deeplabv3plus` a convolutional backbone
 * with atrous spatial pyramid pooling (Chen et al., arXiv 1802.02611), `clip-decoder` a decoder over a frozen CLIP.
 */
export class Segmenter extends Handle<NativeSegmenter> {
  private constructor(
    native: NativeSegmenter,
    readonly info: NativeSegmenter['info'],
  ) {
    super(native)
  }

  /** Randomly initialised from `config.seed`. */
  static async create(config: SegmenterConfig): Promise<Segmenter> {
    const native = await callNative(() => {
      const { clip, ...rest } = config
      return loadAddon().createSegmenter({ ...rest, clip: nativeOf(clip) })
    })
    return new Segmenter(native, native.info)
  }

  get parameters(): NativeSegmenter['parameters'] {
    return this.call((native) => native.parameters)
  }

  /** @throws SemplesError `SEMPLES_CHECKPOINT_MISMATCH` naming what does not fit; then nothing was changed */
  load(tensors: TensorMap, options: NativeLoadOptions = {}): Promise<LoadReport> {
    return this.start((native) => native.load(tensors, options))
  }

  state(): Promise<TensorMap> {
    return this.start((native) => native.state())
  }

  /**
   * The mask of a picture: windows slide over each of its scales; logits are averaged where windows overlap, then resized
   * (bilinear) to the mask, and probabilities averaged over scales and mirrors. The mask is made in bands of rows: its
   * size costs 10 bytes a pixel, and 8 more a class with `probabilities`.
   * @param signal ends it between two windows or bands, or before it begins
   * @returns `labels` uint8 [H, W], `confidence` float32 [H, W], and on request `probabilities` float32 [C, H, W]
   */
  predict(request: NativePredictRequest, { signal }: { signal?: AbortSignal } = {}): Promise<TensorMap> {
    return this.start((native) => interruptible(() => native.predict(request), signal))
  }

  /** The same of several pictures, of which windows of one size are computed together. */
  predictAll(request: NativePredictManyRequest, { signal }: { signal?: AbortSignal } = {}): Promise<TensorMap[]> {
    return this.start((native) => interruptible(() => native.predict(request), signal))
  }

  /** Logits of pictures of any size, in evaluation mode: `logits.0`, the last of them what masks are made of. */
  respond(images: NativeImages, options: { everyOutput?: boolean } = {}): Promise<TensorMap> {
    return this.start((native) => native.respond(images, options))
  }
}

/** Nobody waits for the end of a job that was aborted: the addon looks now and then whether it shall end. */
async function interruptible<T>(
  begin: () => { result: Promise<T>; interrupt(): void },
  signal: AbortSignal | undefined,
): Promise<T> {
  signal?.throwIfAborted()
  const job = begin()
  try {
    return await untilAborted(job.result, signal)
  } catch (error) {
    if (!signal?.aborted) throw error
    job.interrupt()
    throw signal.reason
  }
}

export interface SegmentTrainerConfig extends NativeSegmentTrainerOptions {
  segmenter: Segmenter
}

/** Its training: `step` is one crossing of the native boundary. */
export class SegmentTrainer extends Handle<NativeSegmentTrainer> {
  private constructor(native: NativeSegmentTrainer) {
    super(native)
  }

  static async create({ segmenter, ...rest }: SegmentTrainerConfig): Promise<SegmentTrainer> {
    return new SegmentTrainer(
      await callNative(() => loadAddon().createSegmentTrainer({ ...rest, segmenter: segmenter.native })),
    )
  }

  /**
   * Forward, backward and one update. A batch without a labelled pixel changes nothing (`skipped`).
   * @throws SemplesError `SEMPLES_LOSS_NOT_FINITE` before any parameter is changed
   */
  step(batch: NativeSegmentBatch): Promise<SegmentStepResult> {
    return this.start((native) => native.step(batch))
  }

  optimizerState(): Promise<TensorMap> {
    return this.start((native) => native.optimizerState())
  }

  loadOptimizerState(state: TensorMap): Promise<void> {
    return this.start((native) => native.loadOptimizerState(state))
  }
}
