import { SemplesError } from '../base/error.js'
import type { TensorData, TensorMap } from '../base/tensor.js'
import { requireFinite } from './finite.js'
import { floats } from './foreign/floats.js'
import { judgeLoad } from './foreign/plan.js'
import { publishedHeads } from './foreign/sizes.js'
import { carryOut, type Step } from './foreign/steps.js'
import type { ModelTensor } from './foreign/types.js'
import type { Segmenter } from './segmenter.js'
import { fileTensors, type LoadedWeights, type UnreadTensors } from './weights.js'

/**
 * Loads what the encoder of a segmentation model starts from: published weights, or the generator of a run. The class
 * tokens of a WeakTr, one a class, become one, their mean; position embeddings are resized bilinearly, as in the published retraining.
 *
 * @param heads attention heads of the encoder, where it has them: shapes do not tell those of the file
 * @throws SemplesError `SEMPLES_CHECKPOINT_MISMATCH` saying what the file is, where that is recognised;
 *   `SEMPLES_CHECKPOINT_INVALID` for numbers that are not finite. Nothing was loaded then
 */
export async function loadEncoder(
  segmenter: Segmenter,
  tensors: TensorMap,
  path: string,
  { unread = new Map(), heads }: { unread?: UnreadTensors; heads?: number } = {},
): Promise<LoadedWeights> {
  const { prefix, model } = encoderOf(segmenter)
  const plain = withOneToken(tensors)
  const judged = judgeLoad(fileTensors(plain, unread), model, 'start', path)
  if ('refused' in judged)
    throw new SemplesError('SEMPLES_CHECKPOINT_MISMATCH', {
      message: forSegmenter(judged.refused.message),
      file: path,
      field: 'model.weights',
      hint: 'Give the sizes of these weights under model (width, depth, patchSize; backbone), or other weights: npx semples weights lists published ones.',
    })
  const steps = new Map([...judged.steps].map(([name, step]): [string, Step] => [name, bilinear(step)]))
  const made = carryOut(steps, plain)
  requireFinite(made, path, 'SEMPLES_CHECKPOINT_INVALID')
  const named = Object.fromEntries(Object.entries(made).map(([name, tensor]) => [`${prefix}${name}`, tensor]))
  await segmenter.load(named, { strict: false, required: Object.keys(named) })
  const width = made['patch_embed.proj.weight']?.shape[0]
  const usual = width === undefined ? undefined : publishedHeads(width)
  const ofGenerator = judged.report.unexpected.every((name) => name.startsWith('adaptive_attention_fusion.'))
  const notes = judged.notes
    // Of a WeakTr it is nothing to wonder at.
    .filter(({ text }) => plain === tensors || !ofGenerator || !text.startsWith('the weights hold'))
    .map(({ text, warning }) => ({ text: forSegmenter(text), warning }))
  if (plain !== tensors)
    notes.push({
      warning: false,
      text: `the weights have ${tensors.cls_token!.shape[1]} class tokens, one for each class of their generator: the model starts from their mean, and without their attention fusion`,
    })
  if (usual !== undefined && heads !== undefined && usual !== heads)
    notes.push({
      warning: true,
      text: `published vision transformers of width ${width} have ${usual} attention heads, and the model has ${heads} (model.heads); with another number than they were trained with these weights compute something else`,
    })
  return { report: judged.report, notes }
}

/** What is said of weights and a mask generator, of an encoder. */
function forSegmenter(text: string): string {
  return text
    .replaceAll('the generator', 'the encoder of the model')
    .replace(/\bgenerator\.(?=heads|width|depth|patchSize|imageSize|backbone)/g, 'model.')
}

/** What of a model was trained before, under the names that published weights have. */
function encoderOf({ parameters }: Segmenter): { prefix: string; model: ModelTensor[] } {
  const own = parameters.filter(({ encoder }) => encoder)
  const prefix = /^[^.]*\./.exec(own[0]?.name ?? '')?.[0] ?? ''
  const model = own.map(({ name, shape, buffer }) => ({ name: name.slice(prefix.length), shape, head: false, buffer }))
  return { prefix, model }
}

function bilinear(step: Step): Step {
  return step.kind === 'positions' ? { ...step, mode: 'bilinear' } : step
}

/** A WeakTr's class tokens and their positions as one of each. */
function withOneToken(tensors: TensorMap): TensorMap {
  const { cls_token: token, pos_embed: positions } = tensors
  const classes = token?.shape[1] ?? 1
  if (token === undefined || positions === undefined || token.shape.length !== 3 || classes === 1) return tensors
  if (positions.shape.length !== 3 || positions.shape[1]! <= classes) return tensors
  return { ...tensors, cls_token: meanFirst(token, classes), pos_embed: meanFirst(positions, classes) }
}

/** [1, rows, D] with the mean of its first `count` rows in their place. */
function meanFirst(tensor: TensorData, count: number): TensorData {
  const [, rows, width] = tensor.shape as [number, number, number]
  const all = floats(tensor)
  const result = new Float32Array((rows - count + 1) * width)
  for (let row = 0; row < count; row++) for (let i = 0; i < width; i++) result[i]! += all[row * width + i]! / count
  result.set(all.subarray(count * width), width)
  return { dtype: 'float32', shape: [1, rows - count + 1, width], data: result }
}
