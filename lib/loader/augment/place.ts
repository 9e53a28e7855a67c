import { emptyImage, type RawImage } from '../../pictures/image.js'
import type { Random } from '../random.js'
import type { PlaceOptions } from './options.js'

interface Size {
  width: number
  height: number
}

/** Size of the resized picture, and where its upper left corner lies in the input (negative: outside). */
export interface Placement extends Size {
  left: number
  top: number
  fill: PlaceOptions['fill']
}

/** Draws a size and a place: wherever the picture fits into the input, or the input into the picture. */
export function drawPlacement(image: Size, input: Size, { longSide, fill }: PlaceOptions, random: Random): Placement {
  const side = Math.max(input.width, input.height)
  const long = random.integer(Math.round(longSide[0] * side), Math.round(longSide[1] * side))
  const factor = long / Math.max(image.width, image.height)
  const width = Math.max(1, Math.round(image.width * factor))
  const height = Math.max(1, Math.round(image.height * factor))
  const offset = (free: number): number => random.integer(Math.min(0, free), Math.max(0, free))
  return { width, height, left: offset(input.width - width), top: offset(input.height - height), fill }
}

/** The input: the resized picture at its place, filled around. */
export function placed(image: RawImage, size: Size, { left, top, fill }: Placement): RawImage {
  const input = emptyImage(size.width, size.height)
  for (let at = 0; at < input.data.length; at += 3) input.data.set(fill, at)
  const from = Math.max(0, -left)
  const columns = Math.min(image.width - from, size.width - Math.max(0, left))
  for (let row = Math.max(0, top); row < Math.min(size.height, top + image.height); row++) {
    const start = ((row - top) * image.width + from) * 3
    input.data.set(image.data.subarray(start, start + columns * 3), (row * size.width + Math.max(0, left)) * 3)
  }
  return input
}
