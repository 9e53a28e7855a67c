import { SemplesError } from '../../base/error.js'
import type { LabelMap } from '../../masks/labelMap.js'
import { type Orientation, statedOrientation, turnMask } from '../../masks/orientation.js'
import { type ReadMaskOptions, readMask } from '../../masks/png.js'
import { pictureSides } from '../../pictures/exif.js'
import type { MaskOfPicture } from './masksOf.js'

/**
 * A mask as the programs see its picture: turned by its EXIF orientation. Which way round the mask is, `exif` says, else its
 * file, else its sides; where none does, it is taken for that of the picture as shown.
 *
 * @throws SemplesError `SEMPLES_MASK_SIZE`, `SEMPLES_IMAGE_UNREADABLE`, and as `readMask`
 */
export async function maskAsShown(
  { mask: file, image }: Pick<MaskOfPicture, 'mask' | 'image'>,
  exif: Orientation | undefined,
  reading: ReadMaskOptions,
): Promise<LabelMap> {
  const mask = await readMask(file, reading)
  const sides = await pictureSides(image)
  if (sides === undefined)
    throw new SemplesError('SEMPLES_IMAGE_UNREADABLE', {
      message: `The picture ${image} cannot be read.`,
      file: image,
      hint: 'Replace it, or take its mask out of the folder.',
    })
  const stored = { width: sides.width, height: sides.height }
  const shown = sides.exif < 5 ? stored : { width: stored.height, height: stored.width }
  const given = sides.exif === 1 ? 'applied' : (exif ?? (await statedOrientation(file)))
  const orientation = given ?? (fits(mask, stored) && !fits(mask, shown) ? 'stored' : 'applied')
  const expected = orientation === 'applied' ? shown : stored
  if (!fits(mask, expected))
    throw new SemplesError('SEMPLES_MASK_SIZE', {
      message: `The mask ${file} has another size than its picture ${image}.`,
      file,
      value: `${mask.width}x${mask.height}`,
      expected: `${expected.width}x${expected.height}`,
      hint:
        sides.exif === 1
          ? 'Is it the mask of another picture, or was one of the two resized?'
          : `The picture has the EXIF orientation ${sides.exif}: say whether masks are of pictures as they are shown, exif: 'apply' (--exif apply), or as they are stored, exif: 'ignore' (--exif ignore).`,
    })
  return orientation === 'applied' ? mask : turnMask(mask, sides.exif)
}

interface Size {
  width: number
  height: number
}

function fits(mask: Size, { width, height }: Size): boolean {
  return mask.width === width && mask.height === height
}
