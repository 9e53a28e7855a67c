import { SemplesError } from '../config/error.js'
import type { LabelMap } from './labelMap.js'

export interface CamsToMask {
  /** Maps of the classes present, `[classes, height, width]`, row-major, usually min-max normalised to 0..1. */
  cams: Float32Array
  /** Pixel value (1..254) of each map, in map order. */
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
 * @throws SemplesError `SEMPLES_CAM_SHAPE` when sizes do not agree, `SEMPLES_CAM_NOT_FINITE` for NaN or infinity
 */
export function maskFromCams({ cams, classIds, height, width, threshold }: CamsToMask): LabelMap {
  const pixels = height * width
  checkSizes(cams, classIds, height, width)
  const background = Math.fround(threshold)
  if (!Number.isFinite(background)) throw notFinite('threshold', threshold)
  const data = new Uint8Array(pixels)
  const scores = new Float32Array(classIds.length + 1)
  scores[0] = background
  for (let pixel = 0; pixel < pixels; pixel++) {
    let highest = background
    let winner = 0
    let near = false
    for (let map = 0; map < classIds.length; map++) {
      const score = cams[map * pixels + pixel]!
      if (!Number.isFinite(score)) throw notFinite(`cams[${map * pixels + pixel}]`, score)
      scores[map + 1] = score
      if (Math.abs(score - highest) < TIE_RANGE) near = true
      if (score > highest) {
        highest = score
        winner = map + 1
      }
    }
    if (near) winner = firstHighestAfterSoftmax(scores, highest)
    data[pixel] = winner === 0 ? 0 : classIds[winner - 1]!
  }
  return { width, height, data }
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
    throw new SemplesError('SEMPLES_CAM_SHAPE', {
      message: `${classIds.length} maps of ${height}x${width} need ${expected} values.`,
      field: 'cams.length',
      value: cams.length,
    })
  }
  const wrong = classIds.find((id) => !(Number.isInteger(id) && id >= 1 && id <= 254))
  if (wrong !== undefined) {
    throw new SemplesError('SEMPLES_CAM_SHAPE', {
      message: 'A class id is not a pixel value.',
      field: 'classIds',
      value: wrong,
      expected: 'an integer in 1..254 (0 is background, 255 is void)',
    })
  }
}

function notFinite(field: string, value: number): SemplesError {
  return new SemplesError('SEMPLES_CAM_NOT_FINITE', {
    message: 'A score is not a finite number.',
    field,
    value,
    hint: 'The maps are damaged, or the training that made them diverged.',
  })
}
