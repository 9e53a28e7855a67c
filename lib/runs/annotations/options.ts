import type { SemplesError } from '../../base/error.js'
import type { ClassTable } from '../../datasets/dataset.js'
import type { AnnotationShapes } from './format.js'
import type { AnnotationFormatName } from './formats.js'

export interface ExportMasksOptions {
  /**
   * Folder of the masks, `<picture>.png`, of semples or of any other program: PNGs whose pixel values are class ids. 0,
   * background, and 255, void, are never written.
   */
  masks: string
  /** Folder of their pictures: `images/a.jpg` belongs to `masks/a.png`. */
  images: string
  /**
   * `coco`: one JSON of COCO instances; `labelme`: a JSON for each picture; `cvat`: one XML of "CVAT for images 1.1".
   */
  format: AnnotationFormatName
  /** The file to write, where nothing may be; for `labelme` a folder, in which files that are there stay as they are. */
  out: string
  /** `voc2012`, `coco2014`, the path of a classes.json, or a table. Default: masks.json or classes.json of the masks. */
  classes?: ClassTable | string
  /**
   * `polygons` (default), which people can drag; an object with holes is a mask where the format has some (not `labelme`).
   * `masks`: run lengths, exact to the pixel.
   */
  shapes?: AnnotationShapes
  /**
   * For polygons: how far, in pixels, their edges may lie from those of the mask; more makes fewer corners. 0 is exact.
   * Default 1. A polygon that would have less than 95 % intersection over union with its part of the mask gets more corners.
   */
  tolerance?: number
  /** Connected parts of fewer pixels are left out, and counted. Default 1: none. */
  minArea?: number
  /** All parts of a class in a picture are one object. Default: each connected part is one. */
  perClass?: boolean
  /**
   * Of pictures with an EXIF orientation: masks are of the picture as viewers show it (`apply`), or as it is stored
   * (`ignore`). Default: what the masks say, else what their sides say, else `apply`. Annotations are of pictures as shown.
   */
  exif?: 'apply' | 'ignore'
  /** Called after each mask. */
  onProgress?(done: number, total: number): void
  /** Stops between two masks; no file is left half-written. */
  signal?: AbortSignal
}

export interface ExportMasksResult {
  /** Absolute path of the file or folder. */
  out: string
  format: AnnotationFormatName
  /** Pictures written. */
  pictures: number
  /** With `labelme`: pictures whose file was there before, and stays. */
  kept: number
  objects: number
  /** Connected parts that were left out for `minArea`. */
  small: number
  /** Pictures of the folder that have no mask. */
  withoutMask: number
  /** Labels of the classes, in the order of their table. */
  classes: string[]
  /** Masks that could not be written, each with the reason. */
  failed: { mask: string; error: SemplesError }[]
}

/** Of masks whose pictures and classes are known. */
export type ExportPairsOptions = Omit<ExportMasksOptions, 'masks' | 'images' | 'classes'>
