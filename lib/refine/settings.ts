import { withoutUndefined } from '../base/merge.js'
import type { ClassTable } from '../datasets/dataset.js'
import { classNamesOf } from './classTable.js'
import { type RefineOptions, type RefineSettings, resolveRefineOptions } from './options.js'

/**
 * The settings of a job: its options with every default filled in, the class ids of names, the labels of the pictures, and
 * which options were given.
 *
 * @throws SemplesError `SEMPLES_CONFIG_UNKNOWN`, `SEMPLES_CONFIG_INVALID`, and what reading a class table throws
 */
export async function settingsOf(
  options: RefineOptions,
  classTable?: ClassTable | string,
  imageLabels?: string,
): Promise<RefineSettings> {
  const given = Object.keys(withoutUndefined({ ...options, imageLabels }))
  return { ...resolveRefineOptions(options), ...(await classNamesOf(classTable, imageLabels)), given }
}
