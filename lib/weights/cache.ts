import { statSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { SemplesError } from '../base/error.js'
import { cacheFolder } from '../fetch/cache.js'
import { sha256Of } from '../fetch/sha256.js'
import { type KnownWeights, knownWeights, weightsNamed } from './table.js'

/** Weights of the table, and whether they are here. */
export interface ListedWeights {
  name: string
  about: string
  license: string
  /** Size of the file. */
  bytes: number
  /** Absolute path of the file; absent where they are not fetched. */
  file?: string
}

/** The folder that holds them: `weights` in the user cache. */
export function weightsCache(): string {
  return cacheFolder('weights')
}

/** Where the file lies, or will lie. */
export function cachedFile({ name, file }: KnownWeights): string {
  return join(weightsCache(), `${name}${extname(file)}`)
}

/** What can be fetched, and what is; sizes are compared, contents are not. */
export function listWeights(table: readonly KnownWeights[] = knownWeights): ListedWeights[] {
  return table.map((known) => {
    const { name, about, license, bytes } = known
    const file = cachedFile(known)
    const isThere = statSync(file, { throwIfNoEntry: false })?.size === bytes
    return { name, about, license, bytes, ...(isThere ? { file } : {}) }
  })
}

/** Whether a file is there with exactly the bytes of the weights. */
export async function holdsWeights(file: string, { bytes, sha256 }: KnownWeights): Promise<boolean> {
  const found = statSync(file, { throwIfNoEntry: false })
  return found?.isFile() === true && found.size === bytes && (await sha256Of(file)) === sha256
}

/**
 * Removes weights from the user cache.
 * @returns path of the removed file
 * @throws SemplesError `SEMPLES_WEIGHTS_UNKNOWN`; `SEMPLES_WEIGHTS_MISSING` where they are not there
 */
export async function removeWeights(name: string, table?: readonly KnownWeights[]): Promise<string> {
  const file = cachedFile(weightsNamed(name, table))
  if (statSync(file, { throwIfNoEntry: false }) === undefined) {
    throw new SemplesError('SEMPLES_WEIGHTS_MISSING', {
      message: `The weights ${name} are not in the user cache.`,
      file,
      hint: 'Type: npx semples weights list',
    })
  }
  await rm(file)
  return file
}
