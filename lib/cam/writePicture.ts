import { runInSlices } from '../base/cooperative.js'
import { writeCamFile } from '../formats/camFile/write.js'
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
  if (keepCams === undefined) return
  const { cams: data, height, width } = cams
  const comment = orientationMark(orientation)
  await writeCamFile(`${file}.${keepCams}`, { data, classIds, height, width }, keepCams, comment)
}
