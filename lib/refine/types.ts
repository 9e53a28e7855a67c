import type { TensorData } from '../config/tensor.js'
import type { LabelMap } from '../masks/labelMap.js'

/** Pixels in memory: RGB, RGBA (alpha is dropped) or grey bytes, row-major; an `ImageData` will do. */
export interface PixelImage {
  data: Uint8Array | Uint8ClampedArray
  width: number
  height: number
}

/** One picture and what is to be refined: exactly one of `scores` and `labels`. Nothing of it may change meanwhile. */
export interface RefineInput {
  /** A path, the bytes of a picture file, or pixels. */
  image: string | Uint8Array | PixelImage
  /**
   * Score maps [C, H, W] of any size (they are resized to the picture's, bilinear): numbers of the picture's size, a
   * tensor, or the path of a .npy, .npz or pickled .npy file (see `readCamFile`).
   */
  scores?: Float32Array | TensorData | string
  /** A class id a pixel, 255 unsure: a label map of the picture's size, or the path of a PNG. */
  labels?: LabelMap | Uint8Array | string
  /** Class ids of the score maps of this picture, in map order; as the option of that name. */
  classes?: readonly number[]
  /** Name of the picture, and of its output without extension. Default: that of the file of scores or labels. */
  name?: string
}

/** A refined mask in memory. */
export interface RefinedMask {
  /** Class ids; 0 background, 255 less sure than `confidence`. */
  mask: LabelMap
  /** Ids of the labels that took part, in the order of `scores`. */
  classes: number[]
  /** Refined scores (Q of a CRF, which sum to 1 a pixel), float32 [classes, H, W]; only where they were asked for. */
  scores?: TensorData
  /** Milliseconds of the refinement itself, without reading and writing. */
  ms: number
}
