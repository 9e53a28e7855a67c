import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface TinyDisk {
  path: string
  remove(): void
}

/** A file system of a few kilobytes in memory; undefined where this user may not mount one. */
export function mountTinyDisk(kilobytes: number): TinyDisk | undefined {
  const path = mkdtempSync(join(tmpdir(), 'semples-tiny-'))
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'tmpfs', path])
  if (mounted.status !== 0) {
    rmSync(path, { recursive: true, force: true })
    return undefined
  }
  return {
    path,
    remove() {
      spawnSync('umount', [path])
      rmSync(path, { recursive: true, force: true })
    },
  }
}
