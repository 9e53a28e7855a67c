import type { PrecisionName } from '../base/precision.js'
import type { TensorMap } from '../base/tensor.js'
import type { LoadReport, NativeHandle, NativeImages, NativeLoadOptions } from './addonBasics.js'

/** A segmentation model; options of its kind beside what every kind is told. */
export interface NativeSegmenterConfig {
  kind: string
  /** Background included. */
  classes: number
  seed?: number
  device?: string
  /** Default `float32`. */
  precision?: PrecisionName
  /** A CLIP, of the kinds that look through one. */
  clip?: NativeHandle
  [option: string]: unknown
}

export interface NativeSegmenter extends NativeHandle {
  /** `stride`: pixels that one value of the logits stands for; `multiple`: what sides are filled up to. */
  readonly info: { classes: number; stride: number; multiple: number }
  /** What a checkpoint holds, in its order; `encoder`: what was trained before; `buffer`: not trained. */
  readonly parameters: { name: string; shape: number[]; encoder: boolean; buffer: boolean }[]
  load(tensors: TensorMap, options: NativeLoadOptions): Promise<LoadReport>
  state(): Promise<TensorMap>
  /** Masks by sliding windows over pictures in several sizes; `interrupt` ends it with SEMPLES_INTERRUPTED. */
  predict(request: NativePredictRequest): { result: Promise<TensorMap>; interrupt(): void }
  predict(request: NativePredictManyRequest): { result: Promise<TensorMap[]>; interrupt(): void }
  /** Logits [B, C, H, W] as `logits.0`, ...: the last is what masks are made of, earlier ones come with `everyOutput`. */
  respond(images: NativeImages, options: { everyOutput?: boolean }): Promise<TensorMap>
}

/** A picture in several sizes, and the size of its mask. */
export interface NativeScaledPicture {
  /** RGB bytes HWC. */
  scales: readonly { data: Uint8Array; height: number; width: number }[]
  /** Of the mask. Default: those of the first scale. */
  height?: number
  width?: number
}

export interface NativePredictOptions {
  /** Side of the windows and distance between them, in pixels. Default 480, 320. */
  window?: number
  stride?: number
  /** Windows computed at a time. Default 4. */
  atOnce?: number
  /** Also the mirrored picture. Default true. */
  flip?: boolean
  /** Weight of what the decoder's last block but one gives, beside 1 for the last. Default 0. */
  earlier?: number
  /** Also `probabilities` [C, H, W]. Default false. */
  probabilities?: boolean
  /** Rows of a mask made at a time, which changes nothing but the memory. Default 0: as many as take little. */
  bandRows?: number
}

export interface NativePredictRequest extends NativeScaledPicture, NativePredictOptions {}

export interface NativePredictManyRequest extends NativePredictOptions {
  pictures: readonly NativeScaledPicture[]
}

/** How a segmentation model is trained. */
export interface NativeSegmentTrainerOptions {
  loss?: {
    /** Adaptive gradient clipping (WeakTr). */
    clipping?: { enabled?: boolean; start?: number; tile?: number }
    /** Over all pixels, ignored ones as 0, or over those with a label. Default `all`. */
    mean?: 'all' | 'valid'
  }
  microBatch?: number
  gradientClip?: number
  /** Names or beginnings of names; `encoder` and `decoder` are known too. */
  groups?: readonly { parameters: string; factor: number }[]
  optimizer?: Record<string, unknown>
}

export interface NativeSegmentTrainerConfig extends NativeSegmentTrainerOptions {
  segmenter: NativeSegmenter
}

export interface NativeSegmentBatch extends NativeImages {
  /** A label a pixel, [B, H, W]; 255 where there is none. */
  labels: Uint8Array
  /** 255 where a label is sure: a factor of the pixel's loss. */
  confidence?: Uint8Array
  /** A factor by label [C]. */
  classWeights?: Float32Array
  learningRate: number
  details?: boolean
}

export interface SegmentStepResult {
  loss: number
  /** Share of the pixels with a label that gave no gradient. */
  clipped: number
  /** Share of the pixels that have a label. */
  labelled: number
  /** No pixel has a label: nothing was computed. */
  skipped: boolean
  details?: TensorMap
}

export interface NativeSegmentTrainer extends NativeHandle {
  step(batch: NativeSegmentBatch): Promise<SegmentStepResult>
  optimizerState(): Promise<TensorMap>
  loadOptimizerState(state: TensorMap): Promise<void>
}
