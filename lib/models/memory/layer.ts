/** Bytes of a float32. */
export const FLOAT = 4

/** What a part of a network takes, in bytes. */
export interface Layer {
  /** Its parameters. */
  weights: number
  /** What stays when it is done without gradients: its output and what a later part reads. */
  output: number
  /** What lives beside its input while it is computed without gradients, its output included. */
  working: number
  /** What stays for the backward pass, its output included. */
  kept: number
  /** What lives beside that while gradients pass through it. */
  passing: number
  /** What it makes of its weights first (convolutions with batch norm folded in), kept for the backward pass. */
  derived?: number
}

/** The most that layers take without gradients, one after the other, each output gone when the next is there. */
export function forwardPeak(layers: readonly Layer[], input: number): number {
  let peak = input
  let before = input
  for (const { output, working } of layers) {
    peak = Math.max(peak, before + working)
    before = output
  }
  return peak
}

/**
 * The most that layers take from the first to the end of the backward pass: what is kept of the layers that gradients
 * have not reached yet, the gradients of the weights that they have, and what passes through the one at work.
 * @param parts a batch computed in parts: gradients of the parts before are all there
 */
export function trainingPeak(layers: readonly Layer[], parts = 1): number {
  const before = parts > 1 ? sum(layers.map(({ weights }) => weights)) : 0
  let kept = before
  let peak = 0
  for (const layer of layers) {
    kept += layer.kept + (layer.derived ?? 0)
    peak = Math.max(peak, kept + layer.working)
  }
  let gradients = 0
  for (const layer of [...layers].reverse()) {
    gradients = layer.weights + (parts > 1 ? 0 : gradients)
    peak = Math.max(peak, kept + gradients + layer.passing)
    kept -= layer.kept + (layer.derived ?? 0)
  }
  return peak
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
