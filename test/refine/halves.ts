import { join } from 'node:path'
import sharp from 'sharp'
import type { LabelMap } from '../../lib/masks/labelMap.js'
import { writeMask } from '../../lib/masks/png.js'

/** A picture of two colours, left and right, and what a poor method made of it: class 7 is on the right. */
export interface Halves {
  image: { data: Uint8Array; width: number; height: number }
  truth: Uint8Array
  /** The border is three pixels off, and every ninth label is wrong. */
  noisy: LabelMap
  /** The same as CAMs of class 7, 0.2 and 0.8. */
  cams: Float32Array
}

export function halves(width = 40, height = 30): Halves {
  const data = new Uint8Array(3 * width * height)
  const truth = new Uint8Array(width * height)
  const noisy = new Uint8Array(width * height)
  for (let pixel = 0; pixel < truth.length; pixel++) {
    const x = pixel % width
    const right = x >= width / 2
    data.set(right ? [200, 30, 40] : [20, 60, 190], 3 * pixel)
    truth[pixel] = right ? 7 : 0
    const wrong = (pixel * 7919) % 9 === 0
    noisy[pixel] = x >= width / 2 + 3 !== wrong ? 7 : 0
  }
  return {
    image: { data, width, height },
    truth,
    noisy: { width, height, data: noisy },
    cams: Float32Array.from(noisy, (id) => (id === 7 ? 0.8 : 0.2)),
  }
}

/** Writes pictures and masks as files `<name>.png` of two folders. */
export async function writeHalves(images: string, cams: string, names: readonly string[]): Promise<Halves> {
  const made = halves()
  const { data, width, height } = made.image
  const png = await sharp(data, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer()
  for (const name of names) {
    await sharp(png).toFile(join(images, `${name}.png`))
    await writeMask(join(cams, `${name}.png`), made.noisy)
  }
  return made
}
