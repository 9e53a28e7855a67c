/**
 * The score from which a class counts as present, such that labels predicted so agree best with those known: the one with
 * the highest F1 score, halfway to the next lower score. Of equally good ones, the highest.
 *
 * @param scores of the class, one a picture, 0 to 1
 * @param present whether the picture shows the class
 * @returns undefined where no picture shows it
 */
export function bestLabelThreshold(scores: readonly number[], present: readonly boolean[]): number | undefined {
  const positives = present.filter(Boolean).length
  if (positives === 0) return undefined
  const order = [...scores.keys()].sort((one, other) => scores[other]! - scores[one]!)
  let best = { f1: -1, threshold: 1 }
  let found = 0
  for (const [rank, index] of order.entries()) {
    if (present[index]) found++
    const next = order[rank + 1]
    // Pictures of the same score are taken together.
    if (next !== undefined && scores[next] === scores[index]) continue
    const f1 = (2 * found) / (rank + 1 + positives)
    const below = next === undefined ? scores[index]! : scores[next]!
    if (f1 > best.f1) best = { f1, threshold: (scores[index]! + below) / 2 }
  }
  return best.threshold
}

/**
 * A threshold for each class, from pictures whose classes are known. A class that none of them shows gets the one that
 * is best for all classes together.
 *
 * @param scores [pictures][classes], 0 to 1
 * @param labels indices of the classes of each picture
 */
export function labelThresholds(
  scores: readonly (readonly number[])[],
  labels: readonly (readonly number[])[],
  classes: number,
): number[] {
  const present = labels.map((own) => new Set(own))
  const all = Array.from({ length: classes }, (_, index) => ({
    scores: scores.map((own) => own[index]!),
    present: present.map((own) => own.has(index)),
  }))
  const common = bestLabelThreshold(
    all.flatMap((each) => each.scores),
    all.flatMap((each) => each.present),
  )
  return all.map((each) => bestLabelThreshold(each.scores, each.present) ?? common ?? 0.5)
}
