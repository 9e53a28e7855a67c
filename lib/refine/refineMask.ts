import { type RefineOptions, resolveRefineOptions } from './options.js'
import { prepare, refinePrepared, resourcesOf } from './refinePicture.js'
import type { RefinedMask, RefineExecution, RefineInput } from './types.js'

export type RefineMaskOptions = RefineInput & RefineOptions & RefineExecution

/**
 * Refines the mask of one picture: dense CRF (Krähenbühl and Koltun 2011) or PAMR (Araslanov and Roth 2020) over score
 * maps or labels of any method.
 *
 * @param options the picture, its scores [C, H, W] or labels [H, W], and settings; without settings those with which
 *   SemPLeS and WeakTr make their VOC 2012 masks
 * @returns class ids of the picture's size
 * @throws SemplesError `SEMPLES_REFINE_INPUT`, `SEMPLES_CONFIG_INVALID`, `SEMPLES_IMAGE_UNREADABLE`,
 *   `SEMPLES_ARGUMENT_INVALID` (NaN or infinite scores), `SEMPLES_MEMORY_LIMIT` with the need,
 *   `SEMPLES_DEVICE_UNAVAILABLE`; the reason of `signal`
 */
export async function refineMask(options: RefineMaskOptions): Promise<RefinedMask> {
  const {
    image,
    scores,
    labels,
    name,
    withScores = false,
    threads,
    memoryLimit,
    device = 'cpu',
    signal,
    ...settings
  } = options
  const resolved = resolveRefineOptions(settings)
  const execution = { scores: withScores, ...resourcesOf({ threads, memoryLimit }), device, signal }
  const prepared = await prepare({ image, scores, labels, name }, resolved, signal)
  return refinePrepared(prepared, resolved, execution)
}
