import { emptyImage, type RawImage } from '../../pictures/image.js'

/**
 * Source coordinates of a target pixel: x = a*X + b*Y + c, y = d*X + e*Y + f, from pixel centres to pixel centres.
 */
export type AffineMatrix = readonly [a: number, b: number, c: number, d: number, e: number, f: number]

// Named here: looking `Math` up for every pixel is slow where globals are virtual.
const { floor, max, min } = Math

/** RGB of pixels outside the picture. */
export type FillColor = readonly [number, number, number]

/** Rotates counter-clockwise about the centre of the picture. */
export function rotate(image: RawImage, degrees: number, fill: FillColor): RawImage {
  const angle = (((degrees % 360) + 360) % 360) * (Math.PI / 180)
  if (angle === 0) return { ...image, data: image.data.slice() }
  const cos = decimals15(Math.cos(-angle))
  const sin = decimals15(Math.sin(-angle))
  const x = image.width / 2
  const y = image.height / 2
  return affine(image, [cos, sin, cos * -x + sin * -y + x, -sin, cos, -sin * -x + cos * -y + y], fill)
}

/** Horizontal shear: source x = X + factor * Y. */
export function shearX(image: RawImage, factor: number, fill: FillColor): RawImage {
  return affine(image, [1, factor, 0, 0, 1, 0], fill)
}

/** Vertical shear: source y = Y + factor * X. */
export function shearY(image: RawImage, factor: number, fill: FillColor): RawImage {
  return affine(image, [1, 0, 0, factor, 1, 0], fill)
}

/** Shifts left by `share` of the width. */
export function translateX(image: RawImage, share: number, fill: FillColor): RawImage {
  return affine(image, [1, 0, share * image.width, 0, 1, 0], fill)
}

/** Shifts up by `share` of the height. */
export function translateY(image: RawImage, share: number, fill: FillColor): RawImage {
  return affine(image, [1, 0, 0, 0, 1, share * image.height], fill)
}

/**
 * Draws `image` through an affine map with bicubic interpolation (a = -1, values cut to whole numbers), as Pillow's
 * `transform`. This kernel is not the one of `resizeBicubic`.
 */
function affine(image: RawImage, [a, b, c, d, e, f]: AffineMatrix, fill: FillColor): RawImage {
  const { width, height } = image
  const result = emptyImage(width, height)
  let to = 0
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++, to += 3) {
      const x = a * (column + 0.5) + b * (row + 0.5) + c
      const y = d * (column + 0.5) + e * (row + 0.5) + f
      if (x < 0 || x >= width || y < 0 || y >= height) result.data.set(fill, to)
      else interpolate(image, x - 0.5, y - 0.5, result.data, to)
    }
  }
  return result
}

function interpolate(image: RawImage, x: number, y: number, target: Uint8Array, to: number): void {
  const { data, width, height } = image
  const column = floor(x)
  const row = floor(y)
  const dx = x - column
  const dy = y - row
  // Beyond an edge the outermost pixel repeats.
  const x0 = limit(column - 1, width) * 3
  const x1 = limit(column, width) * 3
  const x2 = limit(column + 1, width) * 3
  const x3 = limit(column + 2, width) * 3
  const y0 = limit(row - 1, height) * width * 3
  const y1 = limit(row, height) * width * 3
  const y2 = limit(row + 1, height) * width * 3
  const y3 = limit(row + 2, height) * width * 3
  for (let channel = 0; channel < 3; channel++) {
    const value = cubic(
      cubic(data[y0 + x0 + channel]!, data[y0 + x1 + channel]!, data[y0 + x2 + channel]!, data[y0 + x3 + channel]!, dx),
      cubic(data[y1 + x0 + channel]!, data[y1 + x1 + channel]!, data[y1 + x2 + channel]!, data[y1 + x3 + channel]!, dx),
      cubic(data[y2 + x0 + channel]!, data[y2 + x1 + channel]!, data[y2 + x2 + channel]!, data[y2 + x3 + channel]!, dx),
      cubic(data[y3 + x0 + channel]!, data[y3 + x1 + channel]!, data[y3 + x2 + channel]!, data[y3 + x3 + channel]!, dx),
      dy,
    )
    target[to + channel] = max(0, min(255, value))
  }
}

/** The cubic through `p1` (t = 0) and `p2` (t = 1) with the slopes p2 - p0 and p3 - p1. */
function cubic(p0: number, p1: number, p2: number, p3: number, t: number): number {
  return p1 + t * (p2 - p0 + t * (2 * (p0 - p1) + p2 - p3 + t * (-p0 + p1 - p2 + p3)))
}

function limit(index: number, size: number): number {
  return index < 0 ? 0 : index >= size ? size - 1 : index
}

/** Rounded to 15 decimals: right angles become exact. */
function decimals15(value: number): number {
  return Number(value.toFixed(15))
}
