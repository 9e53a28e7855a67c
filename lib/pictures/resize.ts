import type { Mutex } from '../base/cooperative.js'
import { type Box, type RawImage, wholeBox } from './image.js'
import { resizeBicubicAsync } from './resample.js'
import { loadSharp } from './sharp.js'

export interface ResizeOptions {
  /** The rectangle to resize. Default: the whole picture. */
  box?: Box
  /** `exact`: Pillow's bicubic, byte for byte. `fast`: sharp's cubic, in its own threads. */
  mode: 'exact' | 'fast'
  mutex?: Mutex
  signal?: AbortSignal
}

/** Crops and resizes with either resampler, without blocking the event loop. */
export async function resizeImage(
  image: RawImage,
  width: number,
  height: number,
  { box = wholeBox(image), mode, mutex, signal }: ResizeOptions,
): Promise<RawImage> {
  if (mode === 'exact') return resizeBicubicAsync(image, width, height, { box, mutex, signal })
  const sharp = await loadSharp()
  const { data } = await sharp(image.data, { raw: { width: image.width, height: image.height, channels: 3 } })
    .extract(box)
    .resize({ width, height, fit: 'fill', kernel: 'cubic' })
    .raw()
    .toBuffer({ resolveWithObject: true })
  return { data: new Uint8Array(data.buffer, data.byteOffset, data.length), width, height }
}
