import type { LabelMap } from '../../masks/labelMap.js'
import { type RawImage, roundHalfToEven } from '../../pictures/image.js'
import { resizeImage } from '../../pictures/resize.js'
import { sample } from '../../report/images/shrink.js'

/** Maximum side of pictures in a report, in pixels. */
const MAX_SIDE = 400

export interface Size {
  width: number
  height: number
}

/** The size of a picture in the report. */
export function shownSize({ width, height }: Size): Size {
  const factor = Math.min(1, MAX_SIDE / Math.max(width, height))
  const side = (pixels: number): number => Math.max(1, roundHalfToEven(pixels * factor))
  return { width: side(width), height: side(height) }
}

export async function shrinkImage(image: RawImage, { width, height }: Size): Promise<RawImage> {
  if (width === image.width && height === image.height) return image
  return resizeImage(image, width, height, { mode: 'fast' })
}

/** The value of the nearest pixel, so that a mask and its map still belong together. */
export function shrinkMask(mask: LabelMap, size: Size): LabelMap {
  return { ...size, data: sample(mask.data, mask, size) }
}

/** As `shrinkMask`, for `count` maps of the size `from`: float32 [count, from.height, from.width]. */
export function shrinkMaps(maps: Float32Array, count: number, from: Size, size: Size): Float32Array {
  const [before, after] = [from.width * from.height, size.width * size.height]
  const result = new Float32Array(count * after)
  for (let map = 0; map < count; map++)
    result.set(sample(maps.subarray(map * before, (map + 1) * before), from, size), map * after)
  return result
}
