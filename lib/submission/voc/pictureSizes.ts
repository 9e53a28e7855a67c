import { join } from 'node:path'
import { SemplesError } from '../../base/error.js'
import { stemOf } from '../../datasets/pictureNames.js'
import { folderNames, isPictureName, missingPictures } from '../../datasets/pictures.js'
import { pictureSides } from '../../pictures/exif.js'

export interface Size {
  width: number
  height: number
}

/** Gives the size of a picture by its id. */
export type SizeOf = (id: string) => Promise<Size>

/**
 * Sizes of pictures as their rows are stored: VOC's masks know no EXIF orientation.
 *
 * @param list names the pictures, in errors
 * @throws SemplesError `SEMPLES_FILE_UNREADABLE` for the folder, `SEMPLES_PICTURE_MISSING`; of the function
 *   `SEMPLES_IMAGE_UNREADABLE`
 */
export async function pictureSizes(folder: string, ids: readonly string[], list: string): Promise<SizeOf> {
  const names = await folderNames(folder)
  if (names === undefined)
    throw new SemplesError('SEMPLES_FILE_UNREADABLE', {
      message: `There is no folder ${folder}.`,
      field: 'images',
      file: folder,
      hint: 'Give the folder of the pictures, of VOC 2012 VOCdevkit/VOC2012/JPEGImages (images, --images).',
    })
  const files = new Map(names.filter(isPictureName).map((name) => [stemOf(name), join(folder, name)]))
  const missing = ids.filter((id) => !files.has(id)).map((name) => ({ name }))
  if (missing.length > 0) throw missingPictures(list, folder, missing, ids.length)
  return async (id) => {
    const file = files.get(id)!
    const sides = await pictureSides(file)
    if (sides !== undefined) return sides
    throw new SemplesError('SEMPLES_IMAGE_UNREADABLE', {
      message: `The picture ${file} cannot be read.`,
      file,
      hint: 'Copy it again, or leave --images out: sizes are then not compared.',
    })
  }
}
