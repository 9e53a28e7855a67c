import { SemplesError } from '../base/error.js'
import type { LabelMap } from './labelMap.js'

export interface CamsToMask {
  /** Maps of the classes present, `[classes, height, width]`, row-major, usually min-max normalised to 0..1. */
  cams: Float32Array
  /** Pixel value (1..254; 0 for a map of the background) of each map, in map order. */
  classIds: readonly number[]
  height: number
  width: number
  /** Score of the background, in the units of the maps. */
  threshold: number
}

/**
 * Differences above this survive a float32 softmax, so only closer ones need it. (A score that trails the highest
 * by d keeps a relative distance of about d; float32 rounding is below 1.8e-7 in all.)
 */
const TIE_RANGE = 1e-6

/**
 * Label map of class activation maps: the background's constant score comes first in the stack, the maps follow,
 * a softmax over the stack is taken in float32, and each pixel gets the first highest entry.
 * Ties, also those that float32 rounding makes of nearly equal scores, go to the background, then to the earlier map.
 *
 * @throws SemplesError `SEMPLES_CAM_INVALID` when sizes do not agree, `SEMPLES_CAM_INVALID` for NaN or infinity
 */
export function maskFromCams(input: CamsToMask): LabelMap {
  const steps = maskSteps(input)
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
  }
}

/** Pixels at a time: their scores stay in the processor's cache while one map after another is looked at. */
const BLOCK = 4096

/** The work of `maskFromCams`, interrupted after every few thousand pixels. */
export function* maskSteps(input: CamsToMask): Generator<undefined, LabelMap> {
  const { cams, classIds, height, width, threshold } = input
  checkSizes(cams, classIds, height, width)
  if (!Number.isFinite(Math.fround(threshold))) throw notFinite('threshold', threshold)
  const data = new Uint8Array(height * width)
  for (let start = 0; start < data.length; start += BLOCK) {
    fillBlock(data.subarray(start, start + BLOCK), input, start)
    yield
  }
  return { width, height, data }
}

/** The ids of the pixels from `start` on. */
function fillBlock(ids: Uint8Array, { cams, classIds, height, width, threshold }: CamsToMask, start: number): void {
  const pixels = height * width
  const background = Math.fround(threshold)
  const highest = new Float32Array(ids.length).fill(background)
  const near = new Uint8Array(ids.length)
  for (let map = 0; map < classIds.length; map++) {
    const from = map * pixels + start
    const scores = cams.subarray(from, from + ids.length)
    const id = classIds[map]!
    for (let pixel = 0; pixel < scores.length; pixel++) {
      const score = scores[pixel]!
      // Only NaN and the infinities leave something of themselves.
      if (score - score !== 0) throw notFinite(`cams[${from + pixel}]`, score)
      const lead = score - highest[pixel]!
      if (lead < TIE_RANGE && lead > -TIE_RANGE) near[pixel] = 1
      if (lead > 0) {
        highest[pixel] = score
        ids[pixel] = id
      }
    }
  }
  for (let pixel = near.indexOf(1); pixel >= 0; pixel = near.indexOf(1, pixel + 1)) {
    const scores = Float32Array.of(background, ...classIds.map((_, map) => cams[map * pixels + start + pixel]!))
    const winner = firstHighestAfterSoftmax(scores, highest[pixel]!)
    ids[pixel] = winner === 0 ? 0 : classIds[winner - 1]!
  }
}

/** Softmax with every operation rounded to float32, then the first maximum. */
function firstHighestAfterSoftmax(scores: Float32Array, highest: number): number {
  const exponentials = scores.map((score) => Math.exp(Math.fround(score - highest)))
  let sum = 0
  for (const value of exponentials) sum = Math.fround(sum + value)
  let winner = 0
  let best = -1
  exponentials.forEach((value, i) => {
    const probability = Math.fround(value / sum)
    if (probability > best) {
      best = probability
      winner = i
    }
  })
  return winner
}

function checkSizes(cams: Float32Array, classIds: readonly number[], height: number, width: number): void {
  const expected = classIds.length * height * width
  if (!(height > 0 && width > 0) || cams.length !== expected) {
    throw new SemplesError('SEMPLES_CAM_INVALID', {
      message: `${classIds.length} maps of ${height}x${width} need ${expected} values.`,
      field: 'cams.length',
      value: cams.length,
    })
  }
  const wrong = classIds.find((id) => !(Number.isInteger(id) && id >= 0 && id <= 254))
  if (wrong !== undefined) {
    throw new SemplesError('SEMPLES_CAM_INVALID', {
      message: 'A class id is not a pixel value.',
      field: 'classIds',
      value: wrong,
      expected: 'an integer in 0..254 (0 is background, 255 is void)',
    })
  }
}

function notFinite(field: string, value: number): SemplesError {
  return new SemplesError('SEMPLES_CAM_INVALID', {
    message: 'A score is not a finite number.',
    field,
    value,
    hint: 'The maps are damaged, or the training that made them diverged.',
  })
}
