import { Mutex } from '../base/cooperative.js'
import { SemplesError } from '../base/error.js'
import type { DatasetItem } from '../datasets/dataset.js'
import { decodeImage } from '../pictures/decode.js'
import type { Box, RawImage } from '../pictures/image.js'
import { augmentImage } from './augment/apply.js'
import type { AugmentOptions } from './augment/options.js'
import type { ImageBatch } from './batch.js'
import { DecodedCache } from './cache.js'
import { type Batches, type BatchesOptions, checkWhole, createBatches, optionError } from './ordered.js'
import { Random } from './random.js'

export interface LoaderOptions extends BatchesOptions {
  /** Indices into `dataset.items` to use. Default: all. */
  indices?: readonly number[]
  /** Size of the pictures in a batch, in pixels. */
  height: number
  width: number
  augment: AugmentOptions
  /** Leave out pictures without a label. Default true. */
  labelledOnly?: boolean
  /** But keep those of which it is known that they show none of the classes. Default false. */
  negatives?: boolean
}

export interface Loader extends Batches<ImageBatch> {
  /** Pictures left out because they have no label. */
  unlabelled: number
}

/**
 * Loads training batches of a data set: shuffled, decoded and augmented, prefetched ahead of their use.
 * @throws SemplesError `SEMPLES_NO_LABELS`: no picture with a label; `SEMPLES_BATCH_TOO_LARGE`: fewer pictures than
 *   a batch; `SEMPLES_CONFIG_INVALID`: a number out of its range
 */
export function createLoader(options: LoaderOptions): Loader {
  checkWhole(options, ['height', 'width', 'batch', 'concurrency', 'prefetch'])
  const { indices, unlabelled } = usedIndices(options)
  const pictures = new Pictures(options)
  const batches = createBatches<LoadedPicture, ImageBatch>(options, {
    indices,
    load: (index, epoch, signal) => pictures.load(index, epoch, signal),
    assemble: (samples, seed) => pictures.assemble(samples, seed),
  })
  return Object.defineProperties({ unlabelled } as Loader, Object.getOwnPropertyDescriptors(batches))
}

interface LoadedPicture {
  index: number
  image: RawImage
  erase?: Box
}

/** Pictures as the networks get them. */
class Pictures {
  private readonly cache: DecodedCache<RawImage>
  private readonly mutex = new Mutex()

  constructor(private readonly options: LoaderOptions) {
    this.cache = new DecodedCache(options.cacheBytes ?? 0, ({ data }) => data.length)
  }

  async load(index: number, epoch: number, signal: AbortSignal): Promise<LoadedPicture> {
    const { dataset, height, width, augment, seed, stage } = this.options
    // The smallest usual crop, a twelfth of the area, then still has more pixels than the input.
    const minimumSide = augment.resample === 'fast' ? 4 * Math.max(height, width) : undefined
    const decoded = await this.cache.get(index, () =>
      decodeImage(dataset.items[index]!.image, { orientation: dataset.orientation, minimumSide, signal }),
    )
    const random = new Random(seed, stage, 'image', epoch, index)
    return {
      index,
      ...(await augmentImage(decoded, { height, width }, augment, random, { mutex: this.mutex, signal })),
    }
  }

  assemble(pictures: readonly LoadedPicture[], seed: number): ImageBatch {
    const { dataset, height, width, augment } = this.options
    const classes = dataset.classes.classes.length
    const count = pictures.length
    const pixels = new Uint8Array(count * height * width * 3)
    const labels = new Uint8Array(count * classes)
    const erase = new Int32Array(count * 4)
    pictures.forEach(({ index, image, erase: box }, at) => {
      pixels.set(image.data, at * height * width * 3)
      for (const label of dataset.items[index]!.labels) labels[at * classes + label] = 1
      if (box) erase.set([box.top, box.left, box.height, box.width], at * 4)
    })
    const ids = pictures.map(({ index }) => dataset.items[index]!.id)
    return { pixels, count, height, width, labels, ids, seed, ...(augment.erase ? { erase } : {}) }
  }
}

function usedIndices({ dataset, indices, labelledOnly = true, negatives = false }: LoaderOptions): {
  indices: readonly number[]
  unlabelled: number
} {
  const all = indices ?? Array.from(dataset.items.keys())
  const outside = all.find((index) => dataset.items[index] === undefined)
  if (outside !== undefined) throw optionError('indices', outside, `positions from 0 to ${dataset.items.length - 1}`)
  const labelled = all.filter((index) => dataset.items[index]!.labels.length > 0)
  if (!labelledOnly) return { indices: all, unlabelled: 0 }
  if (labelled.length === 0)
    throw new SemplesError('SEMPLES_NO_LABELS', {
      message: `None of the ${all.length} pictures of ${dataset.name} has a label, so there is nothing to learn from.`,
      hint: 'Check that the labels file names these pictures and that its label column is filled.',
    })
  const isUsed = ({ labels, negative }: DatasetItem) => labels.length > 0 || (negatives && negative === true)
  const used = all.filter((index) => isUsed(dataset.items[index]!))
  return { indices: used, unlabelled: all.length - used.length }
}
