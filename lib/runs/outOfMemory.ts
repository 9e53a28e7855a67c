import { count } from '../base/count.js'
import { SemplesError } from '../base/error.js'
import type { StepMaker } from '../stages/epochs.js'

/** How many pictures of a batch are computed at a time, and the setting that says so; 0: all of them. */
export interface AtOnce {
  /** As in a config, dotted. */
  field: string
  microBatch: number
  batch: number
}

/**
 * A trainer whose steps say what to try where the memory of the device ran out: half as many pictures at a time. The step
 * has changed nothing then, and the process goes on.
 * @throws SemplesError `SEMPLES_OUT_OF_MEMORY`
 */
export function namingBatchToTry<Batch, Result>(
  trainer: StepMaker<Batch, Result>,
  { field, microBatch, batch }: AtOnce,
): StepMaker<Batch, Result> {
  const pictures = microBatch > 0 ? Math.min(microBatch, batch) : batch
  return {
    async step(given) {
      try {
        return await trainer.step(given)
      } catch (cause) {
        if (!(cause instanceof SemplesError) || cause.code !== 'SEMPLES_OUT_OF_MEMORY') throw cause
        throw new SemplesError(cause.code, {
          message: `A step with ${count(pictures, 'picture')} at a time needs more memory than the device has: ${cause.message}`,
          ...remedy(field, pictures),
          cause,
        })
      }
    },
  }
}

function remedy(field: string, pictures: number) {
  if (pictures === 1) return { hint: 'One picture at a time does not fit: choose a smaller size of pictures or model.' }
  const half = Math.floor(pictures / 2)
  return {
    field,
    value: pictures,
    expected: `at most ${half}`,
    hint: `Set ${field} to ${half} (--set ${field}=${half}): a batch is then computed in parts of so many pictures, with the same result (not with live batch norm).`,
  }
}
