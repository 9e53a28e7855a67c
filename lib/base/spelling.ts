import { distance } from 'fastest-levenshtein'

/** Edit distance in which letters exchanged with their neighbours, the commonest slip, are one edit. */
export function editDistance(one: string, other: string): number {
  const exchanged = (at: number) => `${one.slice(0, at)}${one[at + 1]}${one[at]}${one.slice(at + 2)}`
  const slips = Array.from({ length: Math.max(0, one.length - 1) }, (_, at) => 1 + distance(exchanged(at), other))
  return Math.min(distance(one, other), ...slips)
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
