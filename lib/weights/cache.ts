import { statSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { SemplesError } from '../base/error.js'
import { type CheckKind, checkKind, removeRecord } from './check.js'
import type { KnownWeights, WeightsUse } from './description.js'
import { cachedFile, placeFound, type WeightsPlace } from './places.js'
import { addressOf, knownWeights, weightsNamed } from './table.js'

/** Weights of the table, and whether they are here. */
export interface ListedWeights {
  name: string
  about: string
  use: WeightsUse
  license: string
  licenseRead: string
  /** Size of the file, where it is known to the byte: that of the one that is here, else what is published. */
  bytes?: number
  /** Else about how large it is, where that is known. */
  aboutBytes?: number
  /** What a file is compared with, what is known of its sha256, and where that was read. */
  check: CheckKind
  sha256?: string
  sha256Prefix?: string
  read: string
  /** Public address. */
  address: string
  /** Absolute path of the file; absent where they are not here. */
  file?: string
  /** Who fetched that file. */
  by?: WeightsPlace['by']
}

/** What can be fetched, and what is here; sizes are compared where they are known, contents are not. */
export function listWeights(table: readonly KnownWeights[] = knownWeights): ListedWeights[] {
  return table.map((known) => {
    const { origin: _, check, ...rest } = known
    const place = placeFound(known)
    return {
      ...rest,
      ...(place === undefined ? {} : { bytes: statSync(place.file).size }),
      check: checkKind(known),
      ...check,
      address: addressOf(known),
      ...place,
    }
  })
}

/**
 * Removes weights from the user cache. What other programs fetched stays.
 * @returns path of the removed file
 * @throws SemplesError `SEMPLES_WEIGHTS_UNKNOWN`; `SEMPLES_WEIGHTS_MISSING` where they are not there
 */
export async function removeWeights(name: string, table?: readonly KnownWeights[]): Promise<string> {
  const file = cachedFile(weightsNamed(name, table))
  if (statSync(file, { throwIfNoEntry: false }) === undefined) {
    throw new SemplesError('SEMPLES_WEIGHTS_MISSING', {
      message: `The weights ${name} are not in the user cache.`,
      file,
      hint: 'Type: npx semples weights',
    })
  }
  await rm(file)
  await removeRecord(file)
  return file
}
