import { SemplesError } from '../../base/error.js'
import type { AxesOrder } from './maps.js'
import type { ScoreWarning } from './scores.js'

interface Sides {
  height: number
  width: number
}

/**
 * Refuses maps in another order of the axes than they are taken for: the sides of the maps are not those of the picture
 * by far, and the sides in the other order are. Maps of any size pass, also such as were squeezed a little.
 *
 * @param shape [maps, height, width] as the maps were taken
 * @param name of the file, or what errors call the scores
 * @throws SemplesError `SEMPLES_CAM_INVALID` naming the option
 */
export function refuseOtherAxes(shape: readonly number[], axes: AxesOrder, picture: Sides, name: string): void {
  const [maps = 0, height = 0, width = 0] = shape
  // As they lie in memory, and what they would be in the other order.
  const stored = axes === 'chw' ? [maps, height, width] : [height, width, maps]
  const [other, [otherHeight = 0, otherWidth = 0], otherMaps] =
    axes === 'chw' ? (['hwc', [maps, height], width] as const) : (['chw', [width, maps], height] as const)
  const own = ratioTo(picture, height, width)
  const exact = otherHeight === picture.height && otherWidth === picture.width
  const far = exact ? CLOSE : FAR
  if (maps === 0 || (own > 1 / far && own < far) || otherMaps >= Math.min(otherHeight, otherWidth)) return
  if (!exact && !isSmallCopy(picture, otherHeight, otherWidth)) return
  throw new SemplesError('SEMPLES_CAM_INVALID', {
    message: `${name} holds [${stored.join(', ')}]: taken with axes ${axes} these are ${maps} maps of ${height}x${width} (height x width), and the picture is ${picture.height}x${picture.width}. They look like ${otherMaps} maps of ${otherHeight}x${otherWidth}.`,
    file: name,
    field: 'axes',
    value: `[${stored.join(', ')}]`,
    expected: axes === 'chw' ? '[maps, height, width]' : '[height, width, maps]',
    // The same for all sizes, so that many files with one fault are told of once.
    hint: `Say so: axes: '${other}' (--axes ${other}), or write them in the other order: numpy.ascontiguousarray(cam.transpose(${axes === 'chw' ? '2, 0, 1' : '1, 2, 0'})).`,
  })
}

/** Times that the shape of maps may differ from that of their picture: beyond, they would be squeezed out of all shape. */
const FAR = 1.75
/** The same where the sides in the other order are those of the picture, or of a smaller copy. */
const CLOSE = 1.1

function isSmallCopy(picture: Sides, height: number, width: number): boolean {
  const ratio = ratioTo(picture, height, width)
  return Math.min(height, width) >= 8 && ratio > 1 / CLOSE && ratio < CLOSE
}

function ratioTo(picture: Sides, height: number, width: number): number {
  return height / width / (picture.height / picture.width)
}

/**
 * Whether maps look like those of the picture with its sides exchanged: their sides are the other way round exactly, or by
 * their ratio as nearly as rounding leaves it, and are not the picture's by far. Very small maps do not tell.
 */
function areExchanged(maps: Sides, picture: Sides): boolean {
  if (maps.height === picture.width && maps.width === picture.height) return picture.height !== picture.width
  const [own, other] = [ratioTo(picture, maps.height, maps.width), ratioTo(picture, maps.width, maps.height)]
  // A side of a smaller copy is rounded to whole pixels, up or down.
  const rounding = Math.log1p(1.5 / Math.min(maps.height, maps.width))
  return Math.abs(Math.log(own)) > 3 * rounding && Math.abs(Math.log(other)) < rounding
}

/** A warning of maps that look transposed; they need not be, as where all maps have one size whatever their picture's. */
export function warnOfExchanged(maps: Sides, picture: Sides): ScoreWarning[] {
  if (!areExchanged(maps, picture)) return []
  const text =
    "Maps have the picture's sides exchanged, and are squeezed onto it: are they transposed (numpy: cam.transpose(0, 2, 1))?"
  return [{ text, seen: `maps ${maps.width}x${maps.height}, picture ${picture.width}x${picture.height}` }]
}
