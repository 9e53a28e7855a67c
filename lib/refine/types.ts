import type { NamedDevice } from '../base/device.js'
import type { SemplesError } from '../base/error.js'
import type { OnProgress } from '../base/progress.js'
import type { TensorData } from '../base/tensor.js'
import type { ClassTable } from '../datasets/dataset.js'
import type { LabelMap } from '../masks/labelMap.js'
import type { Orientation } from '../masks/orientation.js'
import type { Palette } from '../masks/palette.js'
import type { LoggerOption } from '../native/logger.js'
import type { RefineOptions } from './options.js'

/** Pixels in memory: RGB, RGBA (alpha is dropped) or grey bytes, row-major; an `ImageData` will do. */
export interface PixelImage {
  data: Uint8Array | Uint8ClampedArray
  width: number
  height: number
}

/** One picture with exactly one of `scores` and `labels`. Its buffers must not change until it is refined. */
export interface RefineInput {
  /** A path, the bytes of a picture file, or pixels. */
  image: string | Uint8Array | PixelImage
  /**
   * Score maps [C, H, W] of any size (they are resized to the picture's, bilinear): numbers of the picture's size, a
   * tensor, or the path of any file that `readCamFile` reads. A file of one map of whole numbers alone holds labels.
   */
  scores?: Float32Array | TensorData | string
  /** One class id per pixel, 255 for unsure: bytes or a label map of the picture's size, or the path of a PNG. */
  labels?: LabelMap | Uint8Array | string
  /** Class ids of the score maps of this picture, in map order; overrides the option of that name. */
  classes?: readonly number[]
  /** Name of the picture, and of its output without extension. Default: that of the file of scores or labels. */
  name?: string
}

/** A refined mask in memory. */
export interface RefinedMask {
  /** Class ids; 0 is background, 255 a pixel whose score is below `confidence`. */
  mask: LabelMap
  /** Ids of the labels that took part, in the order of `scores`. */
  classes: number[]
  /** Refined scores (Q of a CRF, which sum to 1 a pixel), float32 [classes, H, W]; only where they were asked for. */
  scores?: TensorData
  /** Of a picture file: whether the mask is of the picture as viewers show it, or as its rows are stored. */
  orientation?: Orientation
  /** What need not be wrong, but should be looked at: a sentence each. Absent where there is nothing to say. */
  warnings?: string[]
  /** Milliseconds of the refinement itself, without reading and writing. */
  ms: number
}

/** Output and resources of one refinement. */
export interface RefineExecution extends LoggerOption {
  /**
   * The classes that there are: `voc2012`, `coco2014`, the path of a classes.json, or a table. Names of arrays and image-level
   * labels are looked up in it, and other class ids are refused. Default: none; any id will do, and names are refused.
   */
  classTable?: ClassTable | string
  /** Also give the refined scores. Default false. */
  withScores?: boolean
  /** Threads for this picture, 1 to 256. Default: all processors. */
  threads?: number
  /** Maximum memory of the refinement, in bytes. Default: half of the free memory; none where the system does not tell. */
  memoryLimit?: number
  /** Where it is computed: `cpu` (default), `cuda` or `cuda:1`, which need the kernels of docs/gpu.md. One that cannot be had is refused. */
  device?: NamedDevice
  signal?: AbortSignal
}

/** Folders of files that belong together by name: `images/a.jpg` and `cams/a.npy`. */
export interface RefineFolders {
  /** Folder of the pictures. */
  images: string
  /** Folder of score maps (.npz, .npy, .pkl, .pickle, .pth, .pt; see `readCamFile`) and label maps (.png). */
  cams: string
}

/** Two folders, or inputs one after another. */
export type RefineInputs = RefineFolders | Iterable<RefineInput> | AsyncIterable<RefineInput>

/** Whether inputs are given as folders, with or without options beside them. */
export function isFolders<T extends RefineFolders>(inputs: T | RefineInputs): inputs is T {
  return typeof inputs === 'object' && inputs !== null && 'images' in inputs && 'cams' in inputs
}

export interface RefineMasksOptions extends RefineOptions, Omit<RefineExecution, 'withScores'> {
  /** Folder for the masks, `<name>.png`: palette PNGs whose pixel values are class ids. Default: none, results only. */
  out?: string
  /** Colours of the PNGs. Default: those of VOC. */
  palette?: Palette
  /**
   * Also give the refined scores and, with `out`, write them, float32: `npz`: `<name>.npz`, one [H, W] array a class id;
   * `npy` or true: `<name>.npy`, [labels, H, W] in the order of `classes`, with the class ids behind them. Default false.
   */
  withScores?: boolean | 'npy' | 'npz'
  /** Pictures at a time. Default: all processors. */
  concurrency?: number
  /** Threads of each picture. Default: processors / concurrency, at least 1. */
  threads?: number
  /** Maximum memory of all refinements together, in bytes, divided among `concurrency` pictures. Default: half of the free memory. */
  memoryLimit?: number
  /**
   * A file of image-level labels, in any form that `trainSemPLeS` reads (`labels.csv`, `cls_labels.npy`): of score maps only
   * those of the picture's labels take part, and one of the background, as if there were no others. Needs `classTable`. A
   * picture that the file does not name fails. Default: none, all maps take part.
   */
  imageLabels?: string
  /** Overwrite masks that `out` holds already, whatever made them. Default false: finished masks are skipped. */
  overwrite?: boolean
  /** `collect` (default): a picture that fails is yielded with its `error`, and the others continue. `throw`: the first failure ends the iteration. */
  errors?: 'collect' | 'throw'
  onProgress?: OnProgress
}

/** The outcome of one picture. */
export interface RefineDone extends Partial<RefinedMask> {
  name: string
  /** Path of the mask; with `out`. */
  file?: string
  /** True where `out` held a finished mask, which is not read. */
  skipped?: true
  /** Why there is no mask. */
  error?: SemplesError
}

export interface RefineSummary {
  /** Pictures that were refined, skipped, and that failed. */
  refined: number
  skipped: number
  failed: { name: string; error: SemplesError }[]
  /** Seconds from the first picture to the last. */
  seconds: number
  /** What need not be wrong, but should be looked at: each sentence once, with the number of pictures it is about. */
  warnings: string[]
  /** Absolute folder of the masks. */
  out?: string
}
