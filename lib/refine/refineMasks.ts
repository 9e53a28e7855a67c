import type { SemplesError } from '../config/error.js'
import type { Palette } from '../masks/palette.js'
import type { OnProgress } from '../stages/progress.js'
import type { RefineFolders } from './folders.js'
import type { RefineOptions } from './options.js'
import type { RefineExecution } from './refineMask.js'
import { RefineStream } from './stream.js'
import type { RefinedMask, RefineInput } from './types.js'

/** Two folders, or inputs one after another. */
export type RefineInputs = RefineFolders | Iterable<RefineInput> | AsyncIterable<RefineInput>

export interface RefineMasksOptions extends RefineOptions, Omit<RefineExecution, 'withScores'> {
  /** Folder for the masks, `<name>.png`: palette PNGs whose pixel values are class ids. Default: none, results only. */
  out?: string
  /** Colours of the PNGs. Default: those of VOC. */
  palette?: Palette
  /**
   * Also give the refined scores and, with `out`, write them, float32: `npz`: `<name>.npz`, one [H, W] array a class id;
   * `npy` or true: `<name>.npy`, [labels, H, W] in the order of `classes`. Default false.
   */
  withScores?: boolean | 'npy' | 'npz'
  /** Pictures at a time. Default: all processors. */
  concurrency?: number
  /** Threads of each picture. Default: processors / concurrency, at least 1. */
  threads?: number
  /** Most bytes that refinement may take in all; each picture at work has its share. Default: half of the free memory. */
  memoryLimit?: number
  /** Refine again what `out` holds already, whatever made it. Default false: finished masks are skipped. */
  overwrite?: boolean
  /** `collect` (default): what fails is yielded with its `error`, and the others go on. `throw`: the first failure ends all. */
  errors?: 'collect' | 'throw'
  onProgress?: OnProgress
}

/** A picture that is done, one way or another. */
export interface RefineDone extends Partial<RefinedMask> {
  name: string
  /** Path of the mask; with `out`. */
  file?: string
  /** It was there already and has not been read. */
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
  /** Absolute folder of the masks. */
  out?: string
}

/**
 * Refines the masks of many pictures: an async iterable over them in the order of the inputs, whose `finished` settles
 * when all are done (`await refineMasks(...).finished` is the batch form). Work begins with the first of the two, and
 * goes on only as fast as results are taken.
 *
 * @param inputs two folders whose files belong together by name, or inputs
 * @param options settings, output and resources; with folders they may stand beside these
 * @throws SemplesError at the first picture for options, folders and output that do not fit; the reason of `signal`
 */
export function refineMasks(
  inputs: RefineInputs | (RefineFolders & RefineMasksOptions),
  options: RefineMasksOptions = {},
): RefineStream {
  return new RefineStream(async function* (summary) {
    // What it takes (sharp, LibTorch) is loaded when work begins.
    const { refineAll } = await import('./refineAll.js')
    if (!isFolders(inputs)) yield* refineAll(inputs, options, summary)
    else {
      const { images, cams, ...beside } = inputs
      yield* refineAll({ images, cams }, { ...beside, ...options }, summary)
    }
  })
}

/** Whether inputs are given as folders, with or without options beside them. */
export function isFolders<T extends RefineFolders>(inputs: T | RefineInputs): inputs is T {
  return typeof inputs === 'object' && inputs !== null && 'images' in inputs && 'cams' in inputs
}
