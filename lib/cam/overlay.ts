import { runInSlices } from '../base/cooperative.js'
import type { LabelMap } from '../masks/labelMap.js'
import type { Palette } from '../masks/palette.js'
import type { RawImage } from '../pictures/image.js'
import { loadSharp } from '../pictures/sharp.js'

/** Share of the class's colour in a pixel. */
const OPACITY = 0.55

/** Pixels between two looks at the clock. */
const BLOCK = 65_536

/** A JPEG of the picture with the colours of its mask over it; the background is as it was. */
export async function overlayJpeg(image: RawImage, mask: LabelMap, palette: Palette): Promise<Uint8Array> {
  const { width, height } = image
  const data = await runInSlices(blended(image, mask, palette))
  const sharp = await loadSharp()
  return sharp(data, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: 90, chromaSubsampling: '4:4:4' })
    .toBuffer()
}

function* blended({ data }: RawImage, mask: LabelMap, palette: Palette): Generator<undefined, Uint8Array> {
  const pixels = data.slice()
  for (let pixel = 0; pixel < mask.data.length; pixel++) {
    const id = mask.data[pixel]!
    if (id !== 0)
      for (const [channel, value] of palette[id]!.entries()) {
        const at = 3 * pixel + channel
        pixels[at] = Math.round((1 - OPACITY) * pixels[at]! + OPACITY * value)
      }
    if (pixel % BLOCK === BLOCK - 1) yield
  }
  return pixels
}
