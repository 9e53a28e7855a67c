import { windowCount } from '../../models/memory/segmentJobs.js'
import type { Size } from '../../segment/scales.js'

/** Pictures that a model computes in one request, at most. */
export const MOST_TOGETHER = 4

/** Pixels of their masks, at most: more would cost memory, and time is gained with small pictures alone. */
const PIXELS_TOGETHER = 2 ** 20

export interface WindowRules {
  window: number
  stride: number
  atOnce: number
  flip: boolean
}

/**
 * How many pictures of a size are computed in one request: so many that their windows are computed at a time. A picture
 * with more windows keeps the model busy by itself.
 * @param scales the picture at each scale
 */
export function picturesTogether({ width, height }: Size, scales: readonly Size[], rules: WindowRules): number {
  const { window, stride } = rules
  const windows = scales.reduce(
    (sum, scale) => sum + windowCount(scale.width, window, stride) * windowCount(scale.height, window, stride),
    0,
  )
  return Math.max(1, Math.min(byWindows(windows, rules), Math.floor(PIXELS_TOGETHER / (width * height))))
}

/** No fewer than any batch of pictures that have no more pixels: counted as these, its masks have as many or more. */
export function mostTogether({ width, height }: Size, scales: number, rules: WindowRules): number {
  return Math.max(1, Math.min(byWindows(scales, rules), Math.ceil(PIXELS_TOGETHER / (width * height))))
}

/** @param windows of a picture that is not mirrored */
function byWindows(windows: number, { atOnce, flip }: WindowRules): number {
  return Math.min(MOST_TOGETHER, Math.floor(atOnce / (windows * (flip ? 2 : 1))))
}
