import { SemplesError } from '../base/error.js'
import { nearestField } from '../base/spelling.js'
import type { LossNeed, LossTermInfo } from '../native/addon.js'
import { lossTerms } from '../native/lossTerms.js'

/**
 * Every loss term, with formula, source and needs. None where there is no addon to ask: a run can be read and reported
 * without one, and whoever trains meets the error all the same.
 */
export function knownTerms(): readonly LossTermInfo[] {
  try {
    return lossTerms()
  } catch (error) {
    if (error instanceof SemplesError) return []
    throw error
  }
}

/**
 * Checks that there are such loss terms, as far as that can be known.
 * @param field the section that names them: `match.terms`
 * @throws SemplesError `SEMPLES_CONFIG_UNKNOWN` with the nearest spelling
 */
export function checkTerms(terms: Readonly<Record<string, number>>, field: string): void {
  const known = knownTerms().map(({ name }) => name)
  const wrong = known.length === 0 ? undefined : Object.keys(terms).find((name) => !known.includes(name))
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
  return knownTerms().find((term) => term.name === name)
}
