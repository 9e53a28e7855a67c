import { existsSync } from 'node:fs'
import { SemplesError } from '../base/error.js'
import { cachedFile, holdsWeights } from './cache.js'
import { type KnownWeights, knownWeights } from './table.js'

/** The weights of the table that a value of `generator.weights` names; undefined for a path and for `random`. */
export function namedWeights(value: string, table: readonly KnownWeights[] = knownWeights): KnownWeights | undefined {
  return table.find(({ name }) => name === value)
}

/**
 * The file that a value of `generator.weights` means: for a name of the table the one in the user cache, whose bytes are
 * compared with the table's hash; else the value itself, a path. Nothing is fetched.
 *
 * @throws SemplesError `SEMPLES_WEIGHTS_MISSING` for a name that is not fetched, `SEMPLES_CHECKPOINT_INVALID` where the
 *   file in the cache is damaged; each with the command to type
 */
export async function weightsPath(value: string, table?: readonly KnownWeights[]): Promise<string> {
  const known = namedWeights(value, table)
  if (known === undefined) return value
  const file = cachedFile(known)
  if (await holdsWeights(file, known)) return file
  const command = `npx semples weights fetch ${known.name}`
  if (!existsSync(file)) {
    throw new SemplesError('SEMPLES_WEIGHTS_MISSING', {
      message: 'These weights are not fetched yet.',
      field: 'generator.weights',
      value,
      hint: `Type: ${command}`,
    })
  }
  throw new SemplesError('SEMPLES_CHECKPOINT_INVALID', {
    message: `${file} is damaged: it does not hold the weights ${known.name}.`,
    file,
    hint: `To fetch them again, type: ${command}`,
  })
}
