import { SemplesError } from '../../base/error.js'
import { Load } from './load.js'
import { refusalOf } from './refusals.js'
import type { FileTensors, LoadPlan, ModelTensor, Purpose, Refusal } from './types.js'

/**
 * What a load would do, from names and shapes alone.
 * @param subject what a refusal calls the file
 */
export function judgeLoad(
  file: FileTensors,
  model: readonly ModelTensor[],
  purpose: Purpose,
  subject: string,
): LoadPlan | { refused: Refusal } {
  const load = new Load(file, model, purpose)
  const refused = refusalOf(load, subject)
  return refused === undefined ? load.plan() : { refused }
}

/**
 * The same for a file that is to be loaded.
 * @throws SemplesError `SEMPLES_CHECKPOINT_MISMATCH` saying what the file is, where that is recognised
 */
export function planLoad(file: FileTensors, model: readonly ModelTensor[], purpose: Purpose, path: string): LoadPlan {
  const judged = judgeLoad(file, model, purpose, path)
  if (!('refused' in judged)) return judged
  throw new SemplesError('SEMPLES_CHECKPOINT_MISMATCH', {
    ...judged.refused,
    file: path,
    field: 'generator.weights',
  })
}
