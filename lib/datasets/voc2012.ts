import { existsSync } from 'node:fs'
import path from 'node:path'
import { SemplesError } from '../base/error.js'
import { maskPalette } from '../masks/palette.js'
import { readMask } from '../masks/png.js'
import { didYouMean } from './classes/classTableFile.js'
import { idsWithBackground } from './classes/ids.js'
import { voc2012Classes } from './classes/voc2012.js'
import type { Dataset } from './dataset.js'
import { readLabelsFile } from './labelsFile.js'
import { folderNames, missingPictures } from './pictures.js'
import { readObjectNames } from './voc/annotation.js'
import { type ListedImage, readImageList } from './voc/imageList.js'

export interface Voc2012Options {
  /** The folder `VOCdevkit/VOC2012` with JPEGImages/, Annotations/, ImageSets/ and the mask folders. */
  root: string
  /**
   * A list in `ImageSets/Segmentation` by name (`train_aug` is also found as `trainaug`), or the path of a list.
   * `train_aug` is `train` and the SBD pictures: 10,582 of them; its list is no part of the VOC download.
   */
  split: 'train' | 'train_aug' | 'val' | 'trainval' | (string & {})
  /** Labels file (see docs/data.md; file = id or file name) for pictures that have no XML file. */
  labels?: string
  /**
   * Folder with the masks. Default: what the list names; else `SegmentationClassAug` for `train_aug`,
   * `SegmentationClass` otherwise.
   */
  masks?: 'SegmentationClass' | 'SegmentationClassAug' | (string & {})
}

/** Pictures whose XML files are read at a time. */
const READ_AT_ONCE = 64

/** `voc2012` of the public API, documented in lib/api/datasets.ts. */
export async function voc2012(options: Voc2012Options): Promise<Dataset> {
  const root = path.resolve(options.root)
  const pictures = path.join(root, 'JPEGImages')
  const present = new Set((await folderNames(pictures)) ?? missingFolder(pictures))
  const list = listFile(root, options.split)
  const images = await readImageList(list)
  const missing = images.filter(({ id }) => !present.has(`${id}.jpg`)).map(({ id }) => ({ name: `${id}.jpg` }))
  if (missing.length > 0) throw missingPictures(list, pictures, missing, images.length)
  const { labels, described, warnings } = await labelsOf(root, images, options.labels)
  const maskFile = maskFiles(root, options, images)
  return {
    name: `voc2012 ${options.split}`,
    classes: voc2012Classes,
    orientation: 'stored',
    described,
    warnings,
    items: images.map(({ id }, i) => ({ id, image: path.join(pictures, `${id}.jpg`), labels: labels[i]! })),
    hasMask: ({ id }) => existsSync(maskFile.get(id) ?? ''),
    mask: async ({ id }) => {
      const file = maskFile.get(id)
      if (file === undefined || !existsSync(file)) return undefined
      return readMask(file, { palette: maskPalette(), ids: idsWithBackground(voc2012Classes) })
    },
  }
}

function listFile(root: string, split: string): string {
  if (split.includes('/') || split.includes(path.sep) || split.endsWith('.txt')) return path.resolve(split)
  const names = split === 'train_aug' ? ['train_aug', 'trainaug'] : [split]
  const folders = ['Segmentation', 'SegmentationAug'].map((name) => path.join(root, 'ImageSets', name))
  const candidates = folders.flatMap((folder) => names.map((name) => path.join(folder, `${name}.txt`)))
  const found = candidates.find((file) => existsSync(file))
  if (found !== undefined) return found
  throw new SemplesError('SEMPLES_SPLIT_MISSING', {
    message: `VOC 2012 in ${root} has no list ${split}.`,
    file: candidates[0],
    field: 'split',
    value: split,
    hint:
      split === 'train_aug'
        ? 'The VOC download does not hold this list: put the train_aug.txt of the SBD annotations there, or use the split train.'
        : 'Use train, train_aug, val, trainval, or the path of a list.',
  })
}

async function labelsOf(
  root: string,
  images: readonly ListedImage[],
  labelsFile?: string,
): Promise<{ labels: number[][]; described?: string; warnings: string[] }> {
  const annotations = path.join(root, 'Annotations')
  const annotated = new Set(await folderNames(annotations))
  const file = labelsFile === undefined ? undefined : await readLabelsFile(path.resolve(labelsFile), voc2012Classes)
  const rows = new Map(file?.rows.map((row) => [idOf(row.file), row.labels]))
  // IRN writes ids as numbers, 2007000032.
  const fromFile = new Map(
    images.flatMap(({ id }) => {
      const found = rows.get(id) ?? rows.get(id.replace('_', ''))
      return found === undefined ? [] : [[id, found] as const]
    }),
  )
  const without = images.filter(({ id }) => !annotated.has(`${id}.xml`) && !fromFile.has(id))
  if (without.length > 0) throw noLabels(annotations, without, images.length, labelsFile)
  const labels: number[][] = []
  for (let start = 0; start < images.length; start += READ_AT_ONCE) {
    const some = images.slice(start, start + READ_AT_ONCE).map(async ({ id }) => {
      const file = path.join(annotations, `${id}.xml`)
      if (!annotated.has(`${id}.xml`)) return classIndices(fromFile.get(id)!, `${id} in ${labelsFile}`)
      return classIndices(await readObjectNames(file), file)
    })
    labels.push(...(await Promise.all(some)))
  }
  const given = images.flatMap(({ id }, i) => {
    const found = annotated.has(`${id}.xml`) ? fromFile.get(id) : undefined
    return found === undefined
      ? []
      : [{ id, differs: classIndices(found, `${id} in ${labelsFile}`).join() !== labels[i]!.join() }]
  })
  const differing = given.filter(({ differs }) => differs)
  const warnings =
    differing.length === 0
      ? []
      : [
          `${differing.length} of ${images.length} pictures have other labels in ${labelsFile} than in ${annotations}, whose XML files are taken where they are; the first is ${differing[0]!.id}.`,
        ]
  return { labels, described: file?.described, warnings: [...(file?.warnings ?? []), ...warnings] }
}

/** `JPEGImages\\2007_000032.jpg` → `2007_000032`. */
function idOf(name: string): string {
  return path.posix.parse(name.replaceAll('\\', '/')).name
}

function classIndices(names: readonly string[], origin: string): number[] {
  const indices = names.map((name) => {
    const index = voc2012Classes.classes.findIndex(({ label }) => label === name)
    if (index >= 0) return index
    throw new SemplesError('SEMPLES_CLASS_UNKNOWN', {
      message: `"${name}" (${origin}) is no class of VOC 2012.`,
      value: name,
      hint: didYouMean(name, voc2012Classes),
    })
  })
  return [...new Set(indices)].sort((a, b) => a - b)
}

function maskFiles(root: string, options: Voc2012Options, images: readonly ListedImage[]): Map<string, string> {
  const standard = options.split === 'train_aug' ? 'SegmentationClassAug' : 'SegmentationClass'
  const folder = path.resolve(root, options.masks ?? standard)
  if (options.masks !== undefined && !existsSync(folder)) missingFolder(folder)
  return new Map(
    images.map(({ id, mask }) => [
      id,
      options.masks === undefined && mask !== undefined ? path.join(root, mask) : path.join(folder, `${id}.png`),
    ]),
  )
}

function missingFolder(folder: string): never {
  throw new SemplesError('SEMPLES_FILE_UNREADABLE', {
    message: `There is no folder ${folder}.`,
    file: folder,
    hint: 'Name the folder VOCdevkit/VOC2012 of VOCtrainval_11-May-2012.tar.',
  })
}

function noLabels(folder: string, without: readonly ListedImage[], total: number, labelsFile?: string): SemplesError {
  const source = labelsFile === undefined ? folder : `${folder} or ${labelsFile}`
  return new SemplesError('SEMPLES_NO_LABELS', {
    message: `${without.length} of ${total} pictures have no labels in ${source}; the first is ${without[0]!.id}.`,
    file: folder,
    hint: 'Unpack Annotations/, or give a labels file (CSV file,labels) for the pictures without an XML file.',
  })
}
