import { SemplesError } from '../../base/error.js'
import type { AxesOrder } from './maps.js'

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
    message: `${name} holds [${stored.join(', ')}]: taken as ${axes} these are ${maps} maps of ${height}x${width} (height x width), and the picture is ${picture.height}x${picture.width}.`,
    file: name,
    field: 'axes',
    value: `[${stored.join(', ')}]`,
    expected: axes === 'chw' ? '[maps, height, width]' : '[height, width, maps]',
    hint: `They look like ${otherMaps} maps of ${otherHeight}x${otherWidth}. Say so: axes: '${other}' (--axes ${other}), or write them in the other order: numpy.ascontiguousarray(cam.transpose(${axes === 'chw' ? '2, 0, 1' : '1, 2, 0'})).`,
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
