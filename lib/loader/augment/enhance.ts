import { emptyImage, type RawImage } from '../../pictures/image.js'

/**
 * Operations that blend a picture with a degenerate version of itself: a factor of 0 gives the degenerate version, 1
 * the picture, and above 1 extrapolates. Arithmetic in 32-bit floats, truncated to integers, as in Pillow.
 */

// Named here: looking `Math` up for every value is slow where globals are virtual.
const { fround, max, min } = Math

/** Degenerate version: greyscale. */
export function color(image: RawImage, factor: number): RawImage {
  const grey = emptyImage(image.width, image.height)
  for (let i = 0; i < image.data.length; i += 3) grey.data.fill(luma(image.data, i), i, i + 3)
  return blend(grey.data, image, factor)
}

/** Degenerate version: the mean grey of the picture everywhere. */
export function contrast(image: RawImage, factor: number): RawImage {
  let sum = 0
  for (let i = 0; i < image.data.length; i += 3) sum += luma(image.data, i)
  const mean = Math.floor(sum / (image.width * image.height) + 0.5)
  return blend(new Uint8Array(image.data.length).fill(mean), image, factor)
}

/** Degenerate version: black. */
export function brightness(image: RawImage, factor: number): RawImage {
  return blend(new Uint8Array(image.data.length), image, factor)
}

/** Degenerate version: smoothed by a 3x3 kernel. */
export function sharpness(image: RawImage, factor: number): RawImage {
  return blend(smooth(image), image, factor)
}

/** ITU-R 601 brightness in 16-bit fixed point. */
function luma(data: Uint8Array, at: number): number {
  return (data[at]! * 19595 + data[at + 1]! * 38470 + data[at + 2]! * 7471 + 0x8000) >> 16
}

function blend(dull: Uint8Array, image: RawImage, factor: number): RawImage {
  const result = emptyImage(image.width, image.height)
  const weight = Math.fround(factor)
  for (let i = 0; i < dull.length; i++) {
    const from = dull[i]!
    const value = fround(from + fround(weight * (image.data[i]! - from)))
    result.data[i] = max(0, min(255, value))
  }
  return result
}

/** Mean of 3x3 pixels in which the middle counts five times; the outermost pixels stay. */
function smooth({ data, width, height }: RawImage): Uint8Array {
  const result = data.slice()
  const line = width * 3
  for (let row = 1; row < height - 1; row++) {
    for (let i = row * line + 3; i < (row + 1) * line - 3; i++) {
      const above = data[i - line - 3]! + data[i - line]! + data[i - line + 3]!
      const beside = data[i - 3]! + 5 * data[i]! + data[i + 3]!
      const below = data[i + line - 3]! + data[i + line]! + data[i + line + 3]!
      result[i] = (above + beside + below) / 13 + 0.5
    }
  }
  return result
}
