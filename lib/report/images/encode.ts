import { loadSharp, type Sharp } from '../../pictures/sharp.js'

/** A picture that an `<img>` shows. */
export interface Image {
  uri: string
  width: number
  height: number
}

export interface Pixels {
  width: number
  height: number
  /** RGB or RGBA bytes, row-major. */
  data: Uint8Array
}

/** Pictures up to this many pixels are stored as PNG; larger ones as PNG would make pages of a hundred megabytes. */
const LOSSLESS_PIXELS = 128 * 128

/** Encodes a photograph, or a drawing over one: PNG if it is small, else WebP. */
export async function photo(pixels: Pixels): Promise<Image> {
  const image = await raw(pixels)
  const lossless = pixels.width * pixels.height <= LOSSLESS_PIXELS
  return lossless ? encoded(image.png(), 'png') : encoded(image.webp({ quality: 82, effort: 2 }), 'webp')
}

/** Encodes flat colours without loss, as PNG. */
export async function drawing(pixels: Pixels): Promise<Image> {
  return encoded((await raw(pixels)).png(), 'png')
}

async function raw({ width, height, data }: Pixels): Promise<Sharp> {
  const sharp = await loadSharp()
  return sharp(data, { raw: { width, height, channels: data.length === width * height * 4 ? 4 : 3 } })
}

async function encoded(image: Sharp, type: 'png' | 'webp'): Promise<Image> {
  const { data, info } = await image.toBuffer({ resolveWithObject: true })
  return { uri: `data:image/${type};base64,${data.toString('base64')}`, width: info.width, height: info.height }
}
