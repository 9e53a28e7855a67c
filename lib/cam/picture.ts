import { SemplesError } from '../config/error.js'
import type { Dataset, DatasetItem } from '../datasets/dataset.js'
import { decodeImage } from '../loader/decode.js'
import { scaledImages } from '../loader/scales.js'
import type { Cams, MaskGenerator, ScaledPicture } from '../models/maskGenerator.js'

export interface CamOptions {
  /** The first must be 1. */
  scales: readonly number[]
  flip: boolean
  resample: 'exact' | 'fast'
}

/** A picture, decoded and at every scale. */
export interface PreparedPicture {
  item: DatasetItem
  scales: ScaledPicture[]
}

export async function preparePicture(
  dataset: Dataset,
  item: DatasetItem,
  options: CamOptions,
): Promise<PreparedPicture> {
  const image = await decodeImage(item.image, { orientation: dataset.orientation })
  return { item, scales: await scaledImages(image, [...options.scales], options.resample) }
}

/**
 * The pictures of `items` in order, each prepared while the ones before are used.
 * @param ahead pictures in flight
 */
export async function* preparedPictures(
  dataset: Dataset,
  items: readonly DatasetItem[],
  options: CamOptions,
  ahead = 2,
): AsyncGenerator<PreparedPicture> {
  const flight: Promise<PreparedPicture>[] = []
  try {
    for (let next = 0; next < items.length || flight.length > 0; ) {
      while (flight.length < ahead && next < items.length) {
        const prepared = preparePicture(dataset, items[next++]!, options)
        // It is awaited below; until then its failure must not count as unhandled.
        prepared.catch(() => undefined)
        flight.push(prepared)
      }
      yield await flight.shift()!
    }
  } finally {
    await Promise.allSettled(flight)
  }
}

export type PictureCams = Omit<Cams, 'logits'>

/**
 * CAMs of a prepared picture for the classes that it is labelled with.
 * @throws SemplesError `SEMPLES_IMAGE_TOO_SMALL` naming the picture
 */
export async function camsOf(
  generator: MaskGenerator,
  { item, scales }: PreparedPicture,
  options: CamOptions,
): Promise<PictureCams> {
  const [{ width, height }] = scales as [ScaledPicture]
  if (item.labels.length === 0) return { cams: new Float32Array(0), classes: [], height, width }
  try {
    return await generator.cams(scales, item.labels, options.flip)
  } catch (error) {
    if (!(error instanceof SemplesError) || error.code !== 'SEMPLES_IMAGE_TOO_SMALL') throw error
    throw new SemplesError(error.code, {
      message: `The picture ${item.image}, ${width}x${height}, is smaller than a patch of the mask generator at one of the scales ${options.scales.join(', ')}.`,
      file: item.image,
      value: error.value,
      expected: error.expected,
      hint: error.hint,
      cause: error,
    })
  }
}
