import { SemplesError } from '../base/error.js'
import { untilAborted } from '../base/mapOrdered.js'
import type { NativeRefined } from '../native/addon.js'
import { callNative } from '../native/errors.js'
import { loadAddon } from '../native/load.js'
import type { RawImage } from '../pictures/image.js'
import { memoryLimitExceeded } from './memory.js'
import { methodNamed } from './methods.js'
import type { RefineSettings } from './options.js'
import type { Source } from './source.js'

export interface Execution {
  /** Also give the refined scores. */
  scores: boolean
  /** Threads of this picture. */
  threads: number
  /** Bytes of all that runs. */
  memoryLimit: number
  /** Bytes that were set aside for this picture. */
  workBytes: number
  /** Where it is computed: a device that `requireRefineDevice` lets pass. */
  device: string
  signal?: AbortSignal
}

/**
 * Refines one picture on a thread of the addon.
 * @throws SemplesError `SEMPLES_MEMORY_LIMIT`, `SEMPLES_ARGUMENT_INVALID` (NaN or infinite scores, sizes), `SEMPLES_DEVICE_UNAVAILABLE`; the
 * reason of `signal`
 */
export async function refineNatively(
  image: RawImage,
  { source, classes }: Pick<Source, 'source' | 'classes'>,
  settings: RefineSettings,
  { signal, memoryLimit, workBytes, scores, threads, device }: Execution,
): Promise<NativeRefined> {
  signal?.throwIfAborted()
  const { data, height, width } = image
  const method = methodNamed(settings.method).native(settings.own, settings.iterations, classes.length)
  // PAMR takes what it may have; a CRF takes what its picture needs, which was estimated.
  const limit = method.kind === 'pamr' ? workBytes : memoryLimit
  const request = { image: data, height, width, source, method, scores, threads, device, memoryLimit: limit }
  const job = callNative(() => loadAddon().refine({ ...request, minConfidence: settings.confidence }))
  try {
    return await untilAborted(
      callNative(() => job.result),
      signal,
    )
  } catch (error) {
    if (signal?.aborted) {
      // The addon looks now and then whether it shall end; nobody waits for that.
      job.interrupt()
      throw signal.reason
    }
    throw memoryError(error, memoryLimit)
  }
}

/** With the whole need, in the unit of the option. */
function memoryError(error: unknown, limit: number): unknown {
  if (!(error instanceof SemplesError) || error.code !== 'SEMPLES_MEMORY_LIMIT') return error
  const needed = Number.parseInt(String(error.value), 10)
  return Number.isFinite(needed) ? memoryLimitExceeded(needed, limit, error) : error
}
