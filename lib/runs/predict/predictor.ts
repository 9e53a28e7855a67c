import type { PrecisionName } from '../../base/precision.js'
import type { ClassTable } from '../../datasets/dataset.js'
import type { ClassMaps } from '../../formats/camFile/classMaps.js'
import type { RawImage } from '../../pictures/image.js'
import type { MemoryCheck } from '../memory/check.js'
import type { PictureFile } from './pictures.js'
import type { BatchModel } from './queue.js'
import type { ModelKind, PredictionOptions } from './types.js'

/** Which maps are wanted beside the mask: of the classes that have a pixel and the background, or of all that there may be. */
export type WantedMaps = 'none' | 'present' | 'all'

/** A decoded picture, what it is called in errors, and the picture at every scale. */
export interface ScaledImage {
  name: string
  image: RawImage
  scales: RawImage[]
}

/** The class of every pixel, and how sure that is. */
export interface Labelled {
  /** Class ids [height, width]. */
  ids: Uint8Array
  /** Of the class of each pixel, where not all maps are there to tell. */
  confidence?: Float32Array
  /** What `confidence` counts as 1. Default 1. */
  whole?: number
  maps?: ClassMaps
}

export interface MemoryOptions {
  maps: WantedMaps
  check: MemoryCheck
  signal?: AbortSignal | undefined
}

/** What is asked of the model for a picture. */
export interface PredictorJob<Settings extends object = object> {
  picture: ScaledImage
  settings: Settings
  maps: WantedMaps
}

/** What the model gives: finishes the mask without it. */
export type FinishMask = (signal: AbortSignal) => Promise<Labelled>

/** What makes masks from pictures. `Settings`: everything that decides a mask, which can be written as JSON. */
export interface Predictor<Settings extends object = object>
  extends Disposable,
    BatchModel<PredictorJob<Settings>, FinishMask> {
  kind: ModelKind
  /** Folder of the run whose weights these are. */
  path: string
  /** What tells these weights from others of the run. */
  checkpoint: Readonly<Record<string, unknown>>
  classes: ClassTable
  /** Where it computes. */
  device: string
  precision: PrecisionName
  /** One line for people. */
  description: string
  warnings: readonly string[]
  /** @throws SemplesError for options that are unknown, wrong, or of the other kind */
  resolve(options: PredictionOptions): Settings
  /**
   * Checks that the masks of all pictures fit into memory, before the first is made.
   * @returns a warning, or undefined
   * @throws SemplesError `SEMPLES_MEMORY_LIMIT` naming the largest picture, and what fits
   */
  checkMemory(pictures: readonly PictureFile[], settings: Settings, options: MemoryOptions): Promise<string | undefined>
  /** The picture at every scale. */
  scale(image: RawImage, settings: Settings, signal: AbortSignal): Promise<RawImage[]>
}
