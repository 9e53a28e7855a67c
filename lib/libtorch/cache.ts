import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { SemplesError } from '../base/error.js'
import { cacheFolder, withCacheFolder } from '../fetch/cache.js'
import type { LibTorchKind } from './candidate.js'

/** Record of an installation, written last by `installLibTorch`; a folder without it is not an installation. */
export interface InstallationRecord {
  version: string
  kind: LibTorchKind
  /** Its source: the name of a wheel or archive, or a folder. */
  source: string
  /** Size of the unpacked files. */
  bytes: number
  /** ISO 8601. */
  installedAt: string
}

/** A LibTorch in the user cache. */
export interface InstalledLibTorch extends InstallationRecord {
  /** Name of its folder in the cache and its name for `removeLibTorch`, e.g. `2.13.0+cpu`. */
  name: string
  /** Absolute path of the installation. */
  directory: string
}

export const recordFile = 'installation.json'

/** The folder that holds the installations: `SEMPLES_CACHE`, else the operating system's cache folder. */
export function libTorchCache(): string {
  return cacheFolder('libtorch')
}

/** The LibTorch installations in the user cache; CUDA builds first, then the newest version. */
export function listLibTorch(): InstalledLibTorch[] {
  const cache = libTorchCache()
  if (!existsSync(cache)) return []
  return readdirSync(cache)
    .filter((name) => !name.startsWith('.'))
    .flatMap((name) => {
      const directory = join(cache, name)
      const record = readRecord(directory)
      return record === undefined ? [] : [{ ...record, name, directory }]
    })
    .sort(
      (a, b) =>
        b.kind.localeCompare(a.kind) ||
        b.version.localeCompare(a.version, 'en', { numeric: true }) ||
        a.name.localeCompare(b.name),
    )
}

function readRecord(directory: string): InstallationRecord | undefined {
  try {
    const record = JSON.parse(readFileSync(join(directory, recordFile), 'utf8')) as Partial<InstallationRecord>
    const complete = typeof record.version === 'string' && (record.kind === 'cpu' || record.kind === 'cuda')
    return complete ? (record as InstallationRecord) : undefined
  } catch {
    return undefined
  }
}

/** Removes what interrupted installations have downloaded; waits for one that is under way. */
export async function removeDownloadedLibTorch(): Promise<void> {
  const cache = libTorchCache()
  // Whatever ends without being cut off leaves no downloads.
  if (existsSync(cache)) await withCacheFolder(cache, 'LibTorch', {}, async () => {})
}

/**
 * Removes an installation from the user cache. It is gone from the list at once, even if deleting is interrupted.
 * @param name as `listLibTorch` gives it
 * @throws SemplesError `SEMPLES_LIBTORCH_NOT_FOUND`
 */
export async function removeLibTorch(name: string): Promise<InstalledLibTorch> {
  const installed = listLibTorch()
  const found = installed.find((each) => each.name === name)
  if (found === undefined) {
    throw new SemplesError('SEMPLES_LIBTORCH_NOT_FOUND', {
      message: 'No such LibTorch is installed.',
      field: 'name',
      value: name,
      expected: installed.length === 0 ? 'nothing: none is installed' : installed.map((each) => each.name).join(', '),
      hint: 'Type: npx semples libtorch list',
    })
  }
  const trash = join(libTorchCache(), `.removed-${process.pid}-${found.name}`)
  await rename(found.directory, trash)
  await rm(trash, { recursive: true, force: true })
  return found
}
