import { runInSlices } from '../../base/cooperative.js'
import type { LabelMap } from '../../masks/labelMap.js'
import { agreementSteps } from './agreement.js'
import type { MaskReview } from './types.js'
import type { ViewMasks } from './views.js'

export interface ReviewedMask {
  /** Path of the picture inside its folder. */
  picture: string
  /** Names of the labels of the picture, the pixel value of each, and the score that the generator gives it, 0 to 1. */
  labels: readonly string[]
  classIds: readonly number[]
  labelScores: readonly number[]
  /** The mask as it is written. */
  mask: LabelMap
  /** The mask before refinement, where there is any. */
  unrefined: LabelMap | undefined
  /** Undefined for a picture without a label. */
  views: ViewMasks | undefined
}

/** The parts of a score, in the order of the table. */
const PARTS = ['scales', 'mirror', 'refined'] as const

/** Compares the masks of a picture, class by class. */
export async function reviewMask(reviewed: ReviewedMask): Promise<MaskReview> {
  const { picture, labels, classIds, labelScores, mask, unrefined, views } = reviewed
  const foreground = rounded((await runInSlices(foregroundSteps(mask))) / mask.data.length)
  if (views === undefined || labels.length === 0) return { picture, foreground }
  const agreement = (one: LabelMap, other: LabelMap) => runInSlices(agreementSteps(one, other, classIds))
  const [first, ...others] = views.scales
  const scales: number[][] = []
  for (const other of others) scales.push(await agreement(first!, other))
  // The agreement of each class, part by part.
  const byClass: Partial<Record<(typeof PARTS)[number], number[]>> = {
    ...(others.length === 0 ? {} : { scales: labels.map((_, index) => mean(scales.map((each) => each[index]!))) }),
    mirror: await agreement(first!, views.mirrored),
    ...(unrefined === undefined ? {} : { refined: await agreement(unrefined, mask) }),
  }
  const there = PARTS.filter((part) => byClass[part] !== undefined)
  const parts = there.map((part) => [part, mean(byClass[part]!)] as const)
  const classMeans = labels.map((_, index) => mean(there.map((part) => byClass[part]![index]!)))
  return {
    picture,
    score: rounded(mean(parts.map(([, value]) => value))),
    ...Object.fromEntries(parts.map(([part, value]) => [part, rounded(value)])),
    classScore: rounded(Math.min(...labelScores)),
    foreground,
    worstClass: labels[classMeans.indexOf(Math.min(...classMeans))],
  }
}

/** Pixels between two chances for others to run. */
const BLOCK = 65_536

function* foregroundSteps({ data }: LabelMap): Generator<undefined, number> {
  let pixels = 0
  for (let start = 0; start < data.length; start += BLOCK) {
    for (const id of data.subarray(start, start + BLOCK)) if (id !== 0) pixels++
    yield
  }
  return pixels
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** To four digits: more would be noise, and long to read. */
function rounded(value: number): number {
  return Math.round(1e4 * value) / 1e4
}
