import { readSafetensors } from '../checkpoints/safetensors.js'
import { SemplesError } from '../config/error.js'
import type { TensorMap } from '../config/tensor.js'
import type { MaskGenerator } from './maskGenerator.js'

/**
 * Reads generator weights from a .safetensors file.
 * @throws SemplesError `SEMPLES_WEIGHTS_FORMAT` for other formats, and what `readSafetensors` throws
 */
export async function readWeights(path: string): Promise<TensorMap> {
  if (!path.endsWith('.safetensors'))
    throw new SemplesError('SEMPLES_WEIGHTS_FORMAT', {
      message: 'Weights of a mask generator are read from safetensors files only.',
      file: path,
      field: 'generator.weights',
      expected: 'a .safetensors file',
      hint: 'Convert it once in Python: safetensors.torch.save_file(torch.load(path, weights_only=True)["model"], "weights.safetensors").',
    })
  return (await readSafetensors(path)).tensors
}

/**
 * Loads a DeiT or WeakTr checkpoint before classification training. A DeiT has no CAM head and no attention fusion:
 * those keep their random initialisation; everything else must be there.
 *
 * @returns names that the file lacked
 */
export async function loadPretrained(generator: MaskGenerator, tensors: TensorMap, path: string): Promise<string[]> {
  const report = await generator.load(tensors, { strict: false, adapt: true })
  const heads = new Set(generator.parameters.filter(({ head }) => head).map(({ name }) => name))
  const lacking = report.missing.filter((name) => !heads.has(name))
  if (lacking.length > 0 || report.mismatched.length > 0)
    throw new SemplesError('SEMPLES_CHECKPOINT_MISMATCH', {
      message: `The weights are of another architecture: ${[...report.mismatched, ...lacking.map((name) => `${name} is missing`)].slice(0, 3).join('; ')}.`,
      file: path,
      field: 'generator.weights',
      hint: 'Give the sizes of these weights under generator (width, depth, heads, patchSize), or other weights.',
    })
  return report.missing
}

/**
 * Loads a whole checkpoint of the same architecture.
 * @throws SemplesError `SEMPLES_CHECKPOINT_MISMATCH` naming the file and the first tensors that do not fit
 */
export async function loadCheckpoint(generator: MaskGenerator, tensors: TensorMap, path: string): Promise<void> {
  try {
    await generator.load(tensors, { strict: true, adapt: true })
  } catch (error) {
    if (!(error instanceof SemplesError) || error.code !== 'SEMPLES_CHECKPOINT_MISMATCH') throw error
    throw new SemplesError(error.code, {
      message: error.message,
      file: path,
      hint: 'A stage needs a checkpoint of the classification stage; add "classify" to the stages to train one from DeiT weights.',
      cause: error,
    })
  }
}
