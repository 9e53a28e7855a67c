import { SemplesError } from '../base/error.js'
import type { TensorMap } from '../base/tensor.js'
import type { MaskGenerator } from './maskGenerator.js'

const PRETRAINED_HINT =
  'Give the sizes of these weights under generator (width, depth, heads, patchSize), or other weights.'
const CHECKPOINT_HINT =
  'A stage needs a checkpoint of the classification stage; add "classify" to the stages to train one from DeiT weights.'

/**
 * Loads a DeiT or WeakTr checkpoint before classification training. A DeiT has no CAM head and no attention fusion:
 * those keep their random initialisation; everything else must be there.
 *
 * @returns names that the file lacked
 */
export async function loadPretrained(generator: MaskGenerator, tensors: TensorMap, path: string): Promise<string[]> {
  const required = generator.parameters.filter(({ head }) => !head).map(({ name }) => name)
  const { missing } = await named(path, PRETRAINED_HINT, () =>
    generator.load(tensors, { strict: false, required, adapt: true }),
  )
  return missing
}

/**
 * Loads a whole checkpoint of the same architecture.
 * @throws SemplesError `SEMPLES_CHECKPOINT_MISMATCH` naming the file and the first tensors that do not fit
 */
export async function loadCheckpoint(generator: MaskGenerator, tensors: TensorMap, path: string): Promise<void> {
  await named(path, CHECKPOINT_HINT, () => generator.load(tensors, { strict: true, adapt: true }))
}

/** Adds to a mismatch the file at fault and what to do. */
async function named<T>(file: string, hint: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load()
  } catch (cause) {
    if (!(cause instanceof SemplesError) || cause.code !== 'SEMPLES_CHECKPOINT_MISMATCH') throw cause
    throw new SemplesError(cause.code, { message: cause.message, file, field: 'generator.weights', hint, cause })
  }
}
