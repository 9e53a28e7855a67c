import { loadSharp } from '../../pictures/sharp.js'
import type { Pixels } from './encode.js'

interface Size {
  width: number
  height: number
}

/** Shrinks an RGB picture to a maximum side; smaller pictures are returned unchanged. */
export async function shrink(picture: Pixels, maxSide: number): Promise<Pixels> {
  const { width, height } = picture
  if (Math.max(width, height) <= maxSide) return picture
  const sharp = await loadSharp()
  const { data, info } = await sharp(picture.data, { raw: { width, height, channels: 3 } })
    .resize({ width: maxSide, height: maxSide, fit: 'inside' })
    .raw()
    .toBuffer({ resolveWithObject: true })
  return { width: info.width, height: info.height, data }
}

/** Nearest-neighbour resizing of one value a pixel, so that class ids stay class ids. */
export function sample<T extends Uint8Array | Float32Array>(values: T, from: Size, to: Size): T {
  if (from.width === to.width && from.height === to.height) return values
  const sampled = values.slice(0, to.width * to.height) as T
  for (let row = 0, at = 0; row < to.height; row++) {
    const start = Math.floor(((row + 0.5) * from.height) / to.height) * from.width
    for (let column = 0; column < to.width; column++, at++) {
      sampled[at] = values[start + Math.floor(((column + 0.5) * from.width) / to.width)]!
    }
  }
  return sampled
}
