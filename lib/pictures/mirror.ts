import type { RawImage } from './image.js'
import { loadSharp } from './sharp.js'

/** The picture with left and right exchanged. */
export async function mirrorImage({ data, width, height }: RawImage): Promise<RawImage> {
  const sharp = await loadSharp()
  const mirrored = await sharp(data, { raw: { width, height, channels: 3 } })
    .flop()
    .raw()
    .toBuffer()
  return { data: mirrored, width, height }
}
