import { interpolateInferno } from 'd3-scale-chromatic'
import { loadSharp } from '../../pictures/sharp.js'
import type { Pixels } from './encode.js'
import { grey } from './mask.js'

/** Colour map of 0..1 with increasing lightness: 256 times RGB. */
const COLORS = new Uint8Array(256 * 3)
for (let step = 0; step < 256; step++) {
  const color = Number.parseInt(interpolateInferno(step / 255).slice(1), 16)
  COLORS.set([color >> 16, (color >> 8) & 255, color & 255], step * 3)
}

/** The scale's colours at equal distances, as CSS colours, for legends. */
export const heatStops = Array.from({ length: 9 }, (_, step) => interpolateInferno(step / 8))

/** How strongly the lowest and the highest heat cover the picture. */
const [FAINT, STRONG] = [0.5, 0.85]

/** A heat map of 0..1 over the picture in grey, so that every colour is heat. */
export function overHeat(picture: Pixels, heat: Float32Array): Pixels {
  const { width, height, data } = picture
  const drawn = new Uint8Array(width * height * 3)
  for (let pixel = 0, at = 0; pixel < width * height; pixel++, at += 3) {
    const value = Math.min(1, Math.max(0, heat[pixel] || 0))
    const strength = FAINT + (STRONG - FAINT) * value
    const below = grey(data, at) * (1 - strength)
    const color = Math.round(value * 255) * 3
    drawn[at] = below + COLORS[color]! * strength
    drawn[at + 1] = below + COLORS[color + 1]! * strength
    drawn[at + 2] = below + COLORS[color + 2]! * strength
  }
  return { width, height, data: drawn }
}

/** The maximum of several maps at each pixel. */
export function highest(cams: Float32Array, pixels: number): Float32Array {
  const heat = new Float32Array(pixels)
  for (let start = 0; start < cams.length; start += pixels) {
    for (let pixel = 0; pixel < pixels; pixel++) {
      const value = cams[start + pixel]!
      if (value > heat[pixel]!) heat[pixel] = value
    }
  }
  return heat
}

/** A coarse grid of 0..1 resized to the picture's size, bilinearly. */
export async function enlarge(
  grid: { rows: number; columns: number; values: Float32Array },
  { width, height }: { width: number; height: number },
): Promise<Float32Array> {
  const bytes = Uint8Array.from(grid.values, (value) => Math.round(Math.min(1, Math.max(0, value || 0)) * 255))
  const sharp = await loadSharp()
  const enlarged = await sharp(bytes, { raw: { width: grid.columns, height: grid.rows, channels: 1 } })
    .resize({ width, height, fit: 'fill', kernel: 'linear' })
    .toColourspace('b-w')
    .raw()
    .toBuffer()
  return Float32Array.from(enlarged, (value) => value / 255)
}
