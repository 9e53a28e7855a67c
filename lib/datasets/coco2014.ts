import path from 'node:path'
import { SemplesError } from '../base/error.js'
import { readBytes } from '../base/files.js'
import { coco2014Classes, coco2014Classes90, cocoClassIndex } from './classes/coco2014.js'
import { type CocoFile, type CocoImage, cocoInvalid, readCocoFile } from './coco/annotations.js'
import { readGivenLabels } from './coco/givenLabels.js'
import { drawMask } from './coco/mask.js'
import type { ClassTable, Dataset, DatasetItem } from './dataset.js'
import { folderNames, missingPictures } from './pictures.js'

export interface Coco2014Options {
  /** The folder with `annotations/`, `train2014/` and `val2014/` (the last two also under `images/`). */
  root: string
  split: 'train2014' | 'val2014'
  /**
   * 80 (default): the annotated classes with contiguous ids 1..80. 90: ids are COCO category ids, as published COCO
   * checkpoints have them.
   */
  classes?: 80 | 90
  /** A text file that names the pictures to use, one a line: image id, file name, or file name without extension. */
  list?: string
  /**
   * What crowd regions (`iscrowd: 1`) become in masks: `class` (default), drawn as their class like any other, or
   * `void`, 255 where no object covers them. They count as image-level labels either way: the class is in the picture.
   */
  crowd?: 'class' | 'void'
  /**
   * Labels file (see docs/data.md; file = image id, file name, or file name without extension): its labels are taken for
   * the pictures that it names, and the annotations' for all others.
   */
  labels?: string
}

/** `coco2014` of the public API, documented in lib/api/datasets.ts. */
export async function coco2014(options: Coco2014Options): Promise<Dataset> {
  const { root, split, classes = 80, crowd = 'class' } = options
  const table = classes === 90 ? coco2014Classes90 : coco2014Classes
  const coco = await readCocoFile(path.resolve(root, 'annotations', `instances_${split}.json`))
  checkCategories(coco)
  const images = options.list === undefined ? coco.images : await listedImages(options.list, coco)
  const folder = await imageFolder(root, split, coco.file, images)
  const given = options.labels === undefined ? undefined : await readGivenLabels(options.labels, images, table)
  const imageOf = new Map(images.map((image) => [idOf(image), image]))
  return {
    name: `coco2014 ${split}`,
    classes: table,
    orientation: 'stored',
    ...(given === undefined ? {} : { described: given.described }),
    warnings: [...(coco.warnings ?? []), ...(given?.warnings ?? [])],
    items: images.map((image) => ({
      id: idOf(image),
      image: path.join(folder, image.file_name),
      labels: given?.labels.get(idOf(image)) ?? labelsOf(coco, image, table),
    })),
    mask: async (item) => {
      const image = imageOf.get(item.id)
      const idOfCategory = (id: number) => table.classes[cocoClassIndex(table, id)!]!.id
      return image === undefined ? undefined : drawMask(coco, image, idOfCategory, crowd)
    },
  }
}

function idOf(image: CocoImage): DatasetItem['id'] {
  return path.parse(image.file_name).name
}

function labelsOf(coco: CocoFile, image: CocoImage, table: ClassTable): number[] {
  const indices = (coco.annotations.get(image.id) ?? []).map(({ categoryId }) => cocoClassIndex(table, categoryId)!)
  return [...new Set(indices)].sort((a, b) => a - b)
}

/** Category ids decide the classes, so a file with other categories must not pass for COCO 2014. */
function checkCategories({ file, categories, annotations }: CocoFile): void {
  for (const { id, name } of categories) {
    const index = cocoClassIndex(coco2014Classes90, id)
    const expected = index === undefined ? undefined : coco2014Classes90.classes[index]!.label
    if (expected === name) continue
    const meaning = expected === undefined ? 'is no COCO category' : `is "${expected}" in COCO 2014`
    throw cocoInvalid(
      file,
      `calls category ${id} "${name}", which ${meaning}; read a file with categories of its own as data: { coco: FILE } (--data FILE)`,
    )
  }
  const known = new Set(categories.map(({ id }) => id))
  for (const [imageId, list] of annotations) {
    const unknown = list.find(
      ({ categoryId }) => !known.has(categoryId) || cocoClassIndex(coco2014Classes, categoryId) === undefined,
    )
    if (unknown !== undefined) {
      throw cocoInvalid(
        file,
        `annotates image ${imageId} with category ${unknown.categoryId}, which is no annotated category of COCO 2014`,
      )
    }
  }
}

async function listedImages(list: string, { file, images }: CocoFile): Promise<CocoImage[]> {
  const lines = Buffer.from(await readBytes(list))
    .toString('utf8')
    .split(/\r?\n/)
  const byName = new Map(
    images.flatMap((image) => [image.file_name, idOf(image), String(image.id)].map((key) => [key, image])),
  )
  const chosen = new Map<string, CocoImage>()
  lines.forEach((text, i) => {
    const name = text.trim()
    if (name === '') return
    // Lists often hold ids as they stand in file names, with leading zeros.
    const image = byName.get(name) ?? byName.get(name.replace(/^0+(?=\d+$)/, ''))
    if (image === undefined) {
      throw new SemplesError('SEMPLES_DATA_FILE_INVALID', {
        message: `Line ${i + 1} of ${list} names a picture that ${file} does not list.`,
        file: list,
        value: name,
        expected: `an image id or a file name such as ${images[0]!.file_name}`,
      })
    }
    chosen.set(idOf(image), image)
  })
  if (chosen.size === 0) {
    throw new SemplesError('SEMPLES_DATA_FILE_INVALID', { message: `${list} names no picture.`, file: list })
  }
  return [...chosen.values()]
}

async function imageFolder(root: string, split: string, file: string, images: CocoImage[]): Promise<string> {
  const candidates = [path.resolve(root, split), path.resolve(root, 'images', split)]
  for (const folder of candidates) {
    const names = await folderNames(folder)
    if (names === undefined) continue
    const present = new Set(names)
    const missing = images.filter((image) => !present.has(image.file_name)).map((image) => ({ name: image.file_name }))
    if (missing.length > 0) throw missingPictures(file, folder, missing, images.length)
    return folder
  }
  throw new SemplesError('SEMPLES_FILE_UNREADABLE', {
    message: `There is no folder ${candidates[0]} with the pictures of ${split}.`,
    file: candidates[0],
    hint: `Unpack ${split}.zip in ${path.resolve(root)}; a list of image ids (list) selects a part of it.`,
  })
}
