import { existsSync } from 'node:fs'
import path from 'node:path'
import { SemplesError } from '../base/error.js'
import type { LabelMap } from '../masks/labelMap.js'
import { turnMask } from '../masks/orientation.js'
import { maskPalette } from '../masks/palette.js'
import { readMask } from '../masks/png.js'
import { pictureSides } from '../pictures/exif.js'
import { didYouMean, MAX_CLASSES, promptOf, readClassTable } from './classes/classTableFile.js'
import { idsWithBackground } from './classes/ids.js'
import { classTable } from './classes/names.js'
import type { ClassTable, Dataset, DatasetItem } from './dataset.js'
import { classFolders } from './folder/classFolders.js'
import type { FolderContents, FolderPicture } from './folder/folderPicture.js'
import { labelledPictures } from './folder/labelledPictures.js'
import { picturesWithin } from './folder/picturesWithin.js'
import { filesWithin, folderNames } from './pictures.js'

export interface FolderOptions {
  /** The pictures: jpg, jpeg, png, webp, tif, tiff, gif, avif; with `labels`, also in folders within it. */
  folder: string
  /** CSV or JSON with the labels of each picture (see docs/data.md), as a path or a name inside `folder`. */
  labels?: string
  /** classes.json with ids, labels, prompts and colours (see docs/data.md), as a path or a name inside `folder`. */
  classes?: string
  /** Folder with ground-truth masks for evaluation: `<item id>.png`, indexed or 8-bit grey with class ids, or in class colours. */
  masks?: string
  /**
   * What these masks are of: `apply` (default): the pictures as viewers show them, EXIF orientation applied; `ignore`: the
   * pictures as their rows are stored. Such masks are turned when they are read.
   */
  exif?: 'apply' | 'ignore'
}

/** `folder` of the public API, documented in lib/api/datasets.ts. */
export async function folder(options: FolderOptions): Promise<Dataset> {
  const { root, masks } = await openFolders(options)
  const contents =
    options.labels === undefined
      ? await classFolders(root, masks)
      : await labelledPictures(root, await fileOf(options.labels, root), masks)
  if (contents.pictures.every(({ labels }) => labels.length === 0)) throw noLabels(options, root)
  const classes =
    options.classes === undefined
      ? alphabeticalClasses(path.basename(root), contents.pictures)
      : await readClassTable(await fileOf(options.classes, root), path.basename(root))
  return datasetOf(options, masks, contents, classes)
}

/**
 * The same folder where nobody asks for its labels: all pictures that the labels file names; without one those of the
 * class folders, where every folder of pictures is named like a class, else every picture in it and within its folders.
 * No item has a label.
 *
 * @param classes what folders are compared with, and the class table of the result unless the folder has its own
 * @throws SemplesError as `folder`; `SEMPLES_NO_PICTURES` where there is none
 */
export async function plainFolder(options: FolderOptions, classes: ClassTable): Promise<Dataset> {
  const { root, masks } = await openFolders(options)
  const table =
    options.classes === undefined
      ? classes
      : await readClassTable(await fileOf(options.classes, root), path.basename(root))
  const contents =
    options.labels === undefined
      ? await picturesWithin(root, table, masks)
      : await labelledPictures(root, await fileOf(options.labels, root), masks)
  if (contents.pictures.length === 0) throw noPictures(root)
  const pictures = contents.pictures.map((picture) => ({ ...picture, labels: [] }))
  return datasetOf(options, masks, { ...contents, pictures }, table)
}

/** Absolute paths of the pictures and the masks, which are there. */
async function openFolders(options: FolderOptions): Promise<{ root: string; masks: string | undefined }> {
  const root = path.resolve(options.folder)
  const masks = options.masks === undefined ? undefined : path.resolve(options.masks)
  if ((await folderNames(root)) === undefined) throw missingFolder('folder', root)
  if (masks !== undefined && (await folderNames(masks)) === undefined) throw missingFolder('masks', masks)
  return { root, masks }
}

async function datasetOf(
  options: FolderOptions,
  masks: string | undefined,
  { pictures, warnings }: FolderContents,
  classes: ClassTable,
): Promise<Dataset> {
  const items = itemsOf(pictures, classes)
  const maskFiles = await maskFilesOf(items, masks)
  const [palette, ids] = [maskPalette(classes.classes), idsWithBackground(classes)]
  return {
    name: `folder ${options.folder}`,
    classes,
    items,
    orientation: 'exif',
    warnings: [...warnings, ...similarLabels(classes), ...missingMasks(items, maskFiles, masks)],
    mask: async (item) => {
      const file = maskFiles.get(item.id)
      if (file === undefined) return undefined
      return orientedMask(await readMask(file, { palette, ids }), file, item.image, options.exif)
    },
  }
}

/**
 * The mask of the picture as shown.
 * @throws SemplesError `SEMPLES_MASK_SIZE` naming the option, for a mask that fits the picture the other way round
 */
async function orientedMask(mask: LabelMap, file: string, image: string, exif = 'apply'): Promise<LabelMap> {
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

/** `name` as a path, or, where there is no such file, inside the folder. */
async function fileOf(name: string, root: string): Promise<string> {
  const inFolder = path.resolve(root, name)
  return !existsSync(path.resolve(name)) && existsSync(inFolder) ? inFolder : path.resolve(name)
}

function alphabeticalClasses(name: string, pictures: readonly FolderPicture[]): ClassTable {
  const labels = [...new Set(pictures.flatMap((picture) => picture.labels))].sort()
  if (labels.length > MAX_CLASSES) {
    throw new SemplesError('SEMPLES_DATA_FILE_INVALID', {
      message: `The pictures of ${name} have ${labels.length} different labels.`,
      value: labels.length,
      expected: `at most ${MAX_CLASSES}, because a mask byte holds the class id (0 is background, 255 void)`,
      hint: 'Are the labels separated by ; or | ?',
    })
  }
  return classTable(
    name,
    labels.map((label) => [label, promptOf(label)]),
  )
}

function itemsOf(pictures: readonly FolderPicture[], classes: ClassTable): DatasetItem[] {
  const indexOf = new Map(classes.classes.map(({ label }, index) => [label, index]))
  const stems = new Map<string, number>()
  for (const { file } of pictures) stems.set(stemOf(file), (stems.get(stemOf(file)) ?? 0) + 1)
  return pictures.map(({ file, image, labels, origin }) => {
    const indices = labels.map((label) => indexOf.get(label) ?? unknownClass(label, origin, classes))
    const id = stems.get(stemOf(file)) === 1 ? stemOf(file) : file
    return { id, image, labels: indices.sort((a, b) => a - b) }
  })
}

function stemOf(file: string): string {
  return file.slice(0, file.length - path.extname(file).length)
}

async function maskFilesOf(items: readonly DatasetItem[], masks: string | undefined): Promise<Map<string, string>> {
  if (masks === undefined) return new Map()
  const present = new Set(await filesWithin(masks))
  return new Map(
    items.filter(({ id }) => present.has(`${id}.png`)).map(({ id }) => [id, path.join(masks, `${id}.png`)]),
  )
}

function missingMasks(items: readonly DatasetItem[], found: Map<string, string>, masks: string | undefined): string[] {
  const without = masks === undefined ? [] : items.filter(({ id }) => !found.has(id))
  if (without.length === 0) return []
  return [
    `${without.length} of ${items.length} pictures have no mask in ${masks}; the first would be ${without[0]!.id}.png.`,
  ]
}

/** Labels that differ in upper and lower case only are mostly one class, spelled twice. */
function similarLabels({ classes }: ClassTable): string[] {
  const byLowerCase = new Map<string, string>()
  return classes.flatMap(({ label }) => {
    const twin = byLowerCase.get(label.toLowerCase())
    byLowerCase.set(label.toLowerCase(), label)
    return twin === undefined ? [] : [`The labels "${twin}" and "${label}" differ only in case and are two classes.`]
  })
}

function unknownClass(label: string, origin: string, classes: ClassTable): never {
  throw new SemplesError('SEMPLES_CLASS_UNKNOWN', {
    message: `The label "${label}" (${origin}) is not in the class table ${classes.name}.`,
    value: label,
    hint: didYouMean(label, classes),
  })
}

function missingFolder(field: string, file: string): SemplesError {
  return new SemplesError('SEMPLES_FILE_UNREADABLE', {
    message: `There is no folder ${file}.`,
    field,
    file,
    hint: 'Check the path; it is taken from the working directory.',
  })
}

function noLabels({ labels }: FolderOptions, root: string): SemplesError {
  return new SemplesError('SEMPLES_NO_LABELS', {
    message:
      labels === undefined
        ? `No picture in ${root} has a label: it has no sub-folder with pictures that could name a class.`
        : `No picture of ${root} has a label in ${labels}: all label fields are empty.`,
    file: root,
    hint: 'Give a labels file (CSV with file,labels), or put the pictures into one sub-folder a class.',
  })
}

function noPictures(root: string): SemplesError {
  return new SemplesError('SEMPLES_NO_PICTURES', {
    message: `There is no picture in ${root}.`,
    file: root,
    expected: 'jpg, jpeg, png, webp, tif, tiff, gif or avif files, also in folders within',
    hint: 'Name the folder that holds the pictures.',
  })
}
