import { type Mutex, runInSlices } from '../base/cooperative.js'
import { SemplesError } from '../base/error.js'
import { type Box, emptyImage, type RawImage, wholeBox } from './image.js'

/**
 * Bicubic resampling (a = -0.5, antialiased when shrinking) in Pillow's 8-bit arithmetic, bit for bit:
 * two passes, each with weights in 22-bit fixed point and rounded to bytes.
 * Published CAMs were made from pictures resized that way, and the maps depend on it.
 */
const PRECISION_BITS = 22
const HALF = 1 << (PRECISION_BITS - 1)
const SUPPORT = 2

// Named here: looking `Math` up for every product costs more than the product where globals are virtual.
const { imul } = Math

/** For one axis: which source pixels each output pixel is a weighted sum of. */
interface AxisWeights {
  /** First source pixel of each output pixel. */
  first: Int32Array
  /** Number of source pixels, starting there. */
  count: Int32Array
  /** Fixed-point weights, `stride` places for each output pixel. */
  weight: Int32Array
  stride: number
}

/**
 * Resizes `image`, or the rectangle `box` of it, to `width` x `height` pixels.
 * The rectangle is cropped first: pixels outside it never contribute.
 * @throws SemplesError `SEMPLES_ARGUMENT_INVALID` when a size is not a positive integer or the box leaves the picture.
 */
export function resizeBicubic(image: RawImage, width: number, height: number, box?: Box): RawImage {
  const steps = resizeSteps(image, width, height, box)
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
  }
}

/** `resizeBicubic` in slices of a few milliseconds, so that large pictures do not block the event loop. */
export function resizeBicubicAsync(
  image: RawImage,
  width: number,
  height: number,
  options: { box?: Box; mutex?: Mutex; signal?: AbortSignal } = {},
): Promise<RawImage> {
  return runInSlices(resizeSteps(image, width, height, options.box), options)
}

/** `resizeBicubic` as a generator that yields after every few rows. */
export function* resizeSteps(
  image: RawImage,
  width: number,
  height: number,
  box: Box = wholeBox(image),
): Generator<undefined, RawImage> {
  checkSizes(image, width, height, box)
  if (box.width === width && box.height === height) return cutBox(image, box)
  if (box.height === height) return yield* resizeWidth(image, box, width)
  if (box.width === width) return yield* resizeHeight(image, box, height)
  if (heightGoesFirst(box, width, height)) {
    const flattened = yield* resizeHeight(image, box, height)
    return yield* resizeWidth(flattened, wholeBox(flattened), width)
  }
  const narrowed = yield* resizeWidth(image, box, width)
  return yield* resizeHeight(narrowed, wholeBox(narrowed), height)
}

/**
 * Width first, except for boxes that lose much more height than width: the rule of Pillow since version 13
 * (before, width always went first). The order shows, because bytes are rounded and clipped in between.
 */
function heightGoesFirst(box: Box, width: number, height: number): boolean {
  return height < box.height && box.height - height > 2 * (box.width - width)
}

function* resizeWidth(image: RawImage, box: Box, width: number): Generator<undefined, RawImage> {
  const result = emptyImage(width, box.height)
  const weights = axisWeights(box.width, width)
  const rows = rowsPerPortion(width * weights.stride)
  for (let row = 0; row < box.height; row += rows) {
    resampleRows(image, box, weights, result, row, Math.min(row + rows, box.height))
    yield
  }
  return result
}

function* resizeHeight(image: RawImage, box: Box, height: number): Generator<undefined, RawImage> {
  const result = emptyImage(box.width, height)
  const weights = axisWeights(box.height, height)
  const sums = new Int32Array(box.width * 3)
  const rows = rowsPerPortion(box.width * weights.stride)
  for (let row = 0; row < height; row += rows) {
    resampleColumns(image, box, weights, result, sums, row, Math.min(row + rows, height))
    yield
  }
  return result
}

/** About a millisecond of multiplications. */
function rowsPerPortion(productsPerRow: number): number {
  return Math.max(1, Math.floor(300_000 / productsPerRow))
}

/** Keys' cubic convolution kernel with a = -0.5. */
function cubic(distance: number): number {
  const x = Math.abs(distance)
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * -0.5
  return 0
}

function axisWeights(inputSize: number, outputSize: number): AxisWeights {
  const scale = inputSize / outputSize
  // The kernel is stretched when shrinking, so that every source pixel counts.
  const stretch = Math.max(scale, 1)
  const support = SUPPORT * stretch
  // One more than can contribute, and room to read four at a time.
  const stride = Math.ceil(support) * 2 + 4
  const first = new Int32Array(outputSize)
  const count = new Int32Array(outputSize)
  const weight = new Int32Array(outputSize * stride)
  const exact = new Float64Array(stride)
  const inverse = 1 / stretch
  for (let out = 0; out < outputSize; out++) {
    const center = (out + 0.5) * scale
    const start = Math.max(0, Math.trunc(center - support + 0.5))
    const taps = Math.min(inputSize, Math.trunc(center + support + 0.5)) - start
    let sum = 0
    for (let tap = 0; tap < taps; tap++) {
      const value = cubic((tap + start - center + 0.5) * inverse)
      exact[tap] = value
      sum += value
    }
    for (let tap = 0; tap < taps; tap++) {
      const normalised = sum === 0 ? exact[tap]! : exact[tap]! / sum
      weight[out * stride + tap] = Math.trunc(normalised * (1 << PRECISION_BITS) + (normalised < 0 ? -0.5 : 0.5))
    }
    first[out] = start
    count[out] = taps
  }
  return { first, count, weight, stride }
}

function resampleRows(
  image: RawImage,
  box: Box,
  { first, count, weight, stride }: AxisWeights,
  result: RawImage,
  fromRow: number,
  toRow: number,
): void {
  const source = image.data
  const target = clamped(result)
  const width = result.width
  for (let row = fromRow; row < toRow; row++) {
    const line = ((row + box.top) * image.width + box.left) * 3
    let to = row * width * 3
    for (let column = 0; column < width; column++, to += 3) {
      let from = line + first[column]! * 3
      let tap = column * stride
      const end = tap + count[column]!
      let red = HALF
      let green = HALF
      let blue = HALF
      for (; tap < end; tap++, from += 3) {
        const w = weight[tap]!
        red = (red + imul(w, source[from]!)) | 0
        green = (green + imul(w, source[from + 1]!)) | 0
        blue = (blue + imul(w, source[from + 2]!)) | 0
      }
      target[to] = red >> PRECISION_BITS
      target[to + 1] = green >> PRECISION_BITS
      target[to + 2] = blue >> PRECISION_BITS
    }
  }
}

function resampleColumns(
  image: RawImage,
  box: Box,
  { first, count, weight, stride }: AxisWeights,
  result: RawImage,
  sums: Int32Array,
  fromRow: number,
  toRow: number,
): void {
  const length = result.width * 3
  const target = clamped(result)
  const lineOf = (row: number): number => ((Math.min(row, box.height - 1) + box.top) * image.width + box.left) * 3
  for (let row = fromRow; row < toRow; row++) {
    sums.fill(HALF)
    const end = count[row]!
    // Four lines at a time, so that the sums stay in registers; places past `end` hold a weight of 0.
    for (let tap = 0; tap < end; tap += 4) {
      const from = first[row]! + tap
      const lines = [lineOf(from), lineOf(from + 1), lineOf(from + 2), lineOf(from + 3)] as const
      addFourLines(sums, image.data, lines, weight, row * stride + tap)
    }
    writeLine(sums, target, row * length)
  }
}

function addFourLines(
  sums: Int32Array,
  source: Uint8Array,
  lines: readonly [number, number, number, number],
  weight: Int32Array,
  place: number,
): void {
  const [first, second, third, fourth] = lines
  const a = weight[place]!
  const b = weight[place + 1]!
  const c = weight[place + 2]!
  const d = weight[place + 3]!
  for (let i = 0; i < sums.length; i++) {
    const sum =
      imul(a, source[first + i]!) +
      imul(b, source[second + i]!) +
      imul(c, source[third + i]!) +
      imul(d, source[fourth + i]!)
    sums[i] = (sums[i]! + sum) | 0
  }
}

function writeLine(sums: Int32Array, target: Uint8ClampedArray, to: number): void {
  for (let i = 0; i < sums.length; i++) target[to + i] = sums[i]! >> PRECISION_BITS
}

/** The same bytes as an array that clamps what is stored to 0..255. */
function clamped({ data }: RawImage): Uint8ClampedArray {
  return new Uint8ClampedArray(data.buffer, data.byteOffset, data.length)
}

function cutBox(image: RawImage, box: Box): RawImage {
  const result = emptyImage(box.width, box.height)
  for (let row = 0; row < box.height; row++) {
    const from = ((row + box.top) * image.width + box.left) * 3
    result.data.set(image.data.subarray(from, from + box.width * 3), row * box.width * 3)
  }
  return result
}

function checkSizes(image: RawImage, width: number, height: number, box: Box): void {
  const positive = (value: number): boolean => Number.isInteger(value) && value > 0
  if (!positive(width) || !positive(height))
    throw new SemplesError('SEMPLES_ARGUMENT_INVALID', {
      message: 'A picture cannot be resized to this size.',
      value: { width, height },
      expected: 'positive whole numbers of pixels',
    })
  const inside =
    positive(box.width) &&
    positive(box.height) &&
    Number.isInteger(box.left) &&
    Number.isInteger(box.top) &&
    box.left >= 0 &&
    box.top >= 0 &&
    box.left + box.width <= image.width &&
    box.top + box.height <= image.height
  if (!inside)
    throw new SemplesError('SEMPLES_ARGUMENT_INVALID', {
      message: 'The rectangle to cut is not inside the picture.',
      value: box,
      expected: `whole pixels inside ${image.width} x ${image.height}`,
    })
}
