import { Mutex } from '../base/cooperative.js'
import { DecodedCache } from '../loader/cache.js'
import { type Batches, type BatchesOptions, createBatches } from '../loader/ordered.js'
import { Random } from '../loader/random.js'
import type { SampleAugment } from '../loader/segmentation/options.js'
import { augmentSample, type Sample } from '../loader/segmentation/sample.js'
import type { NativeSegmentBatch } from '../native/segmentAddon.js'
import { decodeImage } from '../pictures/decode.js'
import type { Targets } from './targets/targets.js'

export type SegmentBatch = Omit<NativeSegmentBatch, 'learningRate'> & { count: number; ids: string[] }

export interface SegmentLoaderOptions extends BatchesOptions {
  /** What every pixel is to be; pictures without are left out. */
  targets: Targets
  augment: SampleAugment
  /** A factor of the loss by label, background first. */
  classWeights?: Float32Array
}

/**
 * Loads batches of pictures with a label at every pixel: decoded, varied together, shuffled, made ahead of their use.
 * @throws SemplesError as `createBatches`
 */
export function createSegmentLoader(options: SegmentLoaderOptions): Batches<SegmentBatch> {
  const { dataset, targets } = options
  const indices = [...dataset.items.keys()].filter((index) => targets.has(dataset.items[index]!))
  const samples = new Samples(options)
  return createBatches<LoadedSample, SegmentBatch>(options, {
    indices,
    load: (index, epoch, signal) => samples.load(index, epoch, signal),
    assemble: (loaded, seed) => samples.assemble(loaded, seed),
  })
}

interface LoadedSample extends Sample {
  index: number
}

class Samples {
  private readonly cache: DecodedCache<Sample>
  private readonly mutex = new Mutex()

  constructor(private readonly options: SegmentLoaderOptions) {
    this.cache = new DecodedCache(
      options.cacheBytes ?? 0,
      ({ image, labels, confidence }) => image.data.length + labels.length + (confidence?.length ?? 0),
    )
  }

  async load(index: number, epoch: number, signal: AbortSignal): Promise<LoadedSample> {
    const { augment, seed, stage } = this.options
    const sample = await this.cache.get(index, () => this.decode(index, signal))
    const random = new Random(seed, stage, 'image', epoch, index)
    return { index, ...(await augmentSample(sample, augment, random, { mutex: this.mutex, signal })) }
  }

  private async decode(index: number, signal: AbortSignal): Promise<Sample> {
    const { dataset, targets } = this.options
    const item = dataset.items[index]!
    const image = await decodeImage(item.image, { orientation: dataset.orientation, signal })
    return { image, ...(await targets.read(item, image, signal)) }
  }

  assemble(samples: readonly LoadedSample[], seed: number): SegmentBatch {
    const { dataset, augment, classWeights } = this.options
    const { size } = augment
    const count = samples.length
    const pixels = new Uint8Array(count * size * size * 3)
    const labels = new Uint8Array(count * size * size)
    const sure = samples.some(({ confidence }) => confidence !== undefined)
    const confidence = sure ? new Uint8Array(count * size * size).fill(255) : undefined
    samples.forEach((sample, at) => {
      pixels.set(sample.image.data, at * size * size * 3)
      labels.set(sample.labels, at * size * size)
      if (sample.confidence !== undefined) confidence!.set(sample.confidence, at * size * size)
    })
    const ids = samples.map(({ index }) => dataset.items[index]!.id)
    return {
      pixels,
      count,
      height: size,
      width: size,
      labels,
      ids,
      seed,
      ...(confidence === undefined ? {} : { confidence }),
      ...(classWeights === undefined ? {} : { classWeights }),
    }
  }
}
