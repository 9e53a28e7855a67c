/**
 * How many letters are inserted, removed, replaced, or exchanged with their neighbour to make one word of another
 * (optimal string alignment).
 */
export function editDistance(one: string, other: string): number {
  let [before, row]: [number[], number[]] = [[], Array.from({ length: other.length + 1 }, (_, j) => j)]
  for (let i = 1; i <= one.length; i++) {
    const next = [i]
    for (let j = 1; j <= other.length; j++) {
      const same = one[i - 1] === other[j - 1]
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (same ? 0 : 1))
      if (i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1])
        next[j] = Math.min(next[j]!, before[j - 2]! + 1)
    }
    ;[before, row] = [row, next]
  }
  return row[other.length]!
}

/** The name spelled most like `wrong`, without regard to case; undefined where none is close. */
export function nearestName(wrong: string, names: readonly string[]): string | undefined {
  const form = (name: string) => name.normalize().toLowerCase()
  let best: { name: string; cost: number } | undefined
  for (const name of names) {
    const cost = editDistance(form(wrong), form(name))
    if (best === undefined || cost < best.cost) best = { name, cost }
  }
  return best !== undefined && best.cost <= Math.ceil(wrong.length / 3) ? best.name : undefined
}

/**
 * The known dotted field that a misspelt one most likely means, or undefined where none is close: a close spelling at
 * the same level first, then a field of that name in another section (`gradientClip` → `match.gradientClip`), the section
 * that is most like the misspelt one (`mach.epochs` → `match.epochs`).
 */
export function nearestField(wrong: string, known: Iterable<string>): string | undefined {
  let best: { field: string; cost: number; whole: number } | undefined
  for (const field of candidates(known)) {
    const cost = Math.min(
      spelling(wrong, field),
      spelling(last(wrong), last(field)) + (parent(wrong) === parent(field) ? 0 : 0.5),
    )
    // Without a section, the first field of that name is as good as any.
    const whole = wrong.includes('.') ? editDistance(wrong.toLowerCase(), field.toLowerCase()) : 0
    if (best === undefined || cost < best.cost || (cost === best.cost && whole < best.whole))
      best = { field, cost, whole }
  }
  return best !== undefined && best.cost <= Math.ceil(last(wrong).length / 3) + 0.5 ? best.field : undefined
}

/** The field and its sections: `match` may be what `mach` means. */
function candidates(known: Iterable<string>): Set<string> {
  return new Set([...known].flatMap((field) => (field.includes('.') ? [parent(field), field] : [field])))
}

/** Edit distance without regard to case; an abbreviation counts as one edit. */
function spelling(wrong: string, right: string): number {
  const [one, other] = [wrong.toLowerCase(), right.toLowerCase()]
  return one.length >= 3 && other.startsWith(one) ? Math.min(1, editDistance(one, other)) : editDistance(one, other)
}

function last(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1)
}

function parent(path: string): string {
  return path.includes('.') ? path.slice(0, path.lastIndexOf('.')) : ''
}
