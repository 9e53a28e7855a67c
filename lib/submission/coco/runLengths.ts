import type { LabelMap } from '../../masks/labelMap.js'

/*
 * Run-length encodings as COCO's API has them. By its public description (cocodataset.org, "Results Format"; the comments of
 * mask.py and maskApi.h of cocoapi): pixels are taken column by column, counts are the lengths of runs, outside and inside
 * in turn, the first outside; `stringOfCounts` (lib/datasets/coco) packs them.
 */

/** Pixels after which other work gets its turn, about. */
const AT_ONCE = 2 ** 18

interface Runs {
  counts: number[]
  /** Where the last run inside ended. */
  end: number
}

/** The counts of every value that occurs in a mask, by value; one pass over the pixels. */
export function* countsByValue({ width, height, data }: LabelMap): Generator<undefined, Map<number, number[]>> {
  const runs: (Runs | undefined)[] = new Array(256)
  let value = data[0]!
  let start = 0
  let position = 0
  const close = (): void => {
    const all = runs[value] ?? { counts: [], end: 0 }
    runs[value] = all
    all.counts.push(start - all.end, position - start)
    all.end = position
  }
  for (let column = 0, turn = 0; column < width; column++) {
    for (let at = column; at < data.length; at += width, position++) {
      const next = data[at]!
      if (next === value) continue
      close()
      value = next
      start = position
    }
    turn += height
    if (turn < AT_ONCE) continue
    turn = 0
    yield
  }
  close()
  const found = new Map<number, number[]>()
  for (const [id, all] of runs.entries()) {
    if (all === undefined) continue
    if (all.end < position) all.counts.push(position - all.end)
    found.set(id, all.counts)
  }
  return found
}
