import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { iouOfPictures, type PictureIou } from './pictureIou.js'

/** 95 % interval: between the 2.5th and the 97.5th percentile of the draws. NaN where there is none. */
export interface Interval {
  low: number
  high: number
}

export interface ResamplingOptions {
  /** Number of classes. */
  classes: number
  draws: number
  /** An integer of 32 bits. */
  seed: number
}

/** One kind of count, by draw. */
export interface Resampled {
  mious: Float64Array
  /** By index of the class; NaN in draws without the class. */
  ious: Float64Array[]
}

/**
 * Draws as many pictures as there are, with replacement, again and again, and gives the IoU of each draw.
 *
 * @param counts several counts of the same pictures in the same order: all get the same draws, so that their differences are paired
 */
export function* resample(
  counts: readonly (readonly PictureIou[])[],
  { classes, draws, seed }: ResamplingOptions,
): Generator<undefined, Resampled[]> {
  const random = xoroshiro128plus(seed)
  const pictures = counts[0]?.length ?? 0
  const found = counts.map(() => ({
    mious: new Float64Array(draws),
    ious: Array.from({ length: classes }, () => new Float64Array(draws)),
  }))
  const weights = new Uint32Array(pictures)
  for (let draw = 0; draw < draws; draw++) {
    weights.fill(0)
    for (let i = 0; i < pictures; i++) weights[uniformInt(random, 0, pictures - 1)]! += 1
    for (const [kind, { mious, ious }] of found.entries()) {
      const drawn = iouOfPictures(counts[kind]!, classes, weights)
      mious[draw] = drawn.miou
      for (let index = 0; index < classes; index++) ious[index]![draw] = drawn.ious[index]!
    }
    yield
  }
  return found
}

/** The 95 % percentile interval of the numbers among `values`, interpolated between the nearest two as NumPy does. */
export function intervalOf(values: Float64Array): Interval {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort()
  return { low: percentile(sorted, 0.025), high: percentile(sorted, 0.975) }
}

/** Of ascending numbers. */
function percentile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1)
  const below = Math.floor(place)
  const low = sorted[below]
  if (low === undefined) return Number.NaN
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!
  return low + (place - below) * (high - low)
}
