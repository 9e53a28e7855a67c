/** RGB, 0..255. */
export type Color = readonly [number, number, number]

/** 256 colours; the position is the pixel value. */
export type Palette = readonly Color[]

/**
 * Colour that the PASCAL VOC devkit gives to an id: three bits of the id at a time go to the red, green and blue
 * bytes, highest bit first. Neighbouring ids look unlike each other and all 256 colours differ.
 *
 * @param id pixel value, 0..255. 0 is black (background), 255 is (224, 224, 192) (void).
 */
export function vocColor(id: number): Color {
  let red = 0
  let green = 0
  let blue = 0
  for (let bit = 7, rest = id; rest > 0; bit--, rest >>= 3) {
    red |= (rest & 1) << bit
    green |= ((rest >> 1) & 1) << bit
    blue |= ((rest >> 2) & 1) << bit
  }
  return [red, green, blue]
}

/**
 * The palette of a mask file: the colour of each class at its id, the VOC colour at every other id.
 *
 * @param classes ids 1..254 with their colours (`ClassTable.classes` fits); none gives the VOC palette.
 * @returns 256 colours, RGB, 0 to 255; the position is the pixel value
 * @example
 * import { maskPalette } from 'semples'
 *
 * console.log(maskPalette()[15]?.join(' ')) // e.g. 192 128 128
 */
export function maskPalette(classes: Iterable<{ id: number; color: Color }> = []): Palette {
  const palette = Array.from({ length: 256 }, (_, id) => vocColor(id))
  for (const { id, color } of classes) palette[id] = color
  return palette
}
