import type { TensorMap } from '../base/tensor.js'
import { requireFinite } from './finite.js'
import { planLoad } from './foreign/plan.js'
import { carryOut } from './foreign/steps.js'
import type { FileTensors, LoadNote, Purpose } from './foreign/types.js'
import type { MaskGenerator } from './maskGenerator.js'
import type { WeightsReport } from './weightsReport.js'

/** Tensors of a file that hold numbers of a type that weights do not have, with that type. */
export type UnreadTensors = ReadonlyMap<string, string>

export interface LoadedWeights {
  report: WeightsReport
  /** What a person should know of it. */
  notes: LoadNote[]
}

/**
 * Loads a DeiT, a WeakTr checkpoint or a classifier before classification training. What they hold no weights for, CAM
 * head and attention fusion, keeps its numbers; everything else must be there.
 *
 * @param unread what the file holds besides
 * @throws SemplesError `SEMPLES_CHECKPOINT_MISMATCH` saying what the file is, where that is recognised
 */
export function loadPretrained(
  generator: MaskGenerator,
  tensors: TensorMap,
  path: string,
  unread?: UnreadTensors,
): Promise<LoadedWeights> {
  return load(generator, tensors, path, unread, 'start')
}

/**
 * Loads a whole checkpoint of the same architecture.
 * @throws SemplesError `SEMPLES_CHECKPOINT_MISMATCH` naming the file and the first tensors that do not fit
 */
export function loadCheckpoint(
  generator: MaskGenerator,
  tensors: TensorMap,
  path: string,
  unread?: UnreadTensors,
): Promise<LoadedWeights> {
  return load(generator, tensors, path, unread, 'whole')
}

async function load(
  generator: MaskGenerator,
  tensors: TensorMap,
  path: string,
  unread: UnreadTensors = new Map(),
  purpose: Purpose,
): Promise<LoadedWeights> {
  const { report, notes, steps } = planLoad(fileTensors(tensors, unread), generator.parameters, purpose, path)
  const made = carryOut(steps, tensors)
  requireFinite(made, path, 'SEMPLES_CHECKPOINT_INVALID')
  // All that the plan makes must fit: nothing is loaded by halves.
  await generator.load(made, { strict: false, required: [...steps.keys()] })
  return { report, notes }
}

/** Names, shapes and types of what `readWeights` gives. */
export function fileTensors(tensors: TensorMap, unread: UnreadTensors): FileTensors {
  const files = new Map<string, { shape: readonly number[]; dtype: string }>(Object.entries(tensors))
  for (const [name, dtype] of unread) files.set(name, { shape: [], dtype })
  return files
}
