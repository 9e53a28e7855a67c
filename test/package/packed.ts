import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { pack as packIn } from '../../scripts/release/tarball.mjs'

const run = promisify(execFile)
export const repository = resolve(import.meta.dirname, '../..')

export interface Packed {
  /** Path of the tarball. */
  tarball: string
  /** Bytes. */
  size: number
  unpackedSize: number
  /** Paths inside the package. */
  files: string[]
}

/** What `npm pack` makes of the built package, in a folder that exists. */
export function pack(folder: string): Promise<Packed> {
  return packIn(repository, folder)
}

/**
 * A folder of a program that has the packed semples in its node_modules. It lies under those of the repository, where
 * the dependencies are found; the caller removes it.
 */
export async function programFolder(): Promise<{ folder: string; packed: Packed }> {
  const cache = join(repository, 'node_modules', '.cache')
  mkdirSync(cache, { recursive: true })
  const folder = mkdtempSync(join(cache, 'semples-program-'))
  const installed = join(folder, 'node_modules', 'semples')
  mkdirSync(installed, { recursive: true })
  const packed = await pack(folder)
  await run('tar', ['-xzf', packed.tarball, '-C', installed, '--strip-components=1'])
  return { folder, packed }
}
