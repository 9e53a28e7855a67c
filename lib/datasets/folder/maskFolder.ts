import path from 'node:path'
import { SemplesError } from '../../base/error.js'
import type { LabelMap } from '../../masks/labelMap.js'
import { turnMask } from '../../masks/orientation.js'
import { pictureSides } from '../../pictures/exif.js'
import type { DatasetItem } from '../dataset.js'
import { stemOf } from '../pictureNames.js'
import { walkFolder } from './walk.js'

/** The folder of ground truth, which may be the folder of the pictures, one above it, or one within it. */
export interface MaskFolder {
  /** Absolute. */
  folder: string
  /** Paths of its files inside it. */
  files: readonly string[]
  /** Whether a file (absolute) is a mask: a PNG in the folder that is no picture of its own. */
  isMask(image: string): boolean
  /** Whether a folder (absolute) is this one, or in it, and holds masks alone. */
  isAllMasks(folder: string): boolean
}

/**
 * @param root the folder of the pictures
 * @throws SemplesError `SEMPLES_FILE_UNREADABLE`
 */
export async function openMaskFolder(folder: string, root: string): Promise<MaskFolder> {
  const { files } = await walkFolder(folder)
  const others = new Set(files.filter((file) => !isPng(file)).map((file) => stemOf(file).normalize()))
  const contains = (outer: string, inner: string) => inner === outer || inner.startsWith(outer + path.sep)
  // Beside their pictures, PNGs with the name of another file are masks; in a folder of their own all are.
  const holdsPictures =
    contains(folder, root) || files.some((file) => isPng(file) && others.has(stemOf(file).normalize()))
  return {
    folder,
    files,
    isAllMasks: (inner) => !holdsPictures && contains(folder, inner),
    isMask: (image) => {
      if (!contains(folder, image) || !isPng(image)) return false
      if (!holdsPictures) return true
      return others.has(stemOf(path.relative(folder, image).split(path.sep).join('/')).normalize())
    },
  }
}

/**
 * The mask of each picture that has one, by its id: `<id>.png`, upper and lower case as there, in any Unicode form.
 */
export function maskFilesOf(items: readonly DatasetItem[], masks: MaskFolder | undefined): Map<string, string> {
  if (masks === undefined) return new Map()
  const images = new Set(items.map(({ image }) => image))
  const present = new Map<string, string>()
  for (const file of masks.files) present.set(file.normalize(), file)
  for (const file of masks.files) present.set(file, file)
  return new Map(
    items.flatMap(({ id }): [string, string][] => {
      const file = present.get(`${id}.png`) ?? present.get(`${id}.png`.normalize())
      const mask = file && path.join(masks.folder, file)
      // A PNG is not its own mask.
      return mask === undefined || images.has(mask) ? [] : [[id, mask]]
    }),
  )
}

export function missingMasks(
  items: readonly DatasetItem[],
  found: Map<string, string>,
  masks: MaskFolder | undefined,
): string[] {
  const without = masks === undefined ? [] : items.filter(({ id }) => !found.has(id))
  if (without.length === 0) return []
  return [
    `${without.length} of ${items.length} pictures have no mask in ${masks!.folder}; the first would be ${without[0]!.id}.png.`,
  ]
}

/**
 * The mask of the picture as shown.
 * @throws SemplesError `SEMPLES_MASK_SIZE` naming the option, for a mask that fits the picture the other way round
 */
export async function orientedMask(mask: LabelMap, file: string, image: string, exif = 'apply'): Promise<LabelMap> {
  const sides = await pictureSides(image)
  if (sides === undefined || sides.exif === 1) return mask
  const { width, height } = sides
  const [isStored, isShown] = [
    mask.width === width && mask.height === height,
    mask.width === height && mask.height === width,
  ]
  const turned = sides.exif >= 5 && width !== height
  if (turned && (exif === 'apply' ? isStored : isShown)) {
    const other = exif === 'apply' ? 'ignore' : 'apply'
    throw new SemplesError('SEMPLES_MASK_SIZE', {
      message: `The mask ${file} is ${mask.width}x${mask.height}; its picture is stored as ${width}x${height}, and shown as ${height}x${width} (EXIF orientation ${sides.exif}).`,
      file,
      field: 'exif',
      hint: `If the masks are of the pictures as they are ${exif === 'apply' ? 'stored' : 'shown'}, say so: exif: '${other}' (--exif ${other}).`,
    })
  }
  return exif === 'apply' ? mask : turnMask(mask, sides.exif)
}

function isPng(file: string): boolean {
  return path.extname(file).toLowerCase() === '.png'
}
