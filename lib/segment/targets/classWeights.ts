import type { DatasetItem } from '../../datasets/dataset.js'
import { VOID_ID } from '../../masks/labelMap.js'
import type { Size } from './source.js'
import type { Targets } from './targets.js'

export interface FrequencyOptions {
  /** Read at most so many pictures, evenly spread. Default: all; a rare class may be in none of some. */
  most?: number
  /** Sides of a picture, which its target must have. */
  sizeOf?(item: DatasetItem): Promise<Size | undefined>
  /** Called after each. */
  onRead?(read: number, of: number): void
  signal?: AbortSignal
}

/** Smallest and largest weight of a class. */
const [LEAST, MOST] = [0.1, 10]

/**
 * How frequent each label is where it occurs: its pixels divided by all labelled pixels of the pictures that have it; 0 for
 * one that no picture has. Pictures without a target are passed over.
 *
 * @returns a number from 0 to 1 for the background and each class, in their order
 */
export async function classFrequencies(
  targets: Targets,
  items: readonly DatasetItem[],
  { most, sizeOf, onRead, signal }: FrequencyOptions = {},
): Promise<number[]> {
  const there = items.filter((item) => targets.has(item))
  const read = Math.min(most ?? there.length, there.length)
  const own = new Float64Array(targets.classes)
  const all = new Float64Array(targets.classes)
  for (let at = 0; at < read; at++) {
    const item = there[Math.floor((at * there.length) / read)]!
    const { labels } = await targets.read(item, await sizeOf?.(item), signal)
    onRead?.(at + 1, read)
    const counts = new Float64Array(256)
    for (const label of labels) counts[label]! += 1
    const labelled = labels.length - counts[VOID_ID]!
    for (let label = 0; label < targets.classes; label++) {
      own[label]! += counts[label]!
      if (counts[label]! > 0) all[label]! += labelled
    }
  }
  return Array.from(own, (pixels, label) => (pixels === 0 ? 0 : pixels / all[label]!))
}

/**
 * Median frequency balancing (Eigen and Fergus, ICCV 2015, arXiv 1411.4734): the weight of a class is the median of all
 * frequencies divided by its own, limited to 0.1 to 10. Classes that do not occur get 0, and do not count for the median.
 */
export function balancedWeights(frequencies: readonly number[]): number[] {
  const median = medianOf(frequencies.filter((frequency) => frequency > 0))
  return frequencies.map((frequency) => (frequency > 0 ? Math.min(MOST, Math.max(LEAST, median / frequency)) : 0))
}

function medianOf(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((one, other) => one - other)
  const half = sorted.length / 2
  return Number.isInteger(half) ? (sorted[half - 1]! + sorted[half]!) / 2 : sorted[Math.floor(half)]!
}
