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
  const own = height / width / (picture.height / picture.width)
  if (maps === 0 || (own > 1 / FAR && own < FAR)) return
  if (!isLike(picture, otherHeight, otherWidth) || otherMaps >= Math.min(otherHeight, otherWidth)) return
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

/** Sides of the picture, or of a smaller copy of it. */
function isLike(picture: Sides, height: number, width: number): boolean {
  if (height === picture.height && width === picture.width) return true
  const ratio = height / width / (picture.height / picture.width)
  return Math.min(height, width) >= 8 && ratio > 1 / 1.1 && ratio < 1.1
}
