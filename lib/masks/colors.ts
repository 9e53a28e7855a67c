import { type Color, maskPalette, type Palette } from './palette.js'

/**
 * What counts where an indexed PNG has the colours of the class table at other places than the table has them:
 * `refuse` (default), since either may be meant; `use`, ids by colour; `ignore`, ids are the indices.
 */
export type MaskColors = 'refuse' | 'use' | 'ignore'

const VOC = maskPalette()

/** Red, green and blue in one number. */
export function colorKey(red: number, green: number, blue: number): number {
  return (red << 16) | (green << 8) | blue
}

/**
 * Ids by colour. A colour that a class was given beats the VOC colour of an id that was given none; a colour that two
 * classes were given means nothing.
 */
export function idsByColor(palette: Palette): Map<number, number> {
  const ids = new Map<number, number>()
  const given = new Set<number>()
  const ambiguous = new Set<number>()
  for (const [id, color] of palette.entries()) {
    const key = colorKey(...color)
    const isGiven = !isSame(color, VOC[id])
    if (isGiven && given.has(key)) ambiguous.add(key)
    if (isGiven || !given.has(key)) ids.set(key, id)
    if (isGiven) given.add(key)
  }
  for (const key of ambiguous) ids.delete(key)
  // Unused places of a palette are often filled with the colour of the background.
  const [background] = palette
  if (background !== undefined) ids.set(colorKey(...background), 0)
  return ids
}

/**
 * The ids that the colours of an indexed PNG stand for, where its pixels have colours of the class table (or of VOC's) and
 * all of them at other places: image editors and programs that make PNGs smaller sort palettes.
 *
 * @param used indices that occur in the pixels
 * @param own colours of the file, by index
 * @param ids pixel values that a mask may have; a reading by colour that leads to another is none
 * @returns id by index; undefined where colours and indices agree, or the colours say nothing (grey, or others)
 */
export function idsOfOwnColors(
  used: readonly number[],
  own: readonly (readonly number[])[],
  palette: Palette = VOC,
  ids?: readonly number[],
): Map<number, number> | undefined {
  if (used.some((index) => own[index] === undefined) || isGreyRamp(used, own)) return undefined
  const colorOf = (index: number) => own[index]!.slice(0, 3) as unknown as Color
  if (used.every((index) => isSame(colorOf(index), palette[index]) || isSame(colorOf(index), VOC[index])))
    return undefined
  for (const known of palette === VOC ? [VOC_IDS] : [idsByColor(palette), VOC_IDS]) {
    const found = used.map((index) => known.get(colorKey(...colorOf(index))))
    const isReading = found.every((id) => id !== undefined && (ids === undefined || id === 255 || ids.includes(id)))
    if (isReading) return new Map(used.map((index, at) => [index, found[at]!]))
  }
  return undefined
}

const VOC_IDS = idsByColor(VOC)

/** A palette that shows indices as they are, or spread from black to white. */
function isGreyRamp(used: readonly number[], own: readonly (readonly number[])[]): boolean {
  const last = own.length - 1
  const isNear = (color: readonly number[], value: number) =>
    color.slice(0, 3).every((channel) => Math.abs(channel - value) <= 1)
  return (
    used.every((index) => isNear(own[index]!, index)) ||
    own.every((color, index) => isNear(color, (255 * index) / Math.max(last, 1)))
  )
}

function isSame(one: readonly number[], other: readonly number[] | undefined): boolean {
  return other !== undefined && one[0] === other[0] && one[1] === other[1] && one[2] === other[2]
}
