import { writeAtomic } from '../base/atomic.js'
import { writeCamFile } from '../formats/camFile/write.js'
import type { LabelMap } from '../masks/labelMap.js'
import { type Orientation, orientationMark } from '../masks/orientation.js'
import type { Palette } from '../masks/palette.js'
import { writeMask } from '../masks/png.js'
import type { RawImage } from '../pictures/image.js'
import { overlayJpeg } from './overlay.js'
import type { PictureCams } from './picture.js'

export interface PictureOutput {
  mask: LabelMap
  palette: Palette
  /** Of the picture that the mask is for. */
  orientation: Orientation
  files: PictureFiles
  /** For the file of maps: the maps, and the pixel value of each. */
  cams: PictureCams
  classIds: readonly number[]
  /** For the overlay. */
  image: RawImage
}

/** Paths of what is wanted of a picture. */
export interface PictureFiles {
  mask: string
  npy?: string
  npz?: string
  overlay?: string
}

/** Writes the mask of a picture after what else is wanted, each file whole or not at all: with the mask, all is there. */
export async function writePicture(output: PictureOutput): Promise<void> {
  const { mask, palette, orientation, files, cams, classIds, image } = output
  const { cams: data, height, width } = cams
  const maps = { data, classIds, height, width }
  for (const kind of ['npy', 'npz'] as const)
    if (files[kind] !== undefined) await writeCamFile(files[kind], maps, kind, orientationMark(orientation))
  if (files.overlay !== undefined) await writeAtomic(files.overlay, await overlayJpeg(image, mask, palette))
  await writeMask(files.mask, mask, palette, orientation)
}
