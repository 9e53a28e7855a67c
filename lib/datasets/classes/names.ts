import { vocColor } from '../../masks/palette.js'
import type { ClassEntry, ClassTable } from '../dataset.js'

/** A class whose label is also the name CLIP is asked for, or the pair of both. */
export type NamedClass = string | readonly [label: string, prompt: string]

/** A table with ids 1..n in the order of the names, and VOC palette colours. */
export function classTable(name: string, names: readonly NamedClass[]): ClassTable {
  return { name, classes: names.map((named, index) => classEntry(named, index + 1)) }
}

function classEntry(named: NamedClass, id: number): ClassEntry {
  const [label, prompt] = typeof named === 'string' ? [named, named] : named
  return { id, label, prompt, color: vocColor(id) }
}
