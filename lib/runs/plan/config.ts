import { SemplesError } from '../../base/error.js'
import { resolveConfig } from '../../config/resolve.js'
import type { RunConfig, TrainConfigInput } from '../../config/types.js'
import type { MissingList } from './missing.js'

/** Stands for a folder or file that was not given, so that the rest can be looked at. */
export const NOT_GIVEN = '/semples-not-given'

/**
 * The config, with stand-ins for what was not given: an output folder, weights, a CLIP. Each of them is noted.
 * @returns undefined without data, about which nothing can be said
 * @throws SemplesError for fields that are wrong
 */
export function planConfig(input: TrainConfigInput, missing: MissingList): RunConfig | undefined {
  const filled: TrainConfigInput = { ...input }
  // Each turn fills in one of three.
  for (let turn = 0; turn < 4; turn++) {
    try {
      return resolveConfig(filled)
    } catch (error) {
      if (!(error instanceof SemplesError)) throw error
      if (error.code === 'SEMPLES_WEIGHTS_MISSING') filled.generator = { ...filled.generator, weights: 'random' }
      else if (error.code === 'SEMPLES_CLIP_MISSING')
        filled.clip = { ...(typeof filled.clip === 'object' ? filled.clip : {}), path: NOT_GIVEN }
      else if (error.field === 'out' && !input.out) filled.out = NOT_GIVEN
      else if (error.field !== 'data' || input.data !== undefined) throw error
      missing.add(error)
      if (error.field === 'data') return undefined
    }
  }
  return undefined
}
