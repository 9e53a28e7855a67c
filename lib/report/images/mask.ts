import type { LabelMap } from '../../masks/labelMap.js'
import { type Color, maskPalette } from '../../masks/palette.js'
import type { Pixels } from './encode.js'

type Classes = Iterable<{ id: number; color: Color }>

/** A mask in its classes' colours; background is transparent, so that it suits a light and a dark page. */
export function maskPixels({ width, height, data }: LabelMap, classes: Classes): Pixels {
  const palette = maskPalette(classes)
  const drawn = new Uint8Array(width * height * 4)
  data.forEach((id, pixel) => {
    if (id !== 0) drawn.set([...palette[id]!, 255], pixel * 4)
  })
  return { width, height, data: drawn }
}

/** Share of the class's colour inside an object; its outline is drawn in the full colour. */
const TINT = 0.5

/** A mask over its picture. */
export function overMask(picture: Pixels, mask: LabelMap, classes: Classes): Pixels {
  const { width, height } = mask
  const palette = maskPalette(classes)
  const drawn = Uint8Array.from(picture.data)
  mask.data.forEach((id, pixel) => {
    if (id === 0) return
    const share = isOutline(mask, pixel) ? 1 : TINT
    palette[id]!.forEach((value, channel) => {
      const at = pixel * 3 + channel
      drawn[at] = drawn[at]! * (1 - share) + value * share
    })
  })
  return { width, height, data: drawn }
}

function isOutline({ width, height, data }: LabelMap, pixel: number): boolean {
  const [column, row, id] = [pixel % width, Math.floor(pixel / width), data[pixel]]
  return (
    (column > 0 && data[pixel - 1] !== id) ||
    (column < width - 1 && data[pixel + 1] !== id) ||
    (row > 0 && data[pixel - width] !== id) ||
    (row < height - 1 && data[pixel + width] !== id)
  )
}
