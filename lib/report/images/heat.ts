import { interpolateInferno } from 'd3-scale-chromatic'
import sharp from 'sharp'
import type { Pixels } from './encode.js'
import { grey } from './mask.js'

/** Colours of 0..1 from dark to bright, told apart by their lightness alone: 256 times RGB. */
const COLORS = Uint8Array.from({ length: 256 }, (_, step) => step).reduce<number[]>((all, step) => {
  const color = Number.parseInt(interpolateInferno(step / 255).slice(1), 16)
  all.push(color >> 16, (color >> 8) & 255, color & 255)
  return all
}, [])

/** The scale's colours at equal distances, as CSS colours, for legends. */
export const heatStops = Array.from({ length: 9 }, (_, step) => interpolateInferno(step / 8))

/** How strongly the lowest and the highest heat cover the picture. */
const [FAINT, STRONG] = [0.5, 0.85]

/** Heat of 0..1 a pixel over the picture in grey, so that every colour seen is heat. */
export function overHeat(picture: Pixels, heat: Float32Array): Pixels {
  const { width, height, data } = picture
  const drawn = new Uint8Array(width * height * 3)
  for (let pixel = 0, at = 0; pixel < width * height; pixel++, at += 3) {
    const brightness = grey(data, at)
    const value = Math.min(1, Math.max(0, heat[pixel] || 0))
    const strength = FAINT + (STRONG - FAINT) * value
    const color = Math.round(value * 255) * 3
    for (let channel = 0; channel < 3; channel++) {
      drawn[at + channel] = brightness * (1 - strength) + COLORS[color + channel]! * strength
    }
  }
  return { width, height, data: drawn }
}

/** The highest of several maps at each pixel. */
export function highest(cams: Float32Array, pixels: number): Float32Array {
  const heat = new Float32Array(pixels)
  for (let i = 0; i < cams.length; i++) {
    if (cams[i]! > heat[i % pixels]!) heat[i % pixels] = cams[i]!
  }
  return heat
}

/** A coarse grid of 0..1 as a map of the picture's size, with linear steps between the cells. */
export async function enlarge(
  grid: { rows: number; columns: number; values: Float32Array },
  { width, height }: { width: number; height: number },
): Promise<Float32Array> {
  const bytes = Uint8Array.from(grid.values, (value) => Math.round(Math.min(1, Math.max(0, value || 0)) * 255))
  const enlarged = await sharp(bytes, { raw: { width: grid.columns, height: grid.rows, channels: 1 } })
    .resize({ width, height, fit: 'fill', kernel: 'linear' })
    .toColourspace('b-w')
    .raw()
    .toBuffer()
  return Float32Array.from(enlarged, (value) => value / 255)
}
