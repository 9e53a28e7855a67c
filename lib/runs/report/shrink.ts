import type { LabelMap } from '../../masks/labelMap.js'
import { type RawImage, roundHalfToEven } from '../../pictures/image.js'
import { resizeImage } from '../../pictures/resize.js'

/** Longest side of what a report shows, in pixels. */
const MAX_SIDE = 400

export interface Size {
  width: number
  height: number
}

/** The size that a picture is shown at. */
export function shownSize({ width, height }: Size): Size {
  const factor = Math.min(1, MAX_SIDE / Math.max(width, height))
  const side = (pixels: number): number => Math.max(1, roundHalfToEven(pixels * factor))
  return { width: side(width), height: side(height) }
}

export async function shrinkImage(image: RawImage, { width, height }: Size): Promise<RawImage> {
  if (width === image.width && height === image.height) return image
  return resizeImage(image, width, height, { mode: 'fast' })
}

/** Takes the pixel in the middle of each cell, so that a mask and its map still belong together. */
export function shrinkMask(mask: LabelMap, size: Size): LabelMap {
  const places = middles(mask, size)
  return { ...size, data: Uint8Array.from(places, (place) => mask.data[place]!) }
}

/** As `shrinkMask`, for `count` maps of the size `from`. */
export function shrinkMaps(maps: Float32Array, count: number, from: Size, size: Size): Float32Array {
  const places = middles(from, size)
  const result = new Float32Array(count * places.length)
  for (let map = 0; map < count; map++) {
    const source = maps.subarray(map * from.width * from.height, (map + 1) * from.width * from.height)
    places.forEach((place, index) => {
      result[map * places.length + index] = source[place]!
    })
  }
  return result
}

function middles(from: Size, { width, height }: Size): Uint32Array {
  const places = new Uint32Array(width * height)
  for (let row = 0; row < height; row++) {
    const sourceRow = Math.floor(((row + 0.5) * from.height) / height)
    for (let column = 0; column < width; column++)
      places[row * width + column] = sourceRow * from.width + Math.floor(((column + 0.5) * from.width) / width)
  }
  return places
}
