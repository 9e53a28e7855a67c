import { readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { writeAtomic } from '../base/atomic.js'
import { readBytes } from '../base/files.js'
import { namesInOutput, outputExists } from '../base/outputs.js'
import { refuseUseless } from '../base/useless.js'
import { maskPalette } from '../masks/palette.js'
import { writeMask } from '../masks/png.js'
import { withoutOrientation } from '../pictures/orientation.js'
import { encodeClassTable, writeClassTable } from './classes/classTableFile.js'
import type { Dataset, DatasetItem } from './dataset.js'
import { csvRow, insideOf, pictureFile } from './export/names.js'
import { fingerprint } from './fingerprint.js'
import type { DataSpec } from './kinds.js'
import { openDataset, requireSplits } from './open.js'

export interface ExportFolderOptions {
  /** Data as in `trainSemPLeS`, or an open data set. */
  data: DataSpec | Dataset
  /** With `data` as in `trainSemPLeS`: which pictures. Default `train`. */
  split?: 'train' | 'val'
  /** The folder to make: new, empty, or begun by an earlier export of the same data. */
  out: string
  onProgress?(done: number, total: number): void
  signal?: AbortSignal
}

export interface ExportFolderResult {
  /** Absolute folder. */
  out: string
  /** What it was read from: `coco2014 train2014`. */
  source: string
  pictures: number
  /** Pictures whose label field is empty. */
  unlabelled: number
  /** Pictures with ground truth. */
  masks: number
  classes: number
  /** What the data set left out or what looks like a mistake in it, one sentence each. */
  warnings: string[]
  /** The folder data set that reads all of it back. */
  data: { folder: string; labels: string; classes: string; masks?: string }
}

/** Pictures that are read and written at a time. */
const AT_ONCE = 8

const MARK = 'export.json'

/** `exportFolder` of the public API, documented in lib/api/datasets.ts. */
export async function exportFolder(options: ExportFolderOptions): Promise<ExportFolderResult> {
  const { data, split, signal, onProgress } = options
  const dataset = await datasetOf(data, split)
  const out = path.resolve(options.out)
  const { items, classes } = dataset
  const rows = items.map((item) => csvRow(pictureFile(item), labelsOf(item, dataset)))
  for (const item of items) insideOf(out, pictureFile(item))
  const table = path.join(out, 'classes.json')
  const labels = path.join(out, 'labels.csv')
  const csv = Buffer.from(`${['file,labels', ...rows].join('\n')}\n`)
  await claim(out, dataset)
  await refuseChanged(table, Buffer.from(encodeClassTable(classes)))
  await refuseChanged(labels, csv)
  await writeClassTable(table, classes)
  let [masks, done] = [0, 0]
  for (let start = 0; start < items.length; start += AT_ONCE) {
    signal?.throwIfAborted()
    const some = items.slice(start, start + AT_ONCE)
    await Promise.all(some.map((item) => writePicture(out, item, dataset)))
    // One after the other: drawing masks is work of this thread.
    for (const item of some) {
      if (await writeTruth(out, item, dataset)) masks++
      onProgress?.(++done, items.length)
    }
  }
  await writeAtomic(labels, csv)
  return {
    out,
    source: dataset.name,
    pictures: items.length,
    unlabelled: items.filter(({ labels }) => labels.length === 0).length,
    masks,
    classes: classes.classes.length,
    warnings: [...(dataset.warnings ?? [])],
    data: {
      folder: path.join(out, 'images'),
      labels,
      classes: table,
      ...(masks > 0 ? { masks: path.join(out, 'masks') } : {}),
    },
  }
}

function datasetOf(data: ExportFolderOptions['data'], split: ExportFolderOptions['split']): Promise<Dataset> | Dataset {
  if ('items' in data) {
    refuseUseless({ split }, 'of a data set that is open: its pictures are chosen')
    return data
  }
  requireSplits(data, split)
  return openDataset(data, split ?? 'train')
}

function labelsOf(item: DatasetItem, { classes }: Dataset): string[] {
  return item.labels.map((index) => classes.classes[index]!.label)
}

/** Takes an empty folder, or one that an export of the same data has begun. */
async function claim(out: string, dataset: Dataset): Promise<void> {
  const mark = `${JSON.stringify({ version: 1, source: dataset.name, data: await fingerprint(dataset) })}\n`
  const names = await namesInOutput(out)
  if (names.includes(MARK)) {
    if (Buffer.from(await readBytes(path.join(out, MARK))).toString('utf8') === mark) return
    throw taken(out, 'was exported from other data')
  }
  if (names.length > 0) throw taken(out, 'holds something else')
  await writeAtomic(path.join(out, MARK), mark)
}

async function writePicture(out: string, item: DatasetItem, { orientation }: Dataset): Promise<void> {
  const file = insideOf(path.join(out, 'images'), pictureFile(item))
  const bytes = await readBytes(item.image)
  const kept = orientation === 'stored' ? await withoutOrientation(bytes, item.image) : bytes
  // Files appear whole, so one of this size is this picture.
  const size = await sizeOf(file)
  if (size === undefined) await writeAtomic(file, kept)
  else if (size !== kept.length) throw changed(file)
}

async function writeTruth(out: string, item: DatasetItem, dataset: Dataset): Promise<boolean> {
  const file = insideOf(path.join(out, 'masks'), `${item.id}.png`)
  if ((await sizeOf(file)) !== undefined) return true
  const mask = await dataset.mask(item)
  if (mask === undefined) return false
  await writeMask(file, mask, maskPalette(dataset.classes.classes))
  return true
}

async function sizeOf(file: string): Promise<number | undefined> {
  return stat(file).then(
    ({ size }) => size,
    () => undefined,
  )
}

/** Labels and names are corrected by hand: that must not be lost when the same is exported again. */
async function refuseChanged(file: string, bytes: Buffer): Promise<void> {
  const found = await readFile(file).catch(() => undefined)
  if (found !== undefined && !found.equals(bytes)) throw changed(file)
}

const HINT = 'Choose a folder that is new or empty (out, --out).'

function changed(file: string) {
  return outputExists(`${file} is not as this export wrote it.`, file, { hint: HINT })
}

function taken(out: string, why: string) {
  return outputExists(`The folder to write, ${out}, ${why}.`, out, { hint: HINT })
}
