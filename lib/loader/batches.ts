import { Mutex } from '../base/cooperative.js'
import { SemplesError } from '../base/error.js'
import { mapOrdered } from '../base/mapOrdered.js'
import { Semaphore } from '../base/semaphore.js'
import type { Dataset, DatasetItem } from '../datasets/dataset.js'
import { decodeImage } from '../pictures/decode.js'
import type { Box, RawImage } from '../pictures/image.js'
import { augmentImage } from './augment/apply.js'
import type { AugmentOptions } from './augment/options.js'
import type { ImageBatch } from './batch.js'
import { ImageCache } from './cache.js'
import { Random } from './random.js'

export interface LoaderOptions {
  dataset: Dataset
  /** Indices into `dataset.items` to use. Default: all. */
  indices?: readonly number[]
  /** Size of the pictures in a batch, in pixels. */
  height: number
  width: number
  /** Pictures in a batch. */
  batch: number
  augment: AugmentOptions
  /** Seed of the run. */
  seed: number
  /** Name of the stage; it is part of the random seed, so that stages differ. */
  stage: string
  /** Shuffle in every epoch. Default true. */
  shuffle?: boolean
  /** Drop the last batch of an epoch if it is incomplete. Default true. */
  dropLast?: boolean
  /** Leave out pictures without a label. Default true. */
  labelledOnly?: boolean
  /** But keep those of which it is known that they show none of the classes. Default false. */
  negatives?: boolean
  /** Batches to prepare ahead of the one in use. Default 2. */
  prefetch?: number
  /** Pictures decoded at a time. Default 4. */
  concurrency?: number
  /** `skip`: leave unreadable pictures out of their batches and count them. Default `throw`. */
  unreadable?: 'throw' | 'skip'
  /** Called each time a picture is skipped. */
  onSkip?: (item: DatasetItem, error: SemplesError) => void
  /** Bytes of decoded pictures to keep in memory; small data sets are then decoded once. Default 0. */
  cacheBytes?: number
}

export interface Loader {
  stepsPerEpoch: number
  /** Pictures in use. */
  count: number
  /** Pictures left out because they have no label. */
  unlabelled: number
  /** How many times an unreadable picture has been left out of its batch so far. */
  readonly skipped: number
  /**
   * The batches of epoch `epoch`, starting at step `fromStep`. The same arguments give the same bytes, whatever was
   * loaded before. Loading starts with the first `next()`. Nothing keeps running after the iteration has ended, whether
   * by its last batch, `break`, an error or `signal`, with whose reason it then rejects.
   * @throws SemplesError `SEMPLES_IMAGE_UNREADABLE` at the step that needs the picture
   */
  epoch(epoch: number, fromStep?: number, signal?: AbortSignal): AsyncIterableIterator<ImageBatch>
}

/**
 * Loads training batches of a data set: shuffled, decoded and augmented, prefetched ahead of their use.
 * @throws SemplesError `SEMPLES_NO_LABELS`: no picture with a label; `SEMPLES_BATCH_TOO_LARGE`: fewer pictures than
 *   a batch; `SEMPLES_CONFIG_INVALID`: a number out of its range
 */
export function createLoader(options: LoaderOptions): Loader {
  checkNumbers(options)
  const { dataset, batch, dropLast = true } = options
  const { indices, unlabelled } = usedIndices(options)
  if (batch > indices.length)
    throw new SemplesError('SEMPLES_BATCH_TOO_LARGE', {
      message: `A batch of ${batch} pictures cannot be filled: ${dataset.name} has ${indices.length} to use.`,
      field: 'batch',
      value: batch,
      expected: `at most ${indices.length}`,
      hint: `Set batch to ${indices.length} or less.`,
    })
  const stepsPerEpoch = dropLast ? Math.floor(indices.length / batch) : Math.ceil(indices.length / batch)
  const maker = new BatchMaker(options, indices)
  return {
    stepsPerEpoch,
    count: indices.length,
    unlabelled,
    get skipped() {
      return maker.skipped
    },
    epoch(epoch, fromStep = 0, signal) {
      if (!Number.isInteger(fromStep) || fromStep < 0 || fromStep > stepsPerEpoch)
        throw optionError('fromStep', fromStep, `a whole number from 0 to ${stepsPerEpoch}`)
      const order = maker.order(epoch)
      const steps = Array.from({ length: stepsPerEpoch - fromStep }, (_, at) => fromStep + at)
      const make = (step: number, _: number, stop: AbortSignal) => maker.make(order, epoch, step, stop)
      return mapOrdered(steps, make, (options.prefetch ?? 2) + 1, signal)
    },
  }
}

interface LoadedPicture {
  index: number
  image: RawImage
  erase?: Box
}

class BatchMaker {
  skipped = 0
  private readonly cache: ImageCache
  private readonly limit: Semaphore
  private readonly mutex = new Mutex()

  constructor(
    private readonly options: LoaderOptions,
    private readonly indices: readonly number[],
  ) {
    this.cache = new ImageCache(options.cacheBytes ?? 0)
    this.limit = new Semaphore(options.concurrency ?? 4)
  }

  /** Indices into the data set in the order of an epoch. */
  order(epoch: number): readonly number[] {
    const { seed, stage, shuffle = true } = this.options
    if (!shuffle) return this.indices
    return Array.from(
      new Random(seed, stage, 'order', epoch).permutation(this.indices.length),
      (at) => this.indices[at]!,
    )
  }

  async make(order: readonly number[], epoch: number, step: number, signal: AbortSignal): Promise<ImageBatch> {
    const { batch, seed, stage } = this.options
    const wanted = order.slice(step * batch, (step + 1) * batch)
    const load = (index: number): Promise<LoadedPicture> =>
      this.limit.run(() => this.load(index, epoch, signal), signal)
    // All pictures settle before an error is thrown, so that no work outlives its batch.
    const outcomes = await Promise.allSettled(wanted.map(load))
    const pictures: LoadedPicture[] = []
    outcomes.forEach((outcome, at) => {
      if (outcome.status === 'fulfilled') pictures.push(outcome.value)
      else this.skip(wanted[at]!, outcome.reason)
    })
    if (pictures.length === 0) throw (outcomes[0] as PromiseRejectedResult).reason
    return this.assemble(pictures, new Random(seed, stage, 'step', epoch, step).seed())
  }

  private skip(index: number, error: unknown): void {
    const unreadable = error instanceof SemplesError && error.code === 'SEMPLES_IMAGE_UNREADABLE'
    if (!unreadable || this.options.unreadable !== 'skip') throw error
    this.skipped++
    this.options.onSkip?.(this.options.dataset.items[index]!, error)
  }

  private async load(index: number, epoch: number, signal: AbortSignal): Promise<LoadedPicture> {
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

  private assemble(pictures: readonly LoadedPicture[], seed: number): ImageBatch {
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

function checkNumbers(options: LoaderOptions): void {
  const atLeastOne = ['height', 'width', 'batch', 'concurrency', 'prefetch'] as const
  for (const field of atLeastOne) {
    const value = options[field]
    if (value !== undefined && !(Number.isInteger(value) && value > 0))
      throw optionError(field, value, 'a whole number above 0')
  }
}

function optionError(field: string, value: unknown, expected: string): SemplesError {
  return new SemplesError('SEMPLES_CONFIG_INVALID', {
    message: `The loader cannot use ${field}.`,
    field,
    value,
    expected,
  })
}
