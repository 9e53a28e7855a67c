import { SemplesError } from '../base/error.js'
import type { ClassTable } from './dataset.js'

/**
 * A trained generator fits other pictures only if their classes are the same, in the same order.
 * @throws SemplesError `SEMPLES_CLASSES_DIFFER`
 */
export function requireSameClasses(ours: ClassTable, theirs: ClassTable, where: string): void {
  const labels = (table: ClassTable) => table.classes.map(({ id, label }) => `${id} ${label}`)
  const expected = labels(ours)
  const found = labels(theirs)
  const differs = found.findIndex((label, i) => label !== expected[i])
  if (differs < 0 && found.length === expected.length) return
  const at = differs < 0 ? found.length : differs
  throw new SemplesError('SEMPLES_CLASSES_DIFFER', {
    message: `The classes of ${where} are not those of the run.`,
    field: 'classes',
    value: found[at] ?? `${found.length} classes`,
    expected: expected[at] ?? `${expected.length} classes`,
    hint: 'Give the class table of the run (classes.json in its folder) together with these pictures.',
  })
}
