import { SemplesError } from '../base/error.js'
import { mapOrdered } from '../base/mapOrdered.js'
import type { Dataset, DatasetItem } from '../datasets/dataset.js'
import type { Cams, MaskGenerator, ScaledPicture } from '../models/maskGenerator.js'
import { decodeImage } from '../pictures/decode.js'
import type { RawImage } from '../pictures/image.js'
import { resizeImage } from '../pictures/resize.js'
import { scaledImages } from '../pictures/scales.js'

export interface CamOptions {
  /** The first must be 1. */
  scales: readonly number[]
  flip: boolean
  resample: 'exact' | 'fast'
  maxSide?: number
  side?: number
  scaling?: 'minmax' | 'max'
  fit?: 'stretch' | 'cut'
}

/** A picture, decoded and at every scale. */
export interface PreparedPicture {
  item: DatasetItem
  image: ScaledPicture
  scales: ScaledPicture[]
}

export async function preparePicture(
  dataset: Dataset,
  item: DatasetItem,
  options: CamOptions,
): Promise<PreparedPicture> {
  const image = await decodeImage(item.image, { orientation: dataset.orientation })
  return { item, image, scales: await scaledFor(image, options) }
}

/** A picture at every scale. */
export async function scaledFor(image: RawImage, options: CamOptions): Promise<RawImage[]> {
  return scaledImages(await sized(image, options), [...options.scales], options.resample)
}

/** The picture itself, or at the size that `side` and `maxSide` ask for. */
async function sized(
  image: RawImage,
  { side: wanted, maxSide = Number.POSITIVE_INFINITY, resample }: CamOptions,
): Promise<RawImage> {
  const longer = Math.max(image.width, image.height)
  const factor = Math.min(wanted ?? longer, maxSide) / longer
  if (factor === 1) return image
  const side = (length: number) => Math.max(1, Math.round(length * factor))
  return resizeImage(image, side(image.width), side(image.height), { mode: resample })
}

/** The pictures of `items` in order, each prepared while the one before is used. */
export function preparedPictures(
  dataset: Dataset,
  items: readonly DatasetItem[],
  options: CamOptions,
  signal?: AbortSignal,
): AsyncGenerator<PreparedPicture> {
  return mapOrdered(items, (item) => preparePicture(dataset, item, options), 2, signal)
}

/** Without logits where the picture has no label. */
export type PictureCams = Omit<Cams, 'logits'> & Partial<Pick<Cams, 'logits'>>

/**
 * CAMs of a prepared picture for the classes that it is labelled with.
 * @throws SemplesError `SEMPLES_IMAGE_TOO_SMALL` naming the picture
 */
export async function camsOf(
  generator: MaskGenerator,
  { item, image, scales }: PreparedPicture,
  options: CamOptions,
): Promise<PictureCams> {
  const { width, height } = image
  if (item.labels.length === 0) return { cams: new Float32Array(0), classes: [], height, width }
  try {
    const { flip, scaling, fit } = options
    return await generator.cams(scales, item.labels, { flip, scaling, fit }, image)
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
