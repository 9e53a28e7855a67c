import type { WeightsReport } from '../weightsReport.js'

/** What a file of weights is to a mask generator, told without a config. */
export interface GeneratorWeightsDescription {
  /** What the file is, for people: `a vision transformer with the names of DeiT (timm)`. */
  what: string
  /** Sizes that the shapes tell: `width`, `depth`, `patchSize`, `grid` (patches a side), `heads`, `classes` of the head. */
  sizes: Record<string, number>
  /** Fields of a config that make a generator of these sizes: `{ generator: { patchSize: 14 } }`. */
  config?: Record<string, unknown>
  /** What would become of each tensor in such a generator, before the stage `classify`. */
  report?: WeightsReport
  /** Why no generator takes it. */
  refused?: { message: string; hint: string }
}

/**
 * Tells what a file of weights is from the names and shapes of its tensors.
 * @param tensors as `readWeights` gives them, by name; `dtype` is not looked at where it is a type that weights have
 * @returns undefined where nothing in the file is known
 */
export function describeGeneratorWeights(
  _tensors: ReadonlyMap<string, { shape: number[]; dtype: string }>,
): GeneratorWeightsDescription | undefined {
  return undefined
}
