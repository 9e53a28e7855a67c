import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { DeviceName } from '../base/device.js'
import { SemplesError } from '../base/error.js'
import type { PrecisionName } from '../base/precision.js'
import { itemProgress, notice, type OnProgress } from '../base/progress.js'
import { RunDirectory } from '../checkpoints/runDirectory.js'
import { resolveConfig } from '../config/resolve.js'
import type { SegmentConfigInput } from '../config/segment/types.js'
import type { StageName, TrainConfigInput } from '../config/types.js'
import type { FolderData } from '../datasets/kinds/folder.js'
import type { LoggerOption } from '../native/logger.js'
import type { AblationRow, PromptReport } from '../report/runReport.js'
import { requireReportPath, writeReport } from '../report/writeReport.js'
import { writeScenes } from '../scenes/write.js'
import { gatherReport } from './report/gather.js'
import type { RefineRowOptions } from './report/refined.js'
import { SEGMENTER_FOLDER, UPPER_BOUND_FOLDER } from './segment/fromRun.js'
import { segmentRun } from './segment/ofRun.js'
import { trainSemPLeS } from './trainSemPLeS.js'

/** Sizes of the demo; tests use smaller ones. */
export interface DemoRecipe {
  /** Numbers of scenes to draw: with image-level labels to train on, and with masks to evaluate on. */
  train: number
  val: number
  /** Settings that differ from the preset `demo`. */
  changes?: TrainConfigInput
  /** The same of its segmentation models. */
  segment?: SegmentConfigInput
}

/** A published preset, evaluated at two more thresholds. */
const REFINE: RefineRowOptions = { preset: 'deeplab', thresholds: [0.4, 0.6] }

/** Number of pictures in the report. */
const GALLERY = 12

/** Sizes of the demo that people run. */
export const RECIPE: DemoRecipe = { train: 300, val: 100 }

export interface DemoOptions extends LoggerOption {
  /** Folder for pictures, runs and report; an interrupted demo in it is resumed. Default `runs/demo-<seed>`. */
  out?: string
  /** Random seed of pictures and training: any integer. Default 0. */
  seed?: number
  /** Also train a segmentation model on the masks, and one on ground truth, which takes several minutes more. Default false. */
  segment?: boolean
  device?: DeviceName
  /** In what numbers networks compute. Default `float32`. */
  precision?: PrecisionName
  threads?: number | 'auto'
  onProgress?: OnProgress
  /** Stops after the current step; the same call resumes. */
  signal?: AbortSignal
}

export interface DemoResult {
  seed: number
  /** Wall-clock seconds of this call. */
  seconds: number
  /**
   * `cam`, `matching`, `semples`: the masks after stages 0, a and c, evaluated on pictures that were not trained on;
   * `semples+crf`: the masks of stage c refined by the dense CRF.
   */
  ablation: AblationRow[]
  /** Stage c without prompts, for as many epochs. */
  control: AblationRow
  /** With `segment`: `segmenter` and `upper bound`, told nothing of the same pictures; else empty. */
  segmenters: AblationRow[]
  /** The learned background prompts with the words nearest to them. */
  prompts: PromptReport[]
  /** Words among which those were searched. */
  vocabulary: string[]
  /** Background threshold of the masks. */
  threshold: number
  /** Absolute paths. */
  out: string
  run: string
  report: string
  notices: string[]
}

/** `runDemo` of the public API, documented in lib/api/runs.ts. */
export async function runDemo(options: DemoOptions = {}, recipe: DemoRecipe = RECIPE): Promise<DemoResult> {
  const { seed = 0, onProgress, signal } = options
  checkSeed(seed)
  const started = performance.now()
  const out = resolve(options.out ?? `runs/demo-${seed}`)
  const path = join(out, 'report.html')
  await requireReportPath(path)
  const { train, val } = await drawScenes(out, seed, recipe, onProgress, signal)
  const input: TrainConfigInput = {
    ...recipe.changes,
    preset: 'demo',
    data: train,
    out: join(out, 'run'),
    // Training seeds are not negative.
    seed: Math.abs(seed),
    ...(options.device === undefined ? {} : { device: options.device }),
    ...(options.precision === undefined ? {} : { precision: options.precision }),
    ...(options.threads === undefined ? {} : { threads: options.threads }),
  }
  const run = await trainOrResume(input, onProgress, signal)
  const controlRun = await trainControl(run, input, join(out, 'control'), onProgress, signal)
  if (options.segment === true)
    await trainSegmenters(run, { ...train, masks: val.masks! }, recipe.segment ?? {}, onProgress, signal)

  const report = await gatherReport({
    run,
    data: val,
    judged: recipe.val,
    pictures: GALLERY,
    title: `semples demo, seed ${seed}`,
    control: { run: controlRun, description: 'prompt-guided refinement without prompts, for as many epochs' },
    refine: REFINE,
    onProgress,
    signal,
  })
  await writeReport(path, report)
  return {
    seed,
    seconds: (performance.now() - started) / 1000,
    ablation: report.ablation,
    control: report.control!,
    segmenters: report.segmenters ?? [],
    prompts: report.prompts,
    vocabulary: report.vocabulary,
    threshold: report.threshold,
    out,
    run,
    report: path,
    notices: report.notices,
  }
}

async function drawScenes(
  out: string,
  seed: number,
  { train, val }: DemoRecipe,
  onProgress?: OnProgress,
  signal?: AbortSignal,
): Promise<{ train: FolderData; val: FolderData }> {
  const scenes = join(out, 'scenes')
  const progress = itemProgress('scenes')
  const { reused } = await writeScenes({
    out: scenes,
    train,
    val,
    seed,
    onProgress: (done, total) => onProgress?.(progress(done, total)),
    signal,
  })
  onProgress?.(
    notice(
      'scenes',
      `${reused ? 'found' : 'drew'} ${train} pictures to train on and ${val} to evaluate on in ${scenes}`,
    ),
  )
  const data = (split: string): FolderData => ({
    folder: join(scenes, 'JPEGImages'),
    labels: join(scenes, `${split}.csv`),
    classes: join(scenes, 'classes.json'),
  })
  // The training data do not name the masks.
  return { train: data('train'), val: { ...data('val'), masks: join(scenes, 'SegmentationClass') } }
}

/** Trains a run, or resumes the one in its folder if the config is the same. */
async function trainOrResume(input: TrainConfigInput, onProgress?: OnProgress, signal?: AbortSignal): Promise<string> {
  const folder = input.out!
  if (!existsSync(join(folder, 'run.json'))) return (await trainSemPLeS({ ...input, onProgress, signal })).out
  const expected = JSON.stringify(resolveConfig(input))
  const found = JSON.stringify(
    resolveConfig((await (await RunDirectory.open(folder)).readConfig()) as TrainConfigInput),
  )
  if (found !== expected)
    throw new SemplesError('SEMPLES_RUN_EXISTS', {
      message: `${folder} holds a demo with other settings or of another version.`,
      file: folder,
      field: 'out',
      hint: 'Remove that folder, or choose another (--out).',
    })
  return (await trainSemPLeS({ resume: folder, onProgress, signal })).out
}

/** Stage c from the same start, for as many epochs, without prompts. */
async function trainControl(
  run: string,
  input: TrainConfigInput,
  out: string,
  onProgress?: OnProgress,
  signal?: AbortSignal,
): Promise<string> {
  const stage: StageName = 'classify'
  const checkpoint = await (await RunDirectory.open(run)).stage(stage).checkpointPath('best')
  const named: OnProgress | undefined =
    onProgress && ((progress) => onProgress(progress.stage === 'guide' ? { ...progress, stage: 'control' } : progress))
  const settings: TrainConfigInput = {
    ...input,
    out,
    generator: { ...input.generator, weights: join(checkpoint!, 'generator.safetensors') },
    stages: ['guide'],
    guide: { ...input.guide, terms: { ...input.guide?.terms, foreground_prompt: 0 } },
  }
  return trainOrResume(settings, named, signal)
}

/** On the run's masks, and on ground truth with all else equal. */
async function trainSegmenters(
  run: string,
  withTruth: FolderData,
  changes: SegmentConfigInput,
  onProgress?: OnProgress,
  signal?: AbortSignal,
): Promise<void> {
  const options = { ...(onProgress === undefined ? {} : { onProgress }), ...(signal === undefined ? {} : { signal }) }
  await segmentRun(run, SEGMENTER_FOLDER, { ...options, changes })
  await segmentRun(run, UPPER_BOUND_FOLDER, { ...options, changes: { ...changes, data: withTruth } })
}

function checkSeed(seed: number): void {
  if (Number.isSafeInteger(seed)) return
  throw new SemplesError('SEMPLES_CONFIG_INVALID', {
    message: 'The seed is not an integer.',
    field: 'seed',
    value: seed,
    expected: 'an integer',
  })
}
