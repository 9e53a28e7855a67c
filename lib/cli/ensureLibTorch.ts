import { readEnvironment } from '../base/env.js'
import { downloadSizes } from '../libtorch/fetchWheels.js'
import { findLibTorch } from '../libtorch/find.js'
import { installLibTorch } from '../libtorch/install.js'
import { searchNative } from '../native/choose.js'
import { fetchLines } from './progress/fetchLines.js'

export interface EnsureOptions {
  /** Never download. */
  offline?: boolean
  /** The device that will be used; it decides which build is fetched. */
  device?: string
  /** Print that LibTorch is fetched, but not the progress. */
  quiet?: boolean
  /** Receives lines for standard error. */
  write: (line: string) => void
  signal?: AbortSignal
}

/**
 * Fetches LibTorch into the user cache if none is found, and prints that it does. Where SEMPLES_LIBTORCH is set, that
 * LibTorch is used or refused, and nothing is fetched.
 *
 * @throws SemplesError `SEMPLES_LIBTORCH_NOT_FOUND` or `SEMPLES_LIBTORCH_VERSION` with `offline` or a refused path, and
 *   what `installLibTorch` throws
 */
export async function ensureLibTorch({ offline, device, quiet, write, signal }: EnsureOptions): Promise<void> {
  const { libtorch, versions } = searchNative()
  if (libtorch.found !== undefined) return
  if (offline || readEnvironment('SEMPLES_LIBTORCH') !== undefined) {
    findLibTorch({ versions, offline })
    return
  }
  const kind = device?.startsWith('cuda') ? 'cuda' : 'cpu'
  write(
    `LibTorch is missing: fetching it into the user cache, once (about ${downloadSizes[kind]}; --offline forbids it)`,
  )
  await installLibTorch({ kind, onProgress: quiet ? () => undefined : fetchLines(write), signal })
}
