import { stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { listed } from '../../base/count.js'
import { SemplesError } from '../../base/error.js'
import { requireFolder } from '../../datasets/folder/folderOptions.js'
import { stemOf } from '../../datasets/pictureNames.js'
import { filesWithin, isPictureName } from '../../datasets/pictures.js'
import { ambiguousPicture, noPictureFor } from '../../refine/foldersRefused.js'
import { byStem, outside, Pairs } from '../../refine/pairs.js'

/** A mask and its picture. */
export interface MaskOfPicture {
  /** Absolute path of the mask. */
  mask: string
  /** Absolute path of the picture; none where `failure` is set. */
  image: string
  /** Path of the picture inside its folder, with `/`. */
  file: string
  failure?: SemplesError
}

/**
 * The masks of a folder and the folders within it with their pictures, in the order of their names; and how many pictures
 * have none. A mask without picture, or with two, fails by itself; where no mask has one, that is one error.
 *
 * @throws SemplesError `SEMPLES_FILE_UNREADABLE`, `SEMPLES_NO_PICTURES`, `SEMPLES_PICTURE_MISSING`
 */
export async function masksOfFolders(folders: {
  masks: string
  images: string
}): Promise<{ masks: MaskOfPicture[]; without: number }> {
  const [masks, images] = [await folderOf('masks', folders.masks), await folderOf('images', folders.images)]
  const [inMasks, inImages] = [await filesWithin(masks), await filesWithin(images)]
  const names = outside(inMasks, masks, images).filter((name) => name.toLowerCase().endsWith('.png'))
  const pictures = outside(inImages, images, masks).filter(isPictureName)
  if (names.length === 0)
    throw new SemplesError('SEMPLES_NO_PICTURES', {
      message: `There is no mask in ${masks}: ${held(inMasks)}.`,
      field: 'masks',
      file: masks,
      expected: 'PNGs whose pixel values are class ids, in the folder or in folders within it',
    })
  if (pictures.length === 0)
    throw new SemplesError('SEMPLES_NO_PICTURES', {
      message: `There is no picture in ${images}: ${held(inImages)}.`,
      field: 'images',
      file: images,
      expected: 'the pictures that the masks are of, in the folder or in folders within it',
    })
  const pairs = new Pairs(byStem(pictures), names.map(stemOf))
  const used = new Set<string>()
  const found = names.map((name): MaskOfPicture => {
    const mask = join(masks, name)
    const [file, ...others] = pairs.of(stemOf(name))
    if (file === undefined) return { mask, image: '', file: '', failure: noPictureFor(mask, images) }
    if (others.length > 0)
      return {
        mask,
        image: '',
        file: '',
        failure: ambiguousPicture(
          mask,
          [file, ...others].map((each) => join(images, each)),
        ),
      }
    used.add(file)
    return { mask, image: join(images, file), file }
  })
  if (used.size === 0 && found.every(({ image }) => image === ''))
    throw new SemplesError('SEMPLES_PICTURE_MISSING', {
      message: `No mask of ${masks} has a picture of its name in ${images}: there are the masks ${listed(names, 3)}, and the pictures ${listed(pictures, 3)}.`,
      field: 'images',
      file: images,
      expected: 'masks with the names of their pictures apart from the extension; case matters',
      hint: 'Name the folders that belong together: --masks DIR --images DIR.',
    })
  return { masks: found, without: pictures.filter((name) => !used.has(name)).length }
}

async function folderOf(field: 'masks' | 'images', folder: string): Promise<string> {
  if ((await stat(folder).catch(() => undefined))?.isFile())
    throw new SemplesError('SEMPLES_FILE_UNREADABLE', {
      message: `${folder} is a file, and ${field} is a folder.`,
      field,
      file: folder,
      hint: `Name the folder in which it lies: ${field}: '${dirname(folder)}' (--${field} ${dirname(folder)}).`,
    })
  requireFolder(folder, field)
  return resolve(folder)
}

function held(files: readonly string[]): string {
  return files.length === 0 ? 'it is empty' : `it holds ${listed(files, 3)}`
}
