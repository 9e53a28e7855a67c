import type { Dataset, DatasetItem } from '../../datasets/dataset.js'
import { statedOrientation, turnMask } from '../../masks/orientation.js'
import { pictureSides } from '../../pictures/exif.js'
import type { Size, Target } from './source.js'

/**
 * The EXIF orientation by which the target in a file must be turned to lie on its picture as the data set shows it: 1 unless
 * the file states that it is of the picture the other way round.
 */
export async function turnOf(file: string, { image }: DatasetItem, { orientation }: Dataset): Promise<number> {
  const stated = await statedOrientation(file)
  const wanted = orientation === 'exif' ? 'applied' : 'stored'
  if (stated === undefined || stated === wanted) return 1
  const exif = (await pictureSides(image))?.exif ?? 1
  if (wanted === 'applied') return exif
  // Quarter turns are undone by the other one, everything else by itself.
  return exif === 6 ? 8 : exif === 8 ? 6 : exif
}

/** Sides before such a turn. */
export function sizeBefore({ width, height }: Size, turn: number): Size {
  return turn < 5 ? { width, height } : { width: height, height: width }
}

export function turnedTarget(target: Target, turn: number): Target {
  if (turn === 1) return target
  const { labels, confidence, name, ...size } = target
  const { data, ...turned } = turnMask({ ...size, data: labels }, turn)
  const sure = confidence && { confidence: turnMask({ ...size, data: confidence }, turn).data }
  return { ...turned, labels: data, ...sure, name }
}
