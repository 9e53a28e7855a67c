import { idsByLabel } from '../datasets/classes/ids.js'
import type { ClassTable } from '../datasets/dataset.js'

/** Class ids by the names of a class table, as settings of a refinement; nothing without a table. */
export async function classNamesOf(
  table: ClassTable | string | undefined,
): Promise<{ classNames?: Readonly<Record<string, number>> }> {
  if (table === undefined) return {}
  return { classNames: idsByLabel(typeof table === 'string' ? await named(table) : table) }
}

async function named(name: string): Promise<ClassTable> {
  if (name === 'voc2012') return (await import('../datasets/classes/voc2012.js')).voc2012Classes
  if (name === 'coco2014') return (await import('../datasets/classes/coco2014.js')).coco2014Classes
  return (await import('../datasets/classes/classTableFile.js')).readClassTable(name)
}
