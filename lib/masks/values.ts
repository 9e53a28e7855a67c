import { VOID_ID } from './labelMap.js'
import { vocColor } from './palette.js'

/** The pixel values that masks may have, for messages: `0..20 or 255`. */
export function valuesExpected(ids: readonly number[]): string {
  const [first = 0] = ids
  const last = ids.at(-1) ?? 0
  return `${last - first === ids.length - 1 ? `${first}..${last}` : ids.join(', ')} or ${VOID_ID}`
}

/** What to do with a mask whose values are the brightness of VOC's colours; undefined for others. */
export function hintOfGreyed(data: Uint8Array): string | undefined {
  return isGreyedVoc(data)
    ? "Its values are the brightness of VOC's colours: a mask with a palette was saved as grey. Save its indices instead (Pillow: Image.fromarray(numpy.array(Image.open(f))))."
    : undefined
}

/** Whether every value is what Pillow's `convert('L')` makes of the colour that VOC gives to 0..20 or 255. */
function isGreyedVoc(data: Uint8Array): boolean {
  const brightness = new Set(
    [...Array(21).keys(), VOID_ID].map((id) => {
      const [red, green, blue] = vocColor(id)
      return (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16
    }),
  )
  return data.every((value) => brightness.has(value))
}
