import { existsSync, statSync } from 'node:fs'
import path from 'node:path'
import { SemplesError } from '../base/error.js'
import type { LabelMap } from '../masks/labelMap.js'
import { turnMask } from '../masks/orientation.js'
import { pictureSides } from '../pictures/exif.js'
import { type CocoFile, type CocoImage, readCocoFile } from './coco/annotations.js'
import { type FoundImage, imageFiles } from './coco/imageFiles.js'
import { drawMask } from './coco/mask.js'
import { ownClasses } from './coco/ownClasses.js'
import type { Dataset, DatasetItem } from './dataset.js'

export interface CocoOptions {
  /** A COCO JSON with categories of its own, as CVAT, Roboflow and Label Studio export it. */
  annotations: string
  /** The folder of the pictures. Default: where such exports have them, beside the file or one folder up. */
  images?: string
  /** What crowd regions become in masks: `class` (default) or `void`, 255 where no object covers them. */
  crowd?: 'class' | 'void'
  /**
   * What outlines are of where the sizes in the file do not tell: `apply` (default), pictures turned by their EXIF
   * orientation, as viewers show them; `ignore`, pictures as their rows are stored.
   */
  exif?: 'apply' | 'ignore'
}

/**
 * Pictures of one's own, annotated in a COCO JSON. Classes are its categories with ids from 1, in the order of their
 * category ids; labels of a picture are the categories of its annotations; masks are drawn from polygons and RLE, as
 * `coco2014` does it. A picture with an annotation that has no outline (a box alone) has no mask.
 *
 * @throws SemplesError `SEMPLES_FILE_UNREADABLE`, `SEMPLES_DATA_FILE_INVALID`, `SEMPLES_PICTURE_MISSING`
 */
export async function coco(options: CocoOptions): Promise<Dataset> {
  const file = path.resolve(options.annotations)
  const { crowd = 'class', exif = 'apply' } = options
  if (existsSync(file) && statSync(file).isDirectory())
    throw new SemplesError('SEMPLES_FILE_UNREADABLE', {
      message: `${file} is a folder, where a COCO JSON is expected.`,
      field: 'coco',
      file,
      hint: 'Name the file; COCO 2014 with its two splits is data: { coco2014: DIR }.',
    })
  const contents = await readCocoFile(file)
  const { table, indexOf, warnings } = ownClasses(contents, path.parse(file).name)
  const found = await imageFiles(file, contents.images, options.images)
  const items = found.map((picture) => itemOf(picture, contents, indexOf))
  giveExtensions(items, found)
  const byId = new Map(items.map(({ id }, i) => [id, found[i]!]))
  const boxed = found.filter(({ image }) => !isOutlined(contents, image)).length
  return {
    name: `coco ${options.annotations}`,
    classes: table,
    orientation: 'exif',
    items,
    warnings: [
      ...contents.warnings,
      ...warnings,
      ...(boxed === 0
        ? []
        : [
            `${boxed} of ${found.length} pictures have annotations without outline (boxes alone): they have no mask, and evaluation leaves them out.`,
          ]),
    ],
    hasMask: ({ id }) => byId.has(id) && isOutlined(contents, byId.get(id)!.image),
    mask: async ({ id }) => {
      const picture = byId.get(id)
      if (picture === undefined || !isOutlined(contents, picture.image)) return undefined
      const idOfCategory = (category: number) => table.classes[indexOf.get(category)!]!.id
      return asShown(await drawMask(contents, picture.image, idOfCategory, crowd), picture, file, exif)
    },
  }
}

function itemOf(
  { image, inside, file }: FoundImage,
  { annotations }: CocoFile,
  indexOf: Map<number, number>,
): DatasetItem {
  const indices = (annotations.get(image.id) ?? []).map(({ categoryId }) => indexOf.get(categoryId)!)
  return { id: stemOf(inside), image: file, labels: [...new Set(indices)].sort((a, b) => a - b) }
}

/** Pictures that differ in nothing but the extension keep it in their id. */
function giveExtensions(items: DatasetItem[], found: readonly FoundImage[]): void {
  const counts = new Map<string, number>()
  for (const { id } of items) counts.set(id, (counts.get(id) ?? 0) + 1)
  for (const [i, item] of items.entries()) if (counts.get(item.id)! > 1) item.id = found[i]!.inside
}

function stemOf(file: string): string {
  return file.slice(0, file.length - path.extname(file).length)
}

function isOutlined({ annotations }: CocoFile, { id }: CocoImage): boolean {
  return (annotations.get(id) ?? []).every(({ outlined }) => outlined)
}

/**
 * The mask of the picture as viewers show it. Whether it was drawn for the picture as stored or as shown, the size in the
 * annotations says, where turning exchanges the sides.
 *
 * @throws SemplesError `SEMPLES_MASK_SIZE` for annotations of a picture of another size
 */
async function asShown(
  mask: LabelMap,
  { image, file }: FoundImage,
  annotations: string,
  exif: 'apply' | 'ignore',
): Promise<LabelMap> {
  const sides = await pictureSides(file)
  if (sides === undefined) return mask
  const isStored = mask.width === sides.width && mask.height === sides.height
  const isTurned = sides.exif >= 5 && mask.width === sides.height && mask.height === sides.width
  if (!isStored && !isTurned)
    throw new SemplesError('SEMPLES_MASK_SIZE', {
      message: `${annotations} annotates ${image.file_name} as a picture of ${mask.width}x${mask.height}; ${file} has ${sides.width}x${sides.height}.`,
      file,
      hint: 'Are the pictures those that were annotated, in their original size?',
    })
  if (sides.exif === 1 || (isTurned && !isStored)) return mask
  const ofStored = sides.exif >= 5 && !isTurned ? true : exif === 'ignore'
  return ofStored ? turnMask(mask, sides.exif) : mask
}
