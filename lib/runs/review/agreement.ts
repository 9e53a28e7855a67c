import type { LabelMap } from '../../masks/labelMap.js'

/** Pixels between two chances for others to run. */
const BLOCK = 65_536

/**
 * Intersection over union of each class in two masks of one picture, in the order of `classIds`. A class that neither mask has
 * counts 0: the picture is labelled with it, so both miss it.
 */
export function* agreementSteps(
  one: LabelMap,
  other: LabelMap,
  classIds: readonly number[],
): Generator<undefined, number[]> {
  const sums = new Float64Array(256)
  const both = new Float64Array(256)
  for (let pixel = 0; pixel < one.data.length; pixel++) {
    const first = one.data[pixel]!
    const second = other.data[pixel]!
    sums[first]! += 1
    sums[second]! += 1
    if (first === second) both[first]! += 1
    if (pixel % BLOCK === BLOCK - 1) yield
  }
  return classIds.map((id) => (sums[id] === 0 ? 0 : both[id]! / (sums[id]! - both[id]!)))
}
