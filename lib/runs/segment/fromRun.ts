import { join } from 'node:path'
import { merge } from '../../base/merge.js'
import { notice, type OnProgress } from '../../base/progress.js'
import { refuseUseless } from '../../base/useless.js'
import { RunDirectory } from '../../checkpoints/runDirectory.js'
import { segmentPresets } from '../../config/segment/schema.js'
import type { SegmentConfigInput } from '../../config/segment/types.js'
import type { RunConfig } from '../../config/types.js'
import { readClassTable } from '../../datasets/classes/classTableFile.js'
import type { ClassTable } from '../../datasets/dataset.js'
import type { CrfPreset } from '../../refine/presets.js'
import { kindOfSegmenter } from '../../segment/kinds.js'
import { generateMasks } from '../generateMasks.js'
import type { MemoryCheck } from '../memory/check.js'
import { readRunConfig } from '../readConfig.js'
import type { RefinementOptions } from '../refineCams.js'
import { trainedStage } from '../trainedGenerator.js'

/** Names of the segmentation models of a run, within its folder: trained on its masks, and on ground truth. */
export const SEGMENTER_FOLDER = 'segmenter'
export const UPPER_BOUND_FOLDER = 'upper-bound'
/** Masks of the training pictures of a run, which its segmentation model learns from. */
export const MASKS_FOLDER = 'masks'

export interface FromRunOptions {
  /** Refine the masks so; `none`: not. */
  refine?: CrfPreset | RefinementOptions | 'none'
  memoryCheck?: MemoryCheck
  onProgress: OnProgress
  signal?: AbortSignal
}

/** What a run says of the segmentation model that is to follow it; what the user gives wins. */
export interface RunStart {
  input: SegmentConfigInput
  /** Of the run; undefined where the data that are given name their own. */
  classes: ClassTable | undefined
}

/**
 * The data, classes, weights and sizes of a run of mask generators as the start of a segmentation model. Its encoder
 * starts from the run's generator, where it is of that network. Nothing is made yet.
 */
export async function startFromRun(folder: string, given: SegmentConfigInput): Promise<RunStart> {
  const run = await RunDirectory.open(folder)
  const config = await readRunConfig(run)
  const classes = await readClassTable(join(run.path, 'classes.json'))
  const truth = given.targets?.from === 'truth'
  if (!learnsOther(given))
    refuseUseless(
      { data: given.data },
      'with the masks of a run, which are of its own pictures',
      'Give masks of these pictures too (targets.folder, --masks), or leave the pictures out (data, --data).',
    )
  const own: SegmentConfigInput = {
    ...presetOf(config),
    out: join(run.path, truth ? UPPER_BOUND_FOLDER : SEGMENTER_FOLDER),
    seed: config.seed,
    device: config.device,
    precision: config.precision,
    threads: config.threads,
    data: config.data,
    loader: config.loader,
    ...((given.targets?.from ?? 'masks') === 'masks' ? { targets: { folder: join(run.path, MASKS_FOLDER) } } : {}),
  }
  const input = merge(own as object, given) as SegmentConfigInput
  if (given.data !== undefined) input.data = given.data
  const named = (given.data as { classes?: unknown } | undefined)?.classes !== undefined
  return { input: { ...input, ...(await modelOf(run, config, input)) }, classes: named ? undefined : classes }
}

/** Whether the model learns from something else than the masks of the run that it follows. */
export function learnsOther({ targets = {} }: SegmentConfigInput): boolean {
  return targets.folder !== undefined || (targets.from ?? 'masks') !== 'masks'
}

/**
 * Makes the masks that a segmentation model of a run learns from, of the labels that its training pictures have; those
 * that are there are kept.
 */
export async function makeTargets(folder: string, { refine, onProgress, ...options }: FromRunOptions): Promise<void> {
  onProgress(
    notice('masks', 'making the masks of the training pictures, from their labels, that the model learns from'),
  )
  await generateMasks({
    run: folder,
    out: join((await RunDirectory.open(folder)).path, MASKS_FOLDER),
    ...(refine === 'none' ? {} : { refine: refine ?? 'deeplab' }),
    onProgress,
    ...options,
  })
}

/** Recipes of the same name belong together. */
function presetOf({ preset }: RunConfig): SegmentConfigInput {
  const same = segmentPresets.find((name) => name === preset)
  return same === undefined ? {} : { preset: same }
}

async function modelOf(
  run: RunDirectory,
  { generator, clip }: RunConfig,
  { model, clip: givenClip }: SegmentConfigInput,
): Promise<Pick<SegmentConfigInput, 'model' | 'clip'>> {
  const name =
    (model as { kind?: string } | undefined)?.kind ?? (generator.kind === 'cnn' ? 'deeplabv3plus' : 'vit-mask')
  const kind = kindOfSegmenter(name)
  const named = { ...model, kind: name } as SegmentConfigInput['model']
  const { normalize: _, ...own } = clip
  if (kind.needsClip)
    return { model: named, ...(givenClip === undefined && clip.path !== undefined ? { clip: own } : {}) }
  const encoder = kind.encoderOf?.(generator)
  const chosen = (model as { weights?: string } | undefined)?.weights
  if (encoder === undefined) return { model: named }
  if (chosen !== undefined) return { model: { ...encoder, ...named } as typeof named }
  const { stage } = await trainedStage(run, undefined)
  const checkpoint = await run.stage(stage).checkpointPath('best')
  return { model: { ...encoder, weights: join(checkpoint!, 'generator.safetensors'), ...named } as typeof named }
}
