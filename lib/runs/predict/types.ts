import type { DeviceName } from '../../base/device.js'
import type { PrecisionName } from '../../base/precision.js'
import type { StageName } from '../../config/types.js'
import type { LoggerOption } from '../../native/logger.js'
import type { CrfPreset } from '../../refine/presets.js'
import type { PixelImage } from '../../refine/types.js'
import type { RefinementOptions } from '../refineCams.js'

/** What makes the masks: a segmentation model, or a mask generator with labels. */
export type ModelKind = 'segmenter' | 'generator'

export interface LoadRunOptions extends LoggerOption {
  /** `generator`: the mask generator, also where the run has a segmentation model. Default: the segmentation model where there is one. */
  kind?: ModelKind
  /** Of a mask generator: which stage's; default: the last one that trained it. */
  stage?: StageName
  /** Default: the run's. */
  device?: DeviceName
  /** In what numbers the network computes: `bfloat16` is faster on GPUs and on processors with AMX. Default: the run's. */
  precision?: PrecisionName
  threads?: number | 'auto'
}

/** A path, the bytes of a picture file, or pixels: RGB, RGBA (alpha is dropped) or grey bytes, as a frame of a video. */
export type PredictInput = string | Uint8Array | PixelImage

/** How a mask is made. What is left out is the run's (`predict` of a segmentation model, `cams` and `masks` of a generator). */
export interface PredictionOptions {
  /**
   * The only classes that the mask may hold, beside the background. Default: all; of a generator those that it predicts,
   * with the thresholds that the run has stored.
   */
  labels?: readonly string[]
  /** Sizes of the picture, as multiples of `side`; of a generator as multiples of the picture's own, the first 1. */
  scales?: readonly number[]
  /** Also the mirrored picture, which takes twice the time. */
  flip?: boolean
  /** Shorter side that the picture gets at scale 1; of a generator the longer side. */
  side?: number
  /** Segmentation model: side of the windows that slide over a picture. */
  window?: number
  /** Segmentation model: distance between windows. Default: the run's; two thirds of `window` where that is given. */
  stride?: number
  /** Segmentation model: windows computed at a time. */
  atOnce?: number
  /** Segmentation model: weight of what the decoder's last block but one gives, beside 1 for the last. */
  earlier?: number
  /** Generator: background threshold, 0 to 1. */
  threshold?: number
  /** Generator: the lowest score with which a class counts as present, 0 to 1, one for all classes. */
  labelThreshold?: number
  /** Generator: longer pictures are shrunk to this before maps are made. */
  maxSide?: number
  /**
   * Refine the mask with the colours of its picture (see `refineMask`), over the background and the classes that have a
   * pixel: published settings of the dense CRF by name, or options. Default: no.
   */
  refine?: CrfPreset | RefinementOptions
  /** Also give the map of each class. Default false. */
  probabilities?: boolean
  /** Picture files: `apply` (default) turns them by their EXIF orientation, as viewers show them; `ignore`: as the rows are stored. */
  exif?: 'apply' | 'ignore'
  /** Rejects at once with its reason, also while the picture waits for its turn. */
  signal?: AbortSignal
}

/** The mask of one picture. */
export interface Prediction {
  /** Class ids [height, width], row-major: 0 is background, 255 a pixel below `confidence` of `refine`. */
  mask: Uint8Array
  width: number
  height: number
  /** Share of the pixels of each class that has any, by label, most first; without the background. */
  labels: Record<string, number>
  /**
   * How sure the model is of them: mean over the pixels of a class, by label, of its probability (also `background`), or of
   * the map of a generator, 0 to 1.
   */
  scores: Record<string, number>
  /**
   * With `probabilities`: float32 [height, width] for `background` and each class that the mask might hold, by label; they
   * sum to 1 a pixel, less with `labels`. Of a generator its maps, 0 to 1, none of the background. Not refined.
   */
  probabilities?: Record<string, Float32Array>
}

/** A mask among those of several pictures. */
export interface NumberedPrediction extends Prediction {
  /** Place of the picture, counted from 0. */
  index: number
  /** Path of the picture, where it was given by its path. */
  file?: string
}
