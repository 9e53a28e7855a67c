import { formatBytes } from '../fetch/progress.js'
import type { KnownWeights } from './description.js'
import { addressOf, publishedName, weightsNamed } from './table.js'

/** `18.8 MB`, `about 354 MB`; undefined where no size is known. */
export function sizeWords({ bytes, aboutBytes }: Pick<KnownWeights, 'bytes' | 'aboutBytes'>): string | undefined {
  if (bytes !== undefined) return formatBytes(bytes)
  return aboutBytes === undefined ? undefined : `about ${Math.round(aboutBytes / 1e6)} MB`
}

/** What a file is compared with: `sha256`, `first 8 digits of sha256`, `not verified`. */
export function checkWords({ sha256, sha256Prefix }: KnownWeights['check']): string {
  if (sha256 !== undefined) return 'sha256'
  return sha256Prefix === undefined ? 'not verified' : `first ${sha256Prefix.length} digits of sha256`
}

/**
 * How to get weights that are missing, as sentences: the command, and the address for who fetches them elsewhere.
 * @param title what they are
 * @param field of the config that takes the name
 */
export function fetchHint(name: string, title: string, field: string): string {
  const known = weightsNamed(name)
  const size = sizeWords(known)
  const file = [publishedName(known), ...(size === undefined ? [] : [size])].join(', ')
  return `For ${title} type: npx semples weights fetch ${name}, and give ${field} = '${name}'; or fetch the file (${file}) from ${addressOf(known)} and give it as it is.`
}

/**
 * What to do where a missing file most likely means weights of the table.
 * @param field of the config that takes the name
 */
export function meantHint(name: string, field: string): string {
  const address = addressOf(weightsNamed(name))
  return `Did you mean ${name}? Type: npx semples weights fetch ${name}, and give ${field} = '${name}'; or fetch the file from ${address} and give it as it is.`
}
