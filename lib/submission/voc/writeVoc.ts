import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { writeAtomic } from '../../base/atomic.js'
import { count } from '../../base/count.js'
import { SemplesError } from '../../base/error.js'
import { mapOrdered } from '../../base/mapOrdered.js'
import { requireNothing } from '../../base/outputs.js'
import { voc2012Classes } from '../../datasets/classes/voc2012.js'
import { renumbered, statedTable } from '../../datasets/predictions/classTables.js'
import { readImageList } from '../../datasets/voc/imageList.js'
import { encodeIndexedPng } from '../../formats/png.js'
import { type LabelMap, VOID_ID } from '../../masks/labelMap.js'
import { maskPalette } from '../../masks/palette.js'
import { readMask } from '../../masks/png.js'
import { type MaskFile, maskFiles } from '../maskFiles.js'
import type { VocSubmission, VocSubmissionOptions } from '../types.js'
import { requireChoices, resultsFolder, setOfList, VOC_CLASSES } from './layout.js'
import { pictureSizes, type SizeOf } from './pictureSizes.js'
import { type PackedFile, packed } from './tarWriter.js'

/** Masks that are read and compressed at a time. */
const AT_ONCE = 4
const PALETTE = maskPalette()
const IDS = Array.from({ length: VOC_CLASSES + 1 }, (_, id) => id)

/** `writeVocSubmission` of the public API, documented in lib/api/masks.ts. */
export async function writeVocSubmission(options: VocSubmissionOptions): Promise<VocSubmission> {
  const { masks, list, images, competition = 'comp6', onProgress, signal } = options
  signal?.throwIfAborted()
  requireChoices({ competition, set: options.set, void: options.void })
  checkOut(options.out)
  const set = setOfList(list, options.set)
  const path = resolve(options.out)
  await requireNothing(path)
  const ids = (await readImageList(list)).map(({ id }) => id).sort()
  await requireVocIds(masks)
  const files = await maskFiles(masks, ids, list)
  const sizeOf = images === undefined ? undefined : await pictureSizes(images, ids, list)
  const folder = resultsFolder(competition, set)
  const voids = { pixels: 0, pictures: 0 }

  async function* masksOfArchive(): AsyncGenerator<PackedFile> {
    let done = 0
    for await (const { id, data, voidPixels } of mapOrdered(
      files,
      (file) => encoded(file, options, sizeOf),
      AT_ONCE,
      signal,
    )) {
      yield { path: `${folder}/${id}.png`, data }
      voids.pixels += voidPixels
      voids.pictures += voidPixels > 0 ? 1 : 0
      onProgress?.(++done, files.length)
    }
  }
  await writeAtomic(path, packed(folder, masksOfArchive())).catch((error: unknown) => {
    signal?.throwIfAborted()
    throw error
  })
  const { size } = await stat(path)
  return {
    path,
    bytes: size,
    pictures: files.length,
    competition,
    set,
    folder,
    voidPixels: voids.pixels,
    voidPictures: voids.pictures,
  }
}

function checkOut(out: string): void {
  if (/\.(tgz|tar\.gz)$/i.test(out)) return
  throw new SemplesError('SEMPLES_OPTION_INVALID', {
    message: `The archive ${out} is a gzipped tar, and its name must say so.`,
    field: 'out',
    value: out,
    expected: 'a name that ends in .tgz or .tar.gz',
    hint: 'Name it as results.tgz (out, --out).',
  })
}

/** Refuses masks whose masks.json says that their ids are not VOC's. */
async function requireVocIds(masks: string): Promise<void> {
  const stated = await statedTable(masks)
  if (stated === undefined) return
  const labels = new Set(voc2012Classes.classes.map(({ label }) => label))
  const [other] = renumbered(stated, voc2012Classes)
  const strange = stated.classes.find(({ label }) => !labels.has(label))
  if (other === undefined && strange === undefined) return
  throw new SemplesError('SEMPLES_CLASSES_DIFFER', {
    message:
      other === undefined
        ? `The masks in ${masks} have the class ${strange!.label}, by their masks.json, which VOC 2012 does not have.`
        : `The masks in ${masks} do not have VOC's class ids: ${other.label} is ${other.one} by their masks.json, and ${other.other} in VOC 2012.`,
    file: masks,
    hint: 'Make masks with a run that was trained on the classes of VOC 2012 (npx semples train --data VOCdevkit/VOC2012, or --classes voc2012).',
  })
}

async function encoded(
  { id, file }: MaskFile,
  { void: voids = 'refuse', maskColors }: VocSubmissionOptions,
  sizeOf: SizeOf | undefined,
): Promise<{ id: string; data: Uint8Array; voidPixels: number }> {
  const mask = await readMask(file, { palette: PALETTE, ids: IDS, colors: maskColors })
  const size = await sizeOf?.(id)
  if (size !== undefined && (size.width !== mask.width || size.height !== mask.height))
    throw new SemplesError('SEMPLES_MASK_SIZE', {
      message: `The mask ${file} has ${mask.width}x${mask.height} pixels, its picture ${size.width}x${size.height}.`,
      file,
      hint: 'A submission has masks of the size of the pictures: make it again without resizing the pictures.',
    })
  const voidPixels = checkValues(mask, file, voids)
  const data = voidPixels === 0 ? mask.data : mask.data.map((value) => (value === VOID_ID ? 0 : value))
  return { id, data: await encodeIndexedPng({ ...mask, data, palette: PALETTE }), voidPixels }
}

/** @returns the number of void pixels */
function checkValues({ data }: LabelMap, file: string, voids: 'refuse' | 'background'): number {
  let voidPixels = 0
  for (const value of data) {
    if (value <= VOC_CLASSES) continue
    if (value !== VOID_ID)
      throw new SemplesError('SEMPLES_MASK_CLASS', {
        message: `The mask ${file} has pixels of value ${value}, which is no class of VOC 2012.`,
        file,
        value,
        expected: `0 (background) to ${VOC_CLASSES}`,
        hint: 'Are these masks of VOC 2012, with its class ids?',
      })
    voidPixels++
  }
  if (voidPixels === 0 || voids === 'background') return voidPixels
  throw new SemplesError('SEMPLES_MASK_CLASS', {
    message: `The mask ${file} has ${count(voidPixels, 'pixel')} of value 255 (void), which a prediction may not have.`,
    file,
    value: VOID_ID,
    expected: `0 (background) to ${VOC_CLASSES}`,
    hint: "Decide every pixel; or make these background: void: 'background' (--void background).",
  })
}
