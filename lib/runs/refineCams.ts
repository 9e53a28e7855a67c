import type { RawImage } from '../pictures/image.js'
import type { RefineOptions } from '../refine/options.js'
import { refineMask } from '../refine/refineMask.js'
import type { RefinedMask } from '../refine/types.js'

/** How a run's own CAMs are refined: what `refineMask` takes, but for what the CAMs say themselves. */
export type RefinementOptions = Omit<RefineOptions, 'classes' | 'classOffset' | 'threshold' | 'values'>

/** CAMs of a picture and the pixel value of each map. */
export interface CamsToRefine {
  cams: Float32Array
  classIds: readonly number[]
  height: number
  width: number
}

/** The mask of CAMs at a background threshold, refined with the colours of their picture. */
export function refineCams(
  image: RawImage,
  { cams, classIds, height, width }: CamsToRefine,
  options: RefinementOptions & { threshold: number },
  execution: { withScores?: boolean; threads?: number; signal?: AbortSignal } = {},
): Promise<RefinedMask> {
  const tensor = { dtype: 'float32' as const, shape: [classIds.length, height, width], data: cams }
  const scores = classIds.length === 0 ? new Float32Array(0) : tensor
  return refineMask({ ...options, ...execution, image, scores, classes: classIds })
}
