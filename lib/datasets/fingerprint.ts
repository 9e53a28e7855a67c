import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import type { Dataset } from './dataset.js'

/** Files asked for their size at a time. */
const STAT_AT_ONCE = 256

/**
 * sha256 (hex) over the class table and, in order, the id, labels and file size of each picture: tells whether a run
 * saw the same data. Paths do not count, so data may move; changed pixels of the same file size are not seen.
 */
export async function fingerprint({ classes, items }: Dataset): Promise<string> {
  const hash = createHash('sha256')
  hash.update(JSON.stringify(classes.classes.map(({ id, label }) => [id, label])))
  for (let start = 0; start < items.length; start += STAT_AT_ONCE) {
    const some = items.slice(start, start + STAT_AT_ONCE)
    const sizes = await Promise.all(some.map(({ image }) => fileSize(image)))
    some.forEach(({ id, labels }, i) => {
      hash.update(JSON.stringify([id, labels, sizes[i]]))
    })
  }
  return hash.digest('hex')
}

/** 0 for a file that is gone: reading it will say so better. */
async function fileSize(file: string): Promise<number> {
  return stat(file).then(
    ({ size }) => size,
    () => 0,
  )
}
