import { createHash } from 'node:crypto'
import { readdirSync, statSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { IndexFile } from './simpleIndex.js'

const prefix = '.download-'

/**
 * Where a file is while it is downloaded and after: under its sha256, so that only the same file is ever continued; where
 * that is not known under the sha256 of its address.
 */
export function placeOf(folder: string, { name, url, sha256 }: IndexFile): string {
  const key = sha256 ?? createHash('sha256').update(url).digest('hex')
  return join(folder, `${prefix}${key}`, basename(name))
}

/** Size of a file; 0 where there is none. */
export function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0
}

/** Removes all downloads of a folder, whole and in part. */
export async function removeDownloads(folder: string): Promise<void> {
  const names = readdirSync(folder).filter((name) => name.startsWith(prefix))
  await Promise.all(names.map((name) => rm(join(folder, name), { recursive: true, force: true })))
}
