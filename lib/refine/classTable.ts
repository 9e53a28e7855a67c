import { SemplesError } from '../base/error.js'
import { openClassTable } from '../datasets/classes/builtIn.js'
import { idsByLabel } from '../datasets/classes/ids.js'
import type { ClassTable } from '../datasets/dataset.js'
import type { ImageLabels } from '../datasets/imageLabels.js'

/** What a class table and a labels file say, as settings of a refinement. */
export interface ClassSettings {
  /** Class ids by the names of the table. */
  classNames?: Readonly<Record<string, number>>
  /** Labels of the pictures, as ids of the table. */
  imageLabels?: ImageLabels
}

/**
 * Reads a class table, and a labels file whose labels are looked up in it; nothing without a table.
 *
 * @param imageLabels path of the labels file
 * @throws SemplesError `SEMPLES_OPTION_INVALID` for a labels file without a table, and what reading either throws
 */
export async function classNamesOf(
  table: ClassTable | string | undefined,
  imageLabels?: string,
): Promise<ClassSettings> {
  if (table === undefined) {
    if (imageLabels === undefined) return {}
    throw new SemplesError('SEMPLES_OPTION_INVALID', {
      message: `The labels in ${imageLabels} are names, and need a class table for their ids.`,
      hint: 'Give it: classTable (--class-table voc2012, coco2014, or a classes.json).',
    })
  }
  const found = typeof table === 'string' ? await openClassTable(table) : table
  const classNames = idsByLabel(found)
  if (imageLabels === undefined) return { classNames }
  const { ImageLabels } = await import('../datasets/imageLabels.js')
  return { classNames, imageLabels: await ImageLabels.read(imageLabels, found) }
}
