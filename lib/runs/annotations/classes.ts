import { SemplesError } from '../../base/error.js'
import { openClassTable } from '../../datasets/classes/builtIn.js'
import type { ClassTable } from '../../datasets/dataset.js'
import { type StatedTable, statedTable, tableBeside } from '../../datasets/predictions/classTables.js'

/**
 * The classes of a folder of masks: those given, else those in its masks.json, else those of a classes.json in it or beside it.
 * @throws SemplesError `SEMPLES_OPTION_INVALID` where nothing says what the pixel values are, and as `readClassTable`
 */
export async function classesOfMasks(
  masks: string,
  given: ClassTable | string | undefined,
): Promise<ClassTable | StatedTable> {
  if (given !== undefined) return typeof given === 'string' ? openClassTable(given) : given
  const found = (await statedTable(masks)) ?? (await tableBeside(masks))?.table
  if (found !== undefined) return found
  throw new SemplesError('SEMPLES_OPTION_INVALID', {
    message: `Nothing says which classes the pixel values of the masks in ${masks} are: there is no masks.json and no classes.json.`,
    field: 'classes',
    expected: 'voc2012, coco2014, or a classes.json such as [{ "label": "boat", "id": 1 }]',
    hint: 'Give the table that the masks were made with (classes, --classes); the folder of a run has it as classes.json.',
  })
}
