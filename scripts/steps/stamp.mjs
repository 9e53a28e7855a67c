import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { root } from './process.mjs'

/** A digest of the contents of files and folders of the repository. */
export function fingerprint(paths) {
  const hash = createHash('sha256')
  for (const path of paths.flatMap(filesOf).sort())
    hash
      .update(path)
      .update('\0')
      .update(readFileSync(join(root, path)))
      .update('\0')
  return hash.digest('hex')
}

function filesOf(path) {
  const full = join(root, path)
  if (!existsSync(full)) return []
  if (statSync(full).isFile()) return [path]
  return readdirSync(full, { withFileTypes: true }).flatMap((entry) => filesOf(join(path, entry.name)))
}

/** Runs `work` unless the stamp file says that it was done for the same inputs. */
export async function once(stampFile, inputs, work) {
  const file = join(root, stampFile)
  if (existsSync(file) && readFileSync(file, 'utf8') === inputs) return false
  await work()
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, inputs)
  return true
}
