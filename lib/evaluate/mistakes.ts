import type { Confusion } from './confusion.js'
import type { NamedClass } from './detailOptions.js'
import { meanOfNumbers } from './scores.js'

/** Pixels of one class that have another in the masks. */
export interface ConfusionPair {
  /** Class of the ground truth. */
  truth: NamedClass
  /** Class of the masks. */
  predicted: NamedClass
  pixels: number
  /** Of all pixels of the true class, 0 to 1. */
  share: number
}

/** Pictures whose mask has a class that their ground truth lacks. */
export interface ClassFalsePositives extends NamedClass {
  /** Pictures whose ground truth has no pixel of the class. */
  without: number
  /** Those of them whose mask has it. */
  pictures: number
  /** `pictures` of `without`, 0 to 1; NaN where every picture has the class. */
  share: number
  /** Mean share of the pixels, in these pictures, that the mask gives to the class; NaN where there are none. */
  meanArea: number
}

/** The pairs of true and predicted class with most pixels, most first. Void in the masks is no class, and in no pair. */
export function confusionPairs(
  { ids, counts, unassigned }: Confusion,
  names: readonly NamedClass[],
  most: number,
): ConfusionPair[] {
  const size = ids.length
  const rows = ids.map((_, row) => counts.subarray(row * size, (row + 1) * size))
  const pixelsOf = rows.map((row, index) => row.reduce((sum, pixels) => sum + pixels, unassigned[index]!))
  return rows
    .flatMap((row, truth) =>
      Array.from(row, (pixels, predicted) => ({ truth, predicted, pixels, share: pixels / pixelsOf[truth]! })),
    )
    .filter(({ truth, predicted, pixels }) => truth !== predicted && pixels > 0)
    .sort((one, other) => other.pixels - one.pixels)
    .slice(0, most)
    .map((pair) => ({ ...pair, truth: names[pair.truth]!, predicted: names[pair.predicted]! }))
}

/** Counts, for every class but the background, pictures whose mask has it and whose ground truth does not. */
export class FalsePositiveCounter {
  private readonly without: number[]
  /** Shares of the class in the pictures that were counted. */
  private readonly areas: number[][]

  /** @param minArea share of the pixels that are not ignored from which on a mask has a class; one pixel at least */
  constructor(
    private readonly names: readonly NamedClass[],
    private readonly minArea: number,
  ) {
    this.without = names.map(() => 0)
    this.areas = names.map(() => [])
  }

  /** Adds a picture. */
  add({ ids, counts, unassigned }: Confusion): void {
    const size = ids.length
    const truth = Float64Array.from(unassigned)
    const predicted = new Float64Array(size)
    let judged = unassigned.reduce((sum, pixels) => sum + pixels, 0)
    for (let cell = 0; cell < counts.length; cell++) {
      truth[Math.floor(cell / size)]! += counts[cell]!
      predicted[cell % size]! += counts[cell]!
      judged += counts[cell]!
    }
    for (let index = 0; index < size; index++) {
      if (truth[index]! > 0) continue
      this.without[index]!++
      const pixels = predicted[index]!
      if (pixels > 0 && pixels >= this.minArea * judged) this.areas[index]!.push(pixels / judged)
    }
  }

  list(): ClassFalsePositives[] {
    return this.names.flatMap(({ id, label }, index) => {
      if (id === 0) return []
      const without = this.without[index]!
      const areas = this.areas[index]!
      const share = areas.length / without
      return [{ id, label, without, pictures: areas.length, share, meanArea: meanOfNumbers(areas) }]
    })
  }
}
