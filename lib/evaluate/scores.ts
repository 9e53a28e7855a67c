import type { Confusion } from './confusion.js'

export interface ClassScores {
  /** Pixel value of the class; 0 is background. */
  id: number
  /** TP / (T + P - TP). NaN for a class that is neither in the ground truth nor predicted. */
  iou: number
  /** TP / P. NaN for a class that is never predicted. */
  precision: number
  /** TP / T. NaN for a class that the ground truth does not have. */
  recall: number
}

/** Scores of a confusion matrix, fractions from 0 to 1. Means leave out classes whose score is NaN. */
export interface Scores {
  /** Mean IoU over the classes, background included. */
  miou: number
  /** In the order of the confusion matrix. */
  perClass: ClassScores[]
  /** Mean of (P - TP) / (T + P - TP): over-segmentation. */
  falsePositive: number
  /** Mean of (T - TP) / (T + P - TP): under-segmentation. */
  falseNegative: number
  precision: number
  recall: number
}

/** IoU, precision and recall per class and their means; T = ground-truth pixels, P = predicted ones, TP = both. */
export function scores({ ids, counts, unassigned }: Confusion): Scores {
  const size = ids.length
  const falsePositive: number[] = []
  const falseNegative: number[] = []
  const perClass = ids.map((id, index): ClassScores => {
    let truth = unassigned[index]!
    let predicted = 0
    for (let other = 0; other < size; other++) {
      truth += counts[index * size + other]!
      predicted += counts[other * size + index]!
    }
    const both = counts[index * size + index]!
    const union = truth + predicted - both
    falsePositive.push((predicted - both) / union)
    falseNegative.push((truth - both) / union)
    return { id, iou: both / union, precision: both / predicted, recall: both / truth }
  })
  return {
    miou: meanOfNumbers(perClass.map(({ iou }) => iou)),
    perClass,
    falsePositive: meanOfNumbers(falsePositive),
    falseNegative: meanOfNumbers(falseNegative),
    precision: meanOfNumbers(perClass.map(({ precision }) => precision)),
    recall: meanOfNumbers(perClass.map(({ recall }) => recall)),
  }
}

/** Mean without NaN entries; NaN where nothing is left. */
export function meanOfNumbers(values: readonly number[]): number {
  const numbers = values.filter((value) => !Number.isNaN(value))
  return numbers.reduce((sum, value) => sum + value, 0) / numbers.length
}
