import { runInSlices } from '../../base/cooperative.js'
import { SemplesError } from '../../base/error.js'
import { VOID_ID } from '../../masks/labelMap.js'
import { emptyImage, type RawImage } from '../../pictures/image.js'
import type { ApplyOptions } from '../augment/apply.js'
import type { Random } from '../random.js'
import { referencePhotometric, type SampleAugment } from './options.js'
import { drawPhotometric, type PhotometricChange, photometricPass } from './photometric.js'
import { drawWindow, linearPlaces, nearestPlaces, type Window } from './window.js'

/** A picture with what a segmentation model is to learn of each of its pixels. */
export interface Sample {
  image: RawImage
  /** Index of the class of each pixel, 0 the background; 255: ignored. `width * height`, row-major. */
  labels: Uint8Array
  /** How sure each label is, 0 to 255, in the same order. */
  confidence?: Uint8Array
}

/** ImageNet's mean colour, which normalisation makes about 0. */
const PADDING = [124, 116, 104] as const

/** Rows between two looks at the clock. */
const ROWS = 16

/**
 * Turns a picture and its labels into an input of `size` x `size` pixels: resized to a random size, cropped, mirrored at
 * random, changed in light and colour, and padded at right and bottom where it is smaller (the mean colour, label 255,
 * confidence 0). Pictures are resized bilinear without a filter, labels to the nearest pixel, both from pixel centres to
 * pixel centres; only the crop is computed. All random numbers are drawn from `random`, in a fixed order: ratio, crops,
 * mirror, light and colour.
 *
 * @throws SemplesError `SEMPLES_ARGUMENT_INVALID` where labels or confidence are not one byte a pixel
 */
export async function augmentSample(
  sample: Sample,
  options: SampleAugment,
  random: Random,
  { mutex, signal }: ApplyOptions = {},
): Promise<Sample> {
  checkLength('labels', sample.labels, sample.image)
  if (sample.confidence !== undefined) checkLength('confidence', sample.confidence, sample.image)
  return runInSlices(augmentSteps(sample, options, random), { mutex, signal })
}

function* augmentSteps(sample: Sample, options: SampleAugment, random: Random): Generator<undefined, Sample> {
  const { image, labels, confidence } = sample
  const { size } = options
  const window = yield* drawWindow(image, labels, options, random)
  const mirrored = options.mirror && random.chance(0.5)
  const change = drawChange(options.photometric, random)
  const input = emptyImage(size, size)
  if (window.width < size || window.height < size)
    for (let at = 0; at < input.data.length; at += 3) input.data.set(PADDING, at)
  yield* drawPixels(image, window, mirrored, input)
  if (change !== undefined) {
    const pass = photometricPass(change)
    for (let row = 0; row < window.height; row++) {
      pass(input.data.subarray(row * size * 3, (row * size + window.width) * 3))
      if (row % ROWS === 0) yield
    }
  }
  const moved = (plane: Uint8Array, fill: number) =>
    drawPlane(plane, image.width, image.height, window, mirrored, size, fill)
  const result = { image: input, labels: moved(labels, VOID_ID) }
  return confidence === undefined ? result : { ...result, confidence: moved(confidence, 0) }
}

function drawChange(options: SampleAugment['photometric'], random: Random): PhotometricChange | undefined {
  if (options === false) return undefined
  return drawPhotometric(options === true ? referencePhotometric : options, random)
}

/** The window of the resized picture into the upper left corner of `input`, bilinear and rounded. */
function* drawPixels(
  { data, width, height }: RawImage,
  { resized, left, top, ...window }: Window,
  mirrored: boolean,
  input: RawImage,
): Generator<undefined, void> {
  const { before, after, share } = linearPlaces(width, resized.width, left, window.width)
  if (mirrored) for (const places of [before, after, share]) places.reverse()
  const rows = linearPlaces(height, resized.height, top, window.height)
  const target = input.data
  for (let row = 0; row < window.height; row++) {
    const upper = rows.before[row]! * width
    const lower = rows.after[row]! * width
    const down = rows.share[row]!
    let to = row * input.width * 3
    for (let column = 0; column < window.width; column++, to += 3) {
      const right = share[column]!
      const a = (upper + before[column]!) * 3
      const b = (upper + after[column]!) * 3
      const c = (lower + before[column]!) * 3
      const d = (lower + after[column]!) * 3
      for (let channel = 0; channel < 3; channel++) {
        const above = data[a + channel]! + right * (data[b + channel]! - data[a + channel]!)
        const below = data[c + channel]! + right * (data[d + channel]! - data[c + channel]!)
        target[to + channel] = above + down * (below - above) + 0.5
      }
    }
    if (row % ROWS === 0) yield
  }
}

/** The same window of one byte a pixel, to the nearest, filled around. */
function drawPlane(
  plane: Uint8Array,
  width: number,
  height: number,
  { resized, left, top, ...window }: Window,
  mirrored: boolean,
  size: number,
  fill: number,
): Uint8Array {
  const result = new Uint8Array(size * size).fill(fill)
  const columns = nearestPlaces(width, resized.width, left, window.width)
  if (mirrored) columns.reverse()
  const rows = nearestPlaces(height, resized.height, top, window.height)
  for (let row = 0; row < window.height; row++) {
    const line = rows[row]! * width
    const to = row * size
    for (let column = 0; column < columns.length; column++) result[to + column] = plane[line + columns[column]!]!
  }
  return result
}

function checkLength(field: 'labels' | 'confidence', bytes: Uint8Array, { width, height }: RawImage): void {
  if (bytes.length === width * height) return
  throw new SemplesError('SEMPLES_ARGUMENT_INVALID', {
    message: `The bytes of ${field} do not fit the picture of ${width}x${height}.`,
    field,
    value: bytes.length,
    expected: `${width * height} bytes, one a pixel`,
  })
}
