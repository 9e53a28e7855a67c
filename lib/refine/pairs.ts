import { extname, posix, relative, sep } from 'node:path'

/** The files of two folders that belong together: paths inside, without extension and with `/`. */
export class Pairs {
  private readonly byPath: ReadonlyMap<string, string[]>
  private readonly byName: ReadonlyMap<string, string[]>
  /** How many of the others have a name. */
  private readonly namesakes = new Map<string, number>()

  /**
   * @param files what is looked for, by path without extension
   * @param others paths of all for which it is looked for
   */
  constructor(files: ReadonlyMap<string, string[]>, others: Iterable<string>) {
    this.byPath = grouped(files, (path) => path.normalize())
    this.byName = grouped(files, nameIn)
    for (const other of others) this.namesakes.set(nameIn(other), (this.namesakes.get(nameIn(other)) ?? 0) + 1)
  }

  /**
   * The files of one path: those of the same path; else those of the same name where nothing contradicts that, as one of
   * the two lies in no folder within, or the name is there once.
   *
   * @returns several where the name alone does not tell
   */
  of(path: string): readonly string[] {
    const same = this.byPath.get(path.normalize())
    if (same !== undefined) return same
    const named = this.byName.get(nameIn(path)) ?? []
    return isFlat(path) || this.namesakes.get(nameIn(path)) === 1 ? named : named.filter(isFlat)
  }
}

function grouped(files: ReadonlyMap<string, string[]>, keyOf: (path: string) => string): Map<string, string[]> {
  const groups = new Map<string, string[]>()
  for (const [path, found] of files) groups.set(keyOf(path), [...(groups.get(keyOf(path)) ?? []), ...found])
  return groups
}

function nameIn(path: string): string {
  return posix.basename(path).normalize()
}

function isFlat(path: string): boolean {
  return !path.includes('/')
}

/** The files of a folder that are not in the other, where that lies in it. */
export function outside(files: readonly string[], folder: string, other: string): string[] {
  const inside = relative(folder, other).split(sep).join('/')
  if (inside === '' || inside === '..' || inside.startsWith('../')) return [...files]
  return files.filter((file) => !file.startsWith(`${inside}/`))
}

/** Paths by path without extension, as `Pairs` takes them. */
export function byStem(files: readonly string[]): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const file of files) {
    const stem = file.slice(0, file.length - extname(file).length)
    found.set(stem, [...(found.get(stem) ?? []), file])
  }
  return found
}
