import { SemplesError } from '../../base/error.js'
import { type LabelMap, VOID_ID } from '../../masks/labelMap.js'
import { type CamsToMask, maskSteps } from '../../masks/threshold.js'

/** Scores of the classes of one picture, as `maskFromCams` takes them. */
export type ClassScores = Omit<CamsToMask, 'threshold'>

/** Class ids of the highest of the background's threshold and the maps, as in masks made of the same maps, in steps. */
export function* labelSteps(maps: ClassScores, threshold: number, file: string): Generator<undefined, LabelMap> {
  try {
    return yield* maskSteps({ ...maps, threshold })
  } catch (cause) {
    if (!(cause instanceof SemplesError)) throw cause
    throw new SemplesError(cause.code, {
      message: `${file} holds a score that is not a finite number.`,
      file,
      hint: 'The maps are damaged, or the training that made them diverged: make them again.',
      cause,
    })
  }
}

/** Pixels at a time. */
const BLOCK = 4096

/**
 * How sure each pixel is, in steps: (highest - second) / highest, rounded to 0..255, where the scores are the background's and
 * those of the classes. The background has the threshold, or its map where that is higher. Scores below 0 count as 0, and
 * where all are 0 nothing is sure.
 */
export function* confidenceSteps(
  { cams, classIds, width, height }: ClassScores,
  threshold: number,
): Generator<undefined, Uint8Array> {
  const pixels = width * height
  const confidence = new Uint8Array(pixels)
  const own = classIds.indexOf(0)
  const maps = [...classIds.keys()].filter((map) => map !== own)
  for (let start = 0; start < pixels; start += BLOCK) {
    const end = Math.min(pixels, start + BLOCK)
    for (let pixel = start; pixel < end; pixel++) {
      let highest = Math.max(0, threshold, own < 0 ? 0 : cams[own * pixels + pixel]!)
      let second = 0
      for (const map of maps) {
        const score = cams[map * pixels + pixel]!
        if (score > highest) {
          second = highest
          highest = score
        } else if (score > second) second = score
      }
      confidence[pixel] = highest > 0 ? Math.round((255 * (highest - second)) / highest) : 0
    }
    yield
  }
  return confidence
}

/** Labels with 255 where the confidence, as a share, is below a limit. */
export function withoutUnsure(labels: Uint8Array, confidence: Uint8Array, ignoreBelow: number): Uint8Array {
  if (ignoreBelow === 0) return labels
  return labels.map((label, i) => (confidence[i]! < 255 * ignoreBelow ? VOID_ID : label))
}
