import { types } from 'node:util'
import { SemplesError } from '../base/error.js'
import { decodeImage } from '../pictures/decode.js'
import type { RawImage } from '../pictures/image.js'
import type { PixelImage, RefineInput } from './types.js'

/**
 * The picture of an input as RGB bytes.
 *
 * @param orientation `exif` turns picture files as viewers show them, `stored` leaves the rows as they are
 * @throws SemplesError `SEMPLES_IMAGE_UNREADABLE`, `SEMPLES_REFINE_INPUT` for pixels that do not fit their size
 */
export async function pixelsOf(
  image: RefineInput['image'],
  orientation: 'exif' | 'stored' = 'stored',
  signal?: AbortSignal,
): Promise<RawImage> {
  if (typeof image === 'string' || types.isUint8Array(image)) return decodeImage(image, { orientation, signal })
  return rgb(image)
}

function rgb(image: PixelImage): RawImage {
  const { data, width, height } = image ?? {}
  const sides = Number.isSafeInteger(width) && Number.isSafeInteger(height) && width > 0 && height > 0
  const bytes = types.isUint8Array(data) || types.isUint8ClampedArray(data)
  const channels = sides && bytes ? data.length / (width * height) : 0
  if (channels !== 1 && channels !== 3 && channels !== 4)
    throw new SemplesError('SEMPLES_REFINE_INPUT', {
      message: 'The picture has a form that refinement does not accept.',
      field: 'image',
      value: bytes ? `${data.length} bytes, width ${width}, height ${height}` : image,
      expected:
        'a path, the bytes of a picture file, or { data, width, height } with 3 (RGB), 4 (RGBA) or 1 bytes a pixel',
    })
  if (channels === 3) return { data: new Uint8Array(data.buffer, data.byteOffset, data.length), width, height }
  const pixels = new Uint8Array(width * height * 3)
  for (let pixel = 0; pixel < width * height; pixel++)
    for (let channel = 0; channel < 3; channel++)
      pixels[3 * pixel + channel] = data[channels * pixel + (channels === 4 ? channel : 0)]!
  return { data: pixels, width, height }
}
