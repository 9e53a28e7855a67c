import type { CamFile, CamFileOptions } from './camFile.js'

/**
 * The keys of dictionaries that were taken to count classes from 0, over many files: where they begin at 1, they may be class
 * ids, to which nothing must be added.
 */
export class CountedKeys {
  private files = 0
  private min = Number.POSITIVE_INFINITY
  private max = 0

  /** @param keys of one file, see `countedKeysOf` */
  add(keys: readonly number[]): void {
    if (keys.length === 0) return
    this.files++
    this.min = Math.min(this.min, ...keys)
    this.max = Math.max(this.max, ...keys)
  }

  /** The sentence to say where the keys begin at 1, once all files are read. */
  warnings(): string[] {
    const { files, min, max } = this
    if (min !== 1) return []
    const [keys, ids] = max === 1 ? ['1', '2'] : [`1...${max}`, `2...${max + 1}`]
    const where = files === 1 ? 'one file' : `${files} files`
    return [
      `The keys ${keys} in the dictionaries of ${where} were taken as the classes ${ids}, as keys count from 0; but no key is 0. If they are class ids, say so: classOffset: 0 (--class-offset 0).`,
    ]
  }
}

/** The keys of a file to which one was added by the rule at `readCamFile`, without being asked for; none in other files. */
export function countedKeysOf(cam: CamFile, { classes, classOffset }: CamFileOptions): number[] {
  if (classes !== undefined || classOffset !== undefined || cam.named || cam.lookedUp) return []
  return (cam.classes ?? []).filter((key) => key >= 0)
}
