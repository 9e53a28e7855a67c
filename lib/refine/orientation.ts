import { types } from 'node:util'
import { SemplesError } from '../base/error.js'
import { warnOfExchanged } from '../formats/camFile/axes.js'
import type { ScoreWarning } from '../formats/camFile/scores.js'
import { type Orientation, statedOrientation } from '../masks/orientation.js'
import { pictureSides } from '../pictures/exif.js'
import type { RefineSettings } from './options.js'
import type { RefineInput } from './types.js'

/** How the picture of an input is to be taken: as the option says, else as the file of scores or labels, else as stored. */
export async function orientationOf(
  { image, scores, labels }: RefineInput,
  { exif }: RefineSettings,
): Promise<Orientation | undefined> {
  // Pixels in memory are what they are.
  if (typeof image !== 'string' && !types.isUint8Array(image)) return undefined
  if (exif !== undefined) return exif === 'apply' ? 'applied' : 'stored'
  const file = [scores, labels].find((value) => typeof value === 'string')
  return (file === undefined ? undefined : await statedOrientation(file)) ?? 'stored'
}

interface Size {
  width: number
  height: number
}

/**
 * Maps that lie where the picture stands, or the other way round, are for the picture turned: refining them would squeeze
 * them onto it. Only pictures whose EXIF orientation exchanges the sides are looked at.
 *
 * @param size of the picture as it was taken
 * @returns a warning where the sides are the picture's exchanged for another reason, at any size
 * @throws SemplesError `SEMPLES_REFINE_INPUT` naming the option
 */
export async function refuseTurned(
  { image, scores, labels }: RefineInput,
  maps: Size,
  size: Size,
  { exif }: RefineSettings,
): Promise<ScoreWarning[]> {
  if ((maps.width - maps.height) * (size.width - size.height) >= 0) return []
  const file = typeof image === 'string' || types.isUint8Array(image)
  const sides = file ? await pictureSides(image) : undefined
  if (sides === undefined || sides.exif < 5) return warnOfExchanged(maps, size)
  const { width, height } = sides
  const stored = size.width === width
  const other = stored ? 'apply' : 'ignore'
  const path = [scores, labels].find((value) => typeof value === 'string')
  const what = labels === undefined ? 'maps' : 'labels'
  throw new SemplesError('SEMPLES_REFINE_INPUT', {
    message: `The ${what} are ${maps.width}x${maps.height}, and the picture was taken ${exif === undefined ? '' : `(exif: ${exif}) `}as ${size.width}x${size.height}: it is stored as ${width}x${height}, and shown as ${height}x${width} (EXIF orientation ${sides.exif}; --exif says which is meant).`,
    file: path,
    field: 'exif',
    hint: `If the ${what} are of the picture as it is ${stored ? 'shown' : 'stored'}, say so: exif: '${other}' (--exif ${other}).`,
  })
}
