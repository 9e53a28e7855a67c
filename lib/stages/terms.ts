import { SemplesError } from '../base/error.js'
import { nearestField } from '../base/spelling.js'
import type { LossNeed, LossTermInfo } from '../native/addon.js'
import { lossTerms } from '../native/lossTerms.js'

/**
 * Checks that there are such loss terms.
 * @param field the section that names them: `match.terms`
 * @throws SemplesError `SEMPLES_CONFIG_UNKNOWN` with the nearest spelling
 */
export function checkTerms(terms: Readonly<Record<string, number>>, field: string): void {
  const known = lossTerms().map(({ name }) => name)
  const wrong = Object.keys(terms).find((name) => !known.includes(name))
  if (wrong === undefined) return
  const nearest = nearestField(wrong, known)
  throw new SemplesError('SEMPLES_CONFIG_UNKNOWN', {
    message: `There is no loss term ${wrong} for ${field}.`,
    field: `${field}.${wrong}`,
    value: terms[wrong],
    hint: nearest === undefined ? `There are ${known.join(', ')}.` : `Did you mean ${field}.${nearest}?`,
  })
}

/** What some loss terms are computed from. */
export function needsOf(terms: Readonly<Record<string, number>>): ReadonlySet<LossNeed> {
  return new Set(Object.keys(terms).flatMap((name) => infoOf(name)?.needs ?? []))
}

/** Whether any of this goes through CLIP. */
export function needsClip(needs: ReadonlySet<LossNeed>): boolean {
  return (['foreground', 'background', 'text', 'prompt'] as const).some((need) => needs.has(need))
}

function infoOf(name: string): LossTermInfo | undefined {
  return lossTerms().find((term) => term.name === name)
}
