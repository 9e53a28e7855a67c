import { stat } from 'node:fs/promises'
import path from 'node:path'
import { SemplesError } from '../../base/error.js'
import { missingPictures } from '../pictures.js'
import { type CocoImage, cocoInvalid } from './annotations.js'

/** A picture of a COCO file, found on the disk. */
export interface FoundImage {
  image: CocoImage
  /** Path inside the folder, with `/`. */
  inside: string
  /** Absolute path. */
  file: string
}

/** Files looked for at a time. */
const AT_ONCE = 64

/**
 * The pictures that a COCO file names, in one folder: the one given, else the first of the usual places beside the file
 * that has the first picture. Exports name pictures with paths of the machine that they were made on: where there is no
 * such path in the folder, leading folders are left away until there is one.
 *
 * @throws SemplesError `SEMPLES_FILE_UNREADABLE`, `SEMPLES_PICTURE_MISSING`, `SEMPLES_DATA_FILE_INVALID` where two images are one file
 */
export async function imageFiles(
  annotations: string,
  images: readonly CocoImage[],
  folder: string | undefined,
): Promise<FoundImage[]> {
  const root = folder === undefined ? await folderBeside(annotations, images[0]!) : path.resolve(folder)
  if (!(await isThere(root, 'isDirectory')))
    throw new SemplesError('SEMPLES_FILE_UNREADABLE', {
      message: `There is no folder ${root}.`,
      field: 'images',
      file: root,
      hint: 'Check the path; it is taken from the working directory.',
    })
  const found: FoundImage[] = []
  const missing: { name: string }[] = []
  for (let start = 0; start < images.length; start += AT_ONCE) {
    const some = images.slice(start, start + AT_ONCE)
    const inside = await Promise.all(some.map((image) => findIn(root, image)))
    for (const [i, image] of some.entries()) {
      const name = inside[i]
      if (name === undefined) missing.push({ name: image.file_name })
      else found.push({ image, inside: name, file: path.join(root, name) })
    }
  }
  if (missing.length > 0) throw missingPictures(annotations, root, missing, images.length)
  const seen = new Map<string, CocoImage>()
  for (const { image, inside } of found) {
    const other = seen.get(inside)
    if (other !== undefined)
      throw cocoInvalid(
        annotations,
        `names one picture twice: ${other.file_name} and ${image.file_name} are both ${inside} in ${root}`,
      )
    seen.set(inside, image)
  }
  return found
}

/** Where exports have their pictures: Label Studio in `images/`, Roboflow beside the file, CVAT and COCO one folder up. */
async function folderBeside(annotations: string, first: CocoImage): Promise<string> {
  const beside = path.dirname(path.resolve(annotations))
  const up = path.dirname(beside)
  // instances_train2017.json belongs to train2017/.
  const split = path.parse(annotations).name.replace(/^[a-z]+_/, '')
  const places = [
    path.join(beside, 'images'),
    beside,
    path.join(up, split),
    path.join(up, 'images', split),
    path.join(up, 'images'),
    up,
  ]
  for (const place of places) if ((await findIn(place, first)) !== undefined) return place
  throw new SemplesError('SEMPLES_PICTURE_MISSING', {
    message: `The pictures of ${annotations} are not beside it: ${first.file_name} is in none of ${places.slice(0, 2).join(', ')} and the folders above.`,
    file: annotations,
    field: 'images',
    value: first.file_name,
    hint: 'Say where they are: images (--images DIR).',
  })
}

/** Path of a picture inside a folder; undefined where it is not there. */
async function findIn(root: string, { file_name: name }: CocoImage): Promise<string | undefined> {
  const parts = name.split(/[\\/]+/).filter((part) => part !== '' && part !== '.')
  for (let first = 0; first < parts.length; first++) {
    const rest = parts.slice(first)
    if (!rest.includes('..') && (await isThere(path.join(root, ...rest), 'isFile'))) return rest.join('/')
  }
  return undefined
}

async function isThere(file: string, kind: 'isFile' | 'isDirectory'): Promise<boolean> {
  return stat(file).then(
    (stats) => stats[kind](),
    () => false,
  )
}
