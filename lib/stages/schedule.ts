/**
 * Learning rate of an epoch under a cosine schedule that is advanced after each epoch with that epoch's own index:
 * epochs 0 and 1 share the base rate, epoch e ≥ 1 has `base / 2 * (1 + cos(π (e - 1) / epochs))`, and the last one is
 * not yet at zero.
 *
 * @param base effective learning rate (already scaled by batch size)
 * @param epoch zero-based
 * @param epochs length of the schedule, > 0
 */
export function cosineByEpoch(base: number, epoch: number, epochs: number): number {
  const finished = Math.max(0, epoch - 1)
  return (base / 2) * (1 + Math.cos((Math.PI * finished) / epochs))
}
