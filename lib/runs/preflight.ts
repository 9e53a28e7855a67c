import { count, listed } from '../base/count.js'
import { SemplesError } from '../base/error.js'
import type { TensorData } from '../base/tensor.js'
import type { RunConfig } from '../config/types.js'
import type { Dataset } from '../datasets/dataset.js'
import { openDataset } from '../datasets/open.js'
import type { ChosenActivation } from '../models/clip/activation.js'
import type { Compute } from '../models/devices.js'
import { clipMissing } from '../models/missing.js'
import type { Stage } from '../stages/stage.js'
import { weightsFile } from '../weights/find.js'
import { loadWeights, weightsSourceOf } from './initialWeights.js'
import type { MemoryCheck } from './memory/check.js'
import { checkTrainingMemory } from './memory/training.js'
import { RunModels } from './runModels.js'
import { noPixelLabels } from './selection.js'

export interface PreflightOptions {
  config: RunConfig
  dataset: Dataset
  compute: Compute
  /** Those that are still to run. */
  stages: readonly Stage[]
  /** What to do where a step will not fit into memory. Default `error`. */
  memoryCheck?: MemoryCheck
  /** What a person should know of it. */
  onWarning?(message: string): void
}

/** What was found on the way. */
export interface Preflight {
  /** The pictures to select epochs by, where that is asked for. */
  validation?: Dataset
  /** Of the CLIP, where it is known. */
  activation?: ChosenActivation
}

/**
 * Opens and tries everything that some stage will need, so that what cannot succeed fails within seconds, before
 * anything is trained or written. What was opened is closed again.
 *
 * @throws SemplesError naming the stage's field, the weights, the CLIP or the data set at fault
 */
export async function preflight(options: PreflightOptions): Promise<Preflight> {
  const { config, dataset, compute, stages } = options
  for (const stage of stages) checkBatch(stage, dataset)
  const selects = config.select === 'miou' && stages.some(({ trains }) => trains !== 'prompts')
  const validation = selects ? await openValidation(config) : undefined
  const { memoryCheck: check = 'error', onWarning } = options
  const surroundings = { config, dataset, stages, device: compute.device }
  for (const warning of await checkTrainingMemory(surroundings, { check })) onWarning?.(warning)
  const models = new RunModels(config, dataset, compute)
  try {
    if (stages.length > 0) await tryGenerator(models, options)
    const usesClip = stages.some(({ needsClip }) => needsClip)
    return { validation, activation: usesClip ? await tryClip(models, options) : undefined }
  } finally {
    await models.dispose()
  }
}

export function checkBatch({ name, batch }: Stage, dataset: Dataset): void {
  const labelled = dataset.items.filter(({ labels }) => labels.length > 0).length
  if (labelled === 0)
    throw new SemplesError('SEMPLES_NO_LABELS', {
      message: `None of the ${dataset.items.length} pictures of ${dataset.name} has a label, so there is nothing to learn from.`,
      field: 'data',
      hint: 'Check that the labels belong to these pictures and name classes.',
    })
  if (batch > labelled)
    throw new SemplesError('SEMPLES_BATCH_TOO_LARGE', {
      message: `Stage ${name} takes ${batch} pictures a step, and ${dataset.name} has ${labelled} with a label.`,
      field: `${name}.batch`,
      value: batch,
      expected: `at most ${labelled}`,
      hint: `Set ${name}.batch, or batch for all stages, to ${labelled} or less.`,
    })
}

/** Masks may be missing one by one; one at least must be there, and readable. */
export async function openValidation(config: RunConfig): Promise<Dataset> {
  const validation = await openDataset(config.data, 'val')
  for (const item of validation.items) if ((await validation.mask(item)) !== undefined) return validation
  throw noPixelLabels(validation)
}

export async function tryGenerator(
  models: RunModels,
  { config, dataset, stages }: Pick<PreflightOptions, 'config' | 'dataset' | 'stages'>,
): Promise<void> {
  const generator = await models.generator()
  const first = stages.find(({ name }) => weightsSourceOf(name, config.stages) === 'weights')
  if (first !== undefined && config.generator.weights !== 'random')
    await loadWeights(config, first.name, generator, dataset)
}

/**
 * A picture, the class names and a learned prompt go through CLIP once.
 * @returns its activation
 */
export async function tryClip(
  models: RunModels,
  { config, stages, onWarning }: Pick<PreflightOptions, 'config' | 'stages' | 'onWarning'>,
): Promise<ChosenActivation | undefined> {
  const path = await weightsFile(config.clip.path!, 'clip', { otherwise: clipMissing().hint })
  const clip = await models.clip()
  const unknown = clip.report?.unexpected ?? []
  if (unknown.length > 0)
    onWarning?.(
      `${path} holds ${count(unknown.length, 'tensor')} that a CLIP does not have, left out: ${listed(unknown, 8)}`,
    )
  const { imageSize } = clip.info
  const texts = await models.textIds()
  try {
    await clip.encodeImage(blank(imageSize))
    await clip.embedTokens(texts)
    if (!stages.some(({ needsPrompts }) => needsPrompts)) return clip.activation
    using prompts = await models.newPrompts(clip, 1)
    await prompts.encode(clip)
    return clip.activation
  } catch (cause) {
    if (!(cause instanceof SemplesError) || cause.code !== 'SEMPLES_NATIVE') throw cause
    throw new SemplesError('SEMPLES_CLIP_INVALID', {
      message: `This CLIP opens, but does not compute: ${cause.message}`,
      file: path,
      field: 'clip.path',
      hint: "Give OpenAI's ViT-B-32.pt, or the weights of a CLIP from open_clip or Hugging Face.",
      cause,
    })
  }
}

function blank(size: number): TensorData {
  return { dtype: 'float32', shape: [1, 3, size, size], data: new Float32Array(3 * size * size) }
}
