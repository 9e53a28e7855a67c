import { runInSlices } from '../base/cooperative.js'
import type { TensorData } from '../base/tensor.js'
import { writeNpy } from '../formats/npy.js'
import { writeNpz } from '../formats/npz.js'
import { type Orientation, orientationMark } from '../masks/orientation.js'
import type { Palette } from '../masks/palette.js'
import { writeMask } from '../masks/png.js'
import { maskSteps } from '../masks/threshold.js'
import type { PictureCams } from './picture.js'

export interface PictureOutput {
  /** Path of the files without extension. */
  file: string
  cams: PictureCams
  /** Pixel value of each map, in map order. */
  classIds: readonly number[]
  threshold: number
  palette: Palette
  /** Of the picture that the maps are for. */
  orientation: Orientation
  /** Also write the maps. */
  keepCams: 'npy' | 'npz' | undefined
}

/** Writes the mask of a picture, and its maps where they are wanted; each file whole or not at all. */
export async function writePicture(output: PictureOutput): Promise<void> {
  const { file, cams, classIds, threshold, palette, orientation, keepCams } = output
  await writeMask(`${file}.png`, await runInSlices(maskSteps({ ...cams, classIds, threshold })), palette, orientation)
  if (keepCams === 'npy') await writeNpy(`${file}.npy`, stack(cams, classIds.length))
  if (keepCams === 'npz')
    await writeNpz(`${file}.npz`, mapsById(cams, classIds), { comment: orientationMark(orientation) })
}

function stack({ cams, height, width }: PictureCams, count: number): TensorData {
  return { dtype: 'float32', shape: [count, height, width], data: cams }
}

function mapsById({ cams, height, width }: PictureCams, classIds: readonly number[]): Record<string, TensorData> {
  const size = height * width
  const entries = classIds.map((id, map): [string, TensorData] => [
    String(id),
    { dtype: 'float32', shape: [height, width], data: cams.subarray(map * size, (map + 1) * size) },
  ])
  return Object.fromEntries(entries)
}
