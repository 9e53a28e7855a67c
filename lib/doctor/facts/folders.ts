import { lstat, mkdtemp, readdir, rmdir, stat, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { readEnvironment } from '../../base/env.js'
import { cacheFolder } from '../../fetch/cache.js'
import { type InstalledLibTorch, listLibTorch } from '../../libtorch/cache.js'

/** The user cache. */
export interface CacheFacts {
  folder: string
  /** Whether SEMPLES_CACHE names it. */
  named: boolean
  /** Size of all files in it; 0 where there is no such folder yet. */
  bytes: number
  /** Room left on its disk; absent where that is unknown. */
  freeBytes?: number
  /** Every LibTorch in it. */
  libtorch: InstalledLibTorch[]
}

/** Whether a folder takes new files. */
export interface WriteAccess {
  place: 'cache' | 'current folder' | 'temporary folder'
  folder: string
  writable: boolean
  /** Why not: a code of the system and the folder that refused, e.g. `EROFS /home`. */
  reason?: string
}

export async function readCache(): Promise<CacheFacts> {
  const folder = cacheFolder('')
  const disk = await nearestExisting(folder)
    .then((nearest) => statfs(nearest))
    .catch(() => undefined)
  return {
    folder,
    named: readEnvironment('SEMPLES_CACHE') !== undefined,
    bytes: await sizeOf(folder),
    ...(disk === undefined ? {} : { freeBytes: disk.bavail * disk.bsize }),
    libtorch: installed(),
  }
}

function installed(): InstalledLibTorch[] {
  try {
    return listLibTorch()
  } catch {
    // A folder that may not be read: what is wrong with it is a matter of write access.
    return []
  }
}

/** Bytes of the files below a folder, one folder after the other; what cannot be read counts nothing. */
async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  const files = entries.filter((entry) => entry.isFile())
  const sizes = await Promise.all(
    files.map(({ name }) =>
      lstat(join(folder, name)).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  )
  let bytes = sizes.reduce((sum, size) => sum + size, 0)
  for (const entry of entries) if (entry.isDirectory()) bytes += await sizeOf(join(folder, entry.name))
  return bytes
}

/** Tries the user cache, the current folder and that for temporary files. */
export async function readWriteAccess(): Promise<WriteAccess[]> {
  return Promise.all([
    tryToWrite('cache', cacheFolder('')),
    tryToWrite('current folder', currentFolder()),
    tryToWrite('temporary folder', tmpdir()),
  ])
}

/** A shell may stand in a folder that was removed; nothing can be written there. */
function currentFolder(): string {
  try {
    return process.cwd()
  } catch {
    return process.env.PWD ?? '.'
  }
}

/**
 * Makes an empty folder and removes it: permissions alone do not tell of read-only and full disks. A cache that
 * does not exist yet is tried in the nearest folder that does.
 */
export async function tryToWrite(place: WriteAccess['place'], folder: string): Promise<WriteAccess> {
  let where = folder
  try {
    // Only the cache is made where it is missing.
    if (place === 'cache') where = await nearestExisting(folder)
    await rmdir(await mkdtemp(join(where, '.semples-doctor-')))
    return { place, folder, writable: true }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return { place, folder, writable: false, reason: `${code ?? message} ${where}` }
  }
}

async function nearestExisting(path: string): Promise<string> {
  const folder = resolve(path)
  try {
    await stat(folder)
    return folder
  } catch (error) {
    const parent = dirname(folder)
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || parent === folder) throw error
    return nearestExisting(parent)
  }
}
