import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { writeAtomic } from '../../base/atomic.js'
import { runInSlices } from '../../base/cooperative.js'
import { SemplesError } from '../../base/error.js'
import { requireNothing } from '../../base/outputs.js'
import { stringOfCounts } from '../../datasets/coco/regions.js'
import { maskPalette } from '../../masks/palette.js'
import { type ReadMaskOptions, readMask } from '../../masks/png.js'
import { maskFiles } from '../maskFiles.js'
import type { CocoResults, CocoResultsOptions } from '../types.js'
import { Categories, classesOfMasks } from './categories.js'
import { type ResultImage, resultImages } from './images.js'
import { countsByValue } from './runLengths.js'
import { scoreOf } from './scores.js'

/** `writeCocoResults` of the public API, documented in lib/api/masks.ts. */
export async function writeCocoResults(options: CocoResultsOptions): Promise<CocoResults> {
  const { masks, list, imagesJson, maskColors, onProgress, signal } = options
  signal?.throwIfAborted()
  const path = resolve(options.out)
  await requireNothing(path)
  const table = await classesOfMasks(masks, options.classes)
  const { images, categories: named } = await resultImages(imagesJson, list)
  const categories = new Categories(table, named, imagesJson)
  const score = await scoreOf(options.scores)
  const ids = images.map(({ name }) => name)
  const files = await maskFiles(masks, ids, list ?? imagesJson!)
  const reading = { palette: maskPalette(), ids: [0, ...table.classes.map(({ id }) => id)], colors: maskColors }
  const counted = { entries: 0, empty: 0 }

  async function* text(): AsyncGenerator<string> {
    yield '['
    for (const [index, image] of images.entries()) {
      signal?.throwIfAborted()
      const entries = await entriesOf(image, files[index]!.file, reading, categories, score)
      if (entries.length > 0) yield `${counted.entries === 0 ? '\n' : ',\n'}${entries.join(',\n')}`
      counted.entries += entries.length
      counted.empty += entries.length === 0 ? 1 : 0
      onProgress?.(index + 1, images.length)
    }
    yield '\n]\n'
  }
  await writeAtomic(path, text()).catch((error: unknown) => {
    signal?.throwIfAborted()
    throw error
  })
  return {
    path,
    bytes: (await stat(path)).size,
    pictures: images.length,
    ...counted,
    categories: categories.used,
    imageIds: typeof images[0]!.imageId === 'number' ? 'number' : 'name',
  }
}

/** One entry a class of the picture, in the order of class ids, as lines of JSON. */
async function entriesOf(
  { imageId, name, size }: ResultImage,
  file: string,
  reading: ReadMaskOptions,
  categories: Categories,
  score: (name: string, classId: number) => number,
): Promise<string[]> {
  const mask = await readMask(file, reading)
  const { width, height } = mask
  if (size !== undefined && (size.width !== width || size.height !== height))
    throw new SemplesError('SEMPLES_MASK_SIZE', {
      message: `The mask ${file} has ${width}x${height} pixels, its picture ${size.width}x${size.height}.`,
      file,
      hint: 'Results have masks of the size of the pictures: make it again without resizing the pictures.',
    })
  const counts = await runInSlices(countsByValue(mask))
  return [...counts].flatMap(([value, runs]) => {
    const category = categories.of(value, file)
    if (category === undefined) return []
    const segmentation = { size: [height, width], counts: stringOfCounts(runs) }
    return JSON.stringify({ image_id: imageId, category_id: category, segmentation, score: score(name, value) })
  })
}
