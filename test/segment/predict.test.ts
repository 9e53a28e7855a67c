import { expect, test } from '@jest/globals'
import type { TensorData } from '../../lib/base/tensor.js'
import { Random } from '../../lib/loader/random.js'
import type { Segmenter, SegmenterConfig } from '../../lib/models/segmenter.js'
import { rejection } from '../config/refusal.js'
import { expectClose } from '../support/close.js'
import { needs } from '../support/needs.js'
import { randomSegmenter } from './reference.js'

const model = {
  kind: 'vit-mask',
  classes: 3,
  imageSize: 32,
  patchSize: 8,
  width: 16,
  depth: 1,
  heads: 2,
} satisfies SegmenterConfig
const MEAN = [0.485, 0.456, 0.406]
const DEVIATION = [0.229, 0.224, 0.225]

interface Picture {
  data: Uint8Array
  height: number
  width: number
}

function picture(height: number, width: number): Picture {
  const draws = new Random(5, 'picture', height, width)
  return { data: Uint8Array.from({ length: height * width * 3 }, () => draws.integer(0, 255)), height, width }
}

/** Values [channels][height * width]. */
type Planes = Float64Array[]

/** Value of channel c at (y, x) of a picture, mirrored or not, normalised. */
function pixel({ data, width }: Picture, mirrored: boolean, channel: number, y: number, x: number): number {
  const value = data[(y * width + (mirrored ? width - 1 - x : x)) * 3 + channel]! / 255
  return (value - MEAN[channel]!) / DEVIATION[channel]!
}

/** Begins of windows by the rule in words: every stride, and one that ends with the side. */
function begins(length: number, window: number, stride: number): number[] {
  if (length <= window) return [0]
  const all = new Set<number>()
  for (let at = 0; at + window <= length; at += stride) all.add(at)
  all.add(length - window)
  return [...all]
}

/** One window after the other, each by itself: sums and coverage pixel by pixel. */
async function merged(
  segmenter: Segmenter,
  source: Picture,
  mirrored: boolean,
  rules: { window: number; stride: number; output: number },
): Promise<Planes> {
  const { height, width } = source
  const { window, stride, output } = rules
  const rows = Math.min(window, height)
  const columns = Math.min(window, width)
  const sums = Array.from({ length: model.classes }, () => new Float64Array(height * width))
  const coverage = new Float64Array(height * width)
  for (const top of begins(height, window, stride))
    for (const left of begins(width, window, stride)) {
      const data = new Float32Array(3 * rows * columns)
      for (let c = 0; c < 3; c++)
        for (let y = 0; y < rows; y++)
          for (let x = 0; x < columns; x++)
            data[(c * rows + y) * columns + x] = pixel(source, mirrored, c, top + y, left + x)
      const images: TensorData = { dtype: 'float32', shape: [1, 3, rows, columns], data }
      const logits = (await segmenter.respond({ images }, { everyOutput: true }))[`logits.${output}`]!.data
      for (let y = 0; y < rows; y++)
        for (let x = 0; x < columns; x++) {
          const at = (top + y) * width + left + x
          coverage[at]! += 1
          for (let c = 0; c < model.classes; c++) sums[c]![at]! += Number(logits[(c * rows + y) * columns + x])
        }
    }
  expect(coverage.every((count) => count > 0)).toBe(true)
  return sums.map((plane) => plane.map((value, at) => value / coverage[at]!))
}

/** Bilinear, pixel centres at halves, clamped at the borders. */
function resized(plane: Float64Array, from: { height: number; width: number }, height: number, width: number) {
  const place = (at: number, size: number, toSize: number): [number, number, number] => {
    const centre = Math.max(0, ((at + 0.5) * size) / toSize - 0.5)
    const low = Math.min(size - 1, Math.floor(centre))
    return [low, Math.min(size - 1, low + 1), centre - low]
  }
  return Float64Array.from({ length: height * width }, (_, at) => {
    const [top, bottom, down] = place(Math.floor(at / width), from.height, height)
    const [left, right, across] = place(at % width, from.width, width)
    const row = (y: number) => plane[y * from.width + left]! * (1 - across) + plane[y * from.width + right]! * across
    return row(top) * (1 - down) + row(bottom) * down
  })
}

async function bruteForce(
  segmenter: Segmenter,
  scales: readonly Picture[],
  size: { height: number; width: number },
  rules: { window: number; stride: number; flip: boolean; weights: readonly number[] },
): Promise<Planes> {
  const { height, width } = size
  const total = Array.from({ length: model.classes }, () => new Float64Array(height * width))
  const mirrors = rules.flip ? [false, true] : [false]
  for (const scale of scales)
    for (const mirrored of mirrors)
      for (const [output, weight] of rules.weights.entries()) {
        const planes = await merged(segmenter, scale, mirrored, { ...rules, output })
        const full = planes.map((plane) => resized(plane, scale, height, width))
        for (let at = 0; at < height * width; at++) {
          const y = Math.floor(at / width)
          const source = mirrored ? y * width + (width - 1 - (at % width)) : at
          const powers = full.map((plane) => Math.exp(plane[source]!))
          const sum = powers.reduce((one, other) => one + other)
          for (let c = 0; c < model.classes; c++)
            total[c]![at]! += (weight * powers[c]!) / sum / (scales.length * mirrors.length)
        }
      }
  return total
}

needs('build').describe('masks by sliding windows', () => {
  test.each([
    ['one scale, windows that overlap', [[41, 56]], { window: 24, stride: 16, flip: false }, [0, 1]],
    ['windows that just fit', [[48, 40]], { window: 24, stride: 24, flip: false }, [0, 1]],
    ['a picture smaller than a window', [[20, 30]], { window: 32, stride: 20, flip: true }, [0, 1]],
    [
      'several scales, mirrored',
      [
        [40, 48],
        [25, 30],
        [56, 67],
      ],
      { window: 32, stride: 20, flip: true },
      [0, 1],
    ],
    ['two outputs of the decoder', [[40, 48]], { window: 32, stride: 20, flip: true }, [0.8, 1]],
    ['bands of one row', [[41, 56]], { window: 24, stride: 16, flip: true, bandRows: 1 }, [0, 1]],
    [
      'bands that do not divide the height, of a scale smaller and one larger than the mask',
      [
        [23, 29],
        [101, 83],
      ],
      { window: 33, stride: 21, flip: true, bandRows: 5 },
      [0.5, 1],
    ],
    [
      'a picture smaller than a window, in bands',
      [[9, 13]],
      { window: 32, stride: 20, flip: true, bandRows: 7 },
      [0, 1],
    ],
  ] as const)('%s: as window after window', async (_, sizes, rules, weights) => {
    const { segmenter } = await randomSegmenter(model)
    using own = segmenter
    const scales = sizes.map(([height, width]) => picture(height, width))
    const size = { height: 37, width: 45 }
    const found = await own.predict({
      ...size,
      ...rules,
      scales,
      atOnce: 3,
      earlier: weights[0],
      probabilities: true,
    })
    const expected = await bruteForce(own, scales, size, { ...rules, weights })
    const flat = Float64Array.from(expected.flatMap((plane) => [...plane]))
    expectClose(found.probabilities!, flat, { relMax: 1e-4 })
    const count = size.height * size.width
    const labels = found.labels!.data as Uint8Array
    const confidence = found.confidence!.data as Float32Array
    for (let at = 0; at < count; at++) {
      const own = expected.map((plane) => plane[at]!)
      const most = Math.max(...own)
      expect(Math.abs(confidence[at]! - most)).toBeLessThan(1e-4)
      expect(most - own[labels[at]!]!).toBeLessThan(1e-4)
    }
  })

  test('bands change nothing', async () => {
    const { segmenter } = await randomSegmenter(model)
    using own = segmenter
    const request = { scales: [picture(61, 47), picture(90, 70)], window: 32, stride: 20, probabilities: true }
    const whole = await own.predict({ ...request, bandRows: 1000 })
    for (const bandRows of [1, 8, 60]) {
      const found = await own.predict({ ...request, bandRows })
      expectClose(found.probabilities!, whole.probabilities!.data as Float32Array, { relMax: 1e-6 })
    }
  })

  test('several pictures at once, of one size or not: as each by itself', async () => {
    const { segmenter } = await randomSegmenter(model)
    using own = segmenter
    const pictures = [
      { scales: [picture(40, 48), picture(20, 24)] },
      { scales: [picture(41, 48)], height: 30, width: 31 },
      { scales: [picture(40, 50), picture(20, 25)] },
    ]
    const rules = { window: 32, stride: 20, atOnce: 5, probabilities: true }
    const together = await own.predictAll({ pictures, ...rules })
    expect(together.length).toBe(3)
    for (const [i, each] of pictures.entries()) {
      const alone = await own.predict({ ...each, ...rules })
      expect(together[i]!.labels!.shape).toEqual(alone.labels!.shape)
      expectClose(together[i]!.probabilities!, alone.probabilities!.data as Float32Array, { relMax: 1e-5 })
    }
    expect(await rejection(own.predictAll({ pictures: [] }))).toMatchObject({ field: 'pictures' })
    const wrong = { pictures: [pictures[0]!, { scales: [{ ...picture(8, 8), width: 9 }] }] }
    expect(await rejection(own.predictAll(wrong))).toMatchObject({ field: 'pictures.1.scales.0.data' })
  })

  test('ends when it is aborted, with the reason; those after it go on', async () => {
    const { segmenter } = await randomSegmenter(model)
    using own = segmenter
    // So much that it would take minutes.
    const long = { scales: [picture(640, 640)], window: 16, stride: 1 }
    const stop = new AbortController()
    const first = own.predict(long, { signal: stop.signal })
    const waiting = own.predict(long, { signal: stop.signal })
    const after = own.predict({ scales: [picture(32, 32)] })
    stop.abort(new Error('enough'))
    await expect(first).rejects.toThrow('enough')
    await expect(waiting).rejects.toThrow('enough')
    expect((await after).labels!.shape).toEqual([32, 32])
    await expect(own.predict(long, { signal: stop.signal })).rejects.toThrow('enough')
  })

  test('a weight for an output that there is none of is refused', async () => {
    const { segmenter } = await randomSegmenter({ ...model, decoderDepth: 1 })
    using own = segmenter
    expect(await rejection(own.predict({ scales: [picture(32, 32)], earlier: 0.8 }))).toMatchObject({
      code: 'SEMPLES_CONFIG_INVALID',
      field: 'earlier',
    })
  })
})
