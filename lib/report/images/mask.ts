import type { LabelMap } from '../../masks/labelMap.js'
import { type Color, maskPalette } from '../../masks/palette.js'
import type { Pixels } from './encode.js'

type Classes = Iterable<{ id: number; color: Color }>

/** A mask in its classes' colours; background is transparent, so that it suits a light and a dark page. */
export function maskPixels({ width, height, data }: LabelMap, classes: Classes): Pixels {
  const palette = maskPalette(classes)
  const drawn = new Uint8Array(width * height * 4)
  const opaque = palette.map((color) => [...color, 255])
  data.forEach((id, pixel) => {
    if (id !== 0) drawn.set(opaque[id]!, pixel * 4)
  })
  return { width, height, data: drawn }
}

/** Share of the class's colour inside an object; its outline has the full colour. */
const TINT = 0.45
/** Brightness of the background, which is shown in grey so that objects stand out from it. */
const DIMMED = 0.6

/** A mask over its picture. */
export function overMask(picture: Pixels, mask: LabelMap, classes: Classes): Pixels {
  const { width, height } = mask
  const palette = maskPalette(classes)
  const drawn = Uint8Array.from(picture.data)
  const reach = Math.max(1, Math.round(Math.max(width, height) / 250))
  for (let pixel = 0, at = 0; pixel < mask.data.length; pixel++, at += 3) {
    const id = mask.data[pixel]!
    if (id === 0) drawn.fill(grey(picture.data, at) * DIMMED, at, at + 3)
    else tint(drawn, at, palette[id]!, isOutline(mask, pixel, reach) ? 1 : TINT)
  }
  return { width, height, data: drawn }
}

function tint(drawn: Uint8Array, at: number, color: Color, share: number): void {
  for (let channel = 0; channel < 3; channel++) {
    drawn[at + channel] = drawn[at + channel]! * (1 - share) + color[channel]! * share
  }
}

/** Brightness of the RGB pixel that begins at a position (ITU-R BT.601). */
export function grey(data: Uint8Array, at: number): number {
  return 0.299 * data[at]! + 0.587 * data[at + 1]! + 0.114 * data[at + 2]!
}

/** Whether another class begins within so many pixels across or down. */
function isOutline({ width, height, data }: LabelMap, pixel: number, reach: number): boolean {
  const [column, row, id] = [pixel % width, Math.floor(pixel / width), data[pixel]]
  return (
    (column >= reach && data[pixel - reach] !== id) ||
    (column < width - reach && data[pixel + reach] !== id) ||
    (row >= reach && data[pixel - reach * width] !== id) ||
    (row < height - reach && data[pixel + reach * width] !== id)
  )
}
