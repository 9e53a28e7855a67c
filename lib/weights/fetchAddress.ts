import { statSync } from 'node:fs'
import { copyFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { checkSpace } from '../fetch/cache.js'
import { downloadFile } from '../fetch/download.js'
import { fitsHash, sha256Of } from '../fetch/sha256.js'
import type { DownloadOptions } from '../fetch/transfer.js'
import { checkKind } from './check.js'
import type { AddressOrigin, KnownWeights } from './description.js'
import { weightsCache } from './places.js'
import { otherHash, refusal } from './refusal.js'
import { publishedName } from './table.js'

/**
 * Puts the file of an address, or the one that the user fetched elsewhere, at `copy`.
 * @returns its sha256, which fits what is known of it
 */
export async function bringAddress(
  known: KnownWeights,
  { url }: AddressOrigin,
  copy: string,
  options: DownloadOptions & { from?: string },
): Promise<string> {
  const { from } = options
  if (from === undefined) {
    await rename(await download(known, url, options), copy)
    return sha256Of(copy)
  }
  const { size } = statSync(from)
  if (size === 0) throw refusal(known, from, `${from} is empty.`)
  await checkSpace(dirname(copy), size, known.name)
  await copyFile(from, copy)
  // Of the copy: the file of the user may change meanwhile.
  const sha256 = await sha256Of(copy)
  if (!fitsHash(sha256, known.check)) throw otherHash(known, from, `${from} is not the file of ${known.name}.`, sha256)
  return sha256
}

/** @returns path of the file */
function download(known: KnownWeights, url: string, options: DownloadOptions): Promise<string> {
  const { sha256, sha256Prefix } = known.check
  const file = {
    name: publishedName(known),
    url,
    sha256,
    sha256Prefix,
    isUnchecked: checkKind(known) === 'none',
    size: known.bytes,
  }
  const otherwise = `The file may also be fetched elsewhere, in a browser or on another machine, from ${url} and then named: npx semples weights fetch ${known.name} --from FILE`
  return downloadFile(file, weightsCache(), { ...options, otherwise })
}
