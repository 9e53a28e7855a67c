import { SemplesError } from '../base/error.js'
import type { NativeRefined } from '../native/addon.js'
import { callNative } from '../native/errors.js'
import { loadAddon } from '../native/load.js'
import type { RawImage } from '../pictures/image.js'
import { methodNamed } from './methods.js'
import type { RefineSettings } from './options.js'
import type { Source } from './source.js'

export interface Execution {
  /** Also give the refined scores. */
  scores: boolean
  /** Threads of this picture. */
  threads: number
  /** Bytes. */
  memoryLimit: number
  /** Where it is computed. */
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
  { source }: Source,
  settings: RefineSettings,
  { signal, ...execution }: Execution,
): Promise<NativeRefined> {
  signal?.throwIfAborted()
  const { data, height, width } = image
  const method = methodNamed(settings.method).native(settings.own, settings.iterations)
  const request = { image: data, height, width, source, method, ...execution }
  const job = callNative(() => loadAddon().refine({ ...request, minConfidence: settings.confidence }))
  const interrupt = () => job.interrupt()
  signal?.addEventListener('abort', interrupt, { once: true })
  try {
    return await callNative(() => job.result)
  } catch (error) {
    if (signal?.aborted) throw signal.reason
    if (error instanceof SemplesError && error.code === 'SEMPLES_MEMORY_LIMIT') throw memoryLimit(error)
    throw error
  } finally {
    signal?.removeEventListener('abort', interrupt)
  }
}

function memoryLimit(error: SemplesError): SemplesError {
  const { message, field, value, expected } = error
  return new SemplesError(error.code, {
    message,
    field,
    value,
    expected,
    hint: 'Raise memoryLimit (default: half of the free memory, shared by the pictures at work), lower concurrency, or shrink the picture.',
    cause: error,
  })
}
