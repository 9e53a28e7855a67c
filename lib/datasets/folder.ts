import { existsSync } from 'node:fs'
import path from 'node:path'
import { oneOf } from '../base/count.js'
import { SemplesError } from '../base/error.js'
import { maskPalette } from '../masks/palette.js'
import { readMask } from '../masks/png.js'
import { builtInNames, builtInTable } from './classes/builtIn.js'
import { didYouMean, readClassTable } from './classes/classTableFile.js'
import { idsWithBackground } from './classes/ids.js'
import { alphabeticalClasses, misspeltLabels, similarLabels } from './classes/ofLabels.js'
import type { ClassTable, Dataset, DatasetItem } from './dataset.js'
import { classFolders } from './folder/classFolders.js'
import { dataSetAbove, dataSetsWithin, giveLabels } from './folder/dataSets.js'
import { checkOptions, requireFolder } from './folder/folderOptions.js'
import type { FolderContents, FolderPicture } from './folder/folderPicture.js'
import { labelledPictures } from './folder/labelledPictures.js'
import { type MaskFolder, maskFilesOf, missingMasks, openMaskFolder, orientedMask } from './folder/maskFolder.js'
import { backgroundNames } from './folder/noClasses.js'
import { nameOfPart, partOf, type ShareOptions } from './folder/part.js'
import { picturesWithin } from './folder/picturesWithin.js'
import { walkFolder } from './folder/walk.js'
import { requireFile } from './missingFile.js'
import { countPictures } from './oneClass.js'
import { stemOf } from './pictureNames.js'

export interface FolderOptions extends ShareOptions {
  /** The pictures: jpg, jpeg, jfif, png, webp, tif, tiff, gif, avif; with `labels`, also in folders within it. */
  folder: string
  /** CSV, JSON or `cls_labels.npy` with the labels of each picture (see docs/data.md), as a path or a name inside `folder`. */
  labels?: string
  /**
   * classes.json with ids, labels, prompts and colours (see docs/data.md), as a path or a name inside `folder`; or the name of a
   * table: `voc2012`, `coco2014`, `coco2014-90`.
   */
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
  const table = await tableOf(options, root)
  const contents =
    options.labels === undefined
      ? await classFolders(root, masks, labelSet(table))
      : await labelledPictures(root, await labelsOf(options.labels, root), masks, table)
  if (contents.pictures.every(({ labels }) => labels.length === 0)) throw await noLabels(options, root)
  // Both sides have the classes of all pictures.
  const classes = table ?? alphabeticalClasses(path.basename(root), contents.pictures)
  return datasetOf(options, masks, await partOf(contents, options, root), classes)
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
  const table = (await tableOf(options, root)) ?? classes
  const contents =
    options.labels === undefined
      ? await picturesWithin(root, table, masks)
      : await labelledPictures(root, await labelsOf(options.labels, root), masks, table)
  if (contents.pictures.length === 0) throw noPictures(root)
  const part = await partOf(contents, options, root)
  const pictures = part.pictures.map((picture) => ({ ...picture, labels: [] }))
  return datasetOf(options, masks, { ...part, pictures }, table)
}

/** The folders of the pictures and of the masks, which are there. */
async function openFolders(options: FolderOptions): Promise<{ root: string; masks: MaskFolder | undefined }> {
  checkOptions(options)
  const root = path.resolve(options.folder)
  const masks = options.masks === undefined ? undefined : path.resolve(options.masks)
  requireFolder(root, 'folder')
  if (masks !== undefined) requireFolder(masks, 'masks')
  return { root, masks: masks === undefined ? undefined : await openMaskFolder(masks, root) }
}

/** The class table of the folder's own, where it has one. */
async function tableOf({ classes }: FolderOptions, root: string): Promise<ClassTable | undefined> {
  if (classes === undefined) return undefined
  const named = builtInTable(classes)
  if (named !== undefined) return named
  const file = await fileOf(classes, root)
  await requireFile(file, 'class table', { folder: root, names: builtInNames })
  return readClassTable(file, path.basename(root))
}

function labelSet(table: ClassTable | undefined): ReadonlySet<string> {
  return new Set(table?.classes.map(({ label }) => label))
}

async function datasetOf(
  options: FolderOptions,
  masks: MaskFolder | undefined,
  { pictures, warnings, described }: FolderContents,
  classes: ClassTable,
): Promise<Dataset> {
  const items = itemsOf(pictures, classes, options.classes)
  const maskFiles = maskFilesOf(items, masks)
  const [palette, ids] = [maskPalette(classes.classes), idsWithBackground(classes)]
  return {
    name: nameOfPart(`folder ${options.folder}`, options),
    classes,
    items,
    orientation: 'exif',
    described,
    warnings: [
      ...warnings,
      ...similarLabels(classes),
      ...(options.classes === undefined ? misspeltLabels(classes, countPictures({ classes, items })) : []),
      ...backgroundNames(classes),
      ...missingMasks(items, maskFiles, masks),
    ],
    hasMask: ({ id }) => maskFiles.has(id),
    mask: async (item) => {
      const file = maskFiles.get(item.id)
      if (file === undefined) return undefined
      return orientedMask(await readMask(file, { palette, ids }), file, item.image, options.exif)
    },
  }
}

async function labelsOf(name: string, root: string): Promise<string> {
  const file = await fileOf(name, root)
  await requireFile(file, 'labels file', { folder: root })
  return file
}

/** `name` as a path, or, where there is no such file, inside the folder. */
async function fileOf(name: string, root: string): Promise<string> {
  const inFolder = path.resolve(root, name)
  return !existsSync(path.resolve(name)) && existsSync(inFolder) ? inFolder : path.resolve(name)
}

function itemsOf(pictures: readonly FolderPicture[], classes: ClassTable, table?: string): DatasetItem[] {
  const indexOf = new Map(classes.classes.map(({ label }, index) => [label.normalize(), index]))
  for (const [index, { label }] of classes.classes.entries()) indexOf.set(label, index)
  const stems = new Map<string, number>()
  for (const { file } of pictures) stems.set(stemOf(file), (stems.get(stemOf(file)) ?? 0) + 1)
  return pictures.map(({ file, image, labels, origin, negative }) => {
    const indices = labels.map(
      (label) => indexOf.get(label) ?? indexOf.get(label.normalize()) ?? unknownClass(label, origin, classes, table),
    )
    const id = stems.get(stemOf(file)) === 1 ? stemOf(file) : file
    const sorted = [...new Set(indices)].sort((a, b) => a - b)
    return { id, image, labels: sorted, ...(negative ? { negative } : {}) }
  })
}

function unknownClass(label: string, origin: string, classes: ClassTable, table = classes.name): never {
  throw new SemplesError('SEMPLES_CLASS_UNKNOWN', {
    message: `The label "${label}" (${origin}) is not in the class table ${table}.`,
    value: label,
    hint: didYouMean(label, classes),
  })
}

async function noLabels({ labels }: FolderOptions, root: string): Promise<SemplesError> {
  return new SemplesError('SEMPLES_NO_LABELS', {
    message:
      labels === undefined
        ? `No picture in ${root} has a label: it has no sub-folder with pictures that could name a class.`
        : `No picture of ${root} has a label in ${labels}: all label fields are empty.`,
    file: root,
    hint:
      (labels === undefined ? await otherFolder(root) : undefined) ??
      'Give a labels file (CSV with file,labels), or put the pictures into one sub-folder a class.',
  })
}

/** Where the labels of a folder without any may be: above it, in it, within it. */
async function otherFolder(root: string): Promise<string | undefined> {
  const above = dataSetAbove(root)
  if (above !== undefined) return `${above.mark} lies in the folder above: name that one (${above.folder}).`
  const { files } = await walkFolder(root)
  const within = dataSetsWithin(files).filter((folder) => folder !== '')
  if (within.length > 0) return `Did you mean --data ${oneOf(within.slice(0, 3).map((each) => path.join(root, each)))}?`
  return giveLabels(files.filter((file) => !file.includes('/')))
}

function noPictures(root: string): SemplesError {
  return new SemplesError('SEMPLES_NO_PICTURES', {
    message: `There is no picture in ${root}.`,
    file: root,
    expected: 'jpg, jpeg, png, webp, tif, tiff, gif or avif files, also in folders within',
    hint: 'Name the folder that holds the pictures.',
  })
}
