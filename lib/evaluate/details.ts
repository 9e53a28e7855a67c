import { runInSlices } from '../base/cooperative.js'
import { type Interval, intervalOf, type Resampled, resample } from './bootstrap.js'
import { type Comparison, comparisonOf } from './comparison.js'
import type { Details, NamedClass } from './detailOptions.js'
import type { MaskCounts } from './maskCounts.js'
import { type ClassFalsePositives, type ConfusionPair, confusionPairs } from './mistakes.js'
import { type ClassIous, iouOfPictures } from './pictureIou.js'

/** IoU of boundaries: intersections and unions are added over the pictures, and their quotients are averaged over the classes. */
export interface BoundaryScores {
  /** Distance from the contour within which a pixel counts, as a share of the diagonal. */
  share: number
  /** Mean over the classes that occur, background included, 0 to 1. */
  miou: number
  /** In the order of the scores; `iou` is NaN for a class that does not occur. */
  perClass: (NamedClass & { iou: number })[]
}

export interface Mistakes {
  /** Most pixels first; the background counts as a class. */
  pairs: ConfusionPair[]
  /** Share of a picture from which on a class in its mask counted as found. */
  minArea: number
  /** Every class but the background. */
  falsePositives: ClassFalsePositives[]
}

/** 95 % intervals of the means and of each class. A class that a draw does not have is left out of it. */
export interface ScoreIntervals {
  miou: Interval
  perClass: (NamedClass & Interval)[]
}

export interface BootstrapIntervals extends ScoreIntervals {
  draws: number
  seed: number
  /** With `boundary`. */
  boundary?: ScoreIntervals
}

/** What was asked for beyond the scores, each where its option was given. */
export interface EvaluationDetails {
  boundary?: BoundaryScores
  confusions?: Mistakes
  bootstrap?: BootstrapIntervals
  against?: Comparison
}

/** What options ask for of the counts of a folder, and of another that it is compared with. */
export async function evaluationDetails(
  counts: MaskCounts,
  other: MaskCounts | undefined,
  details: Details & { onlyIn: Pick<Comparison, 'onlyInMasks' | 'onlyInAgainst'>; signal?: AbortSignal },
): Promise<EvaluationDetails> {
  const { names } = counts
  const { boundary: share, confusions, minArea, bootstrap, seed, against, onlyIn, signal } = details
  const { ious, boundaries } = counts.ofPictures()
  const found: EvaluationDetails = {}
  if (boundaries !== undefined)
    found.boundary = { share: share!, ...named(iouOfPictures(boundaries, names.length), names) }
  if (confusions !== undefined)
    found.confusions = {
      pairs: confusionPairs(counts.confusion(), names, confusions),
      minArea,
      falsePositives: counts.falsePositives!.list(),
    }
  const others = other?.ofPictures()
  const kinds = [ious, boundaries, others?.ious, others?.boundaries].filter((kind) => kind !== undefined)
  const draws = bootstrap ?? (other === undefined ? undefined : 1000)
  if (draws === undefined) return found
  const drawn = await runInSlices(resample(kinds, { classes: names.length, draws, seed }), { signal })
  const own = drawn.slice(0, boundaries === undefined ? 1 : 2)
  const [ofOwn, ofBoundary] = own.map((each) => intervals(each, names))
  if (bootstrap !== undefined) found.bootstrap = { draws, seed, ...ofOwn!, ...(ofBoundary && { boundary: ofBoundary }) }
  if (others !== undefined)
    found.against = {
      folder: against!,
      draws,
      seed,
      ...onlyIn,
      ...comparisonOf(kinds, drawn, names),
    }
  return found
}

function named({ miou, ious }: ClassIous, names: readonly NamedClass[]) {
  return { miou, perClass: names.map((name, index) => ({ ...name, iou: ious[index]! })) }
}

function intervals({ mious, ious }: Resampled, names: readonly NamedClass[]): ScoreIntervals {
  return {
    miou: intervalOf(mious),
    perClass: names.map((name, index) => ({ ...name, ...intervalOf(ious[index]!) })),
  }
}
