import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { notice, type OnProgress, warning } from '../base/progress.js'
import type { TrainConfigInput } from '../config/types.js'
import type { ClassTable } from '../datasets/dataset.js'
import type { LoggerOption } from '../native/logger.js'
import type { RunContext } from './context.js'
import { calibrateLabels, writeCalibration } from './labelCalibration.js'
import type { MemoryCheck } from './memory/check.js'
import { type PreparedRun, prepareNew, prepareResumed } from './prepare.js'
import { AFTER_TRAINING } from './report/options.js'
import { RunModels } from './runModels.js'
import { runStage } from './runStage.js'
import { SEGMENTER_FOLDER } from './segment/fromRun.js'
import { segmentRun } from './segment/ofRun.js'
import { type StageSummary, summarize } from './summary.js'
import { TensorBoardLog } from './tensorboard.js'
import { trainedGenerator, trainsGenerator } from './trainedGenerator.js'
import { openMetrics } from './trainingLoop.js'
import { configWarnings } from './warnings.js'

export interface TrainOptions extends LoggerOption {
  /** Called for every step and for every notice. */
  onProgress?: OnProgress
  /** Stops after the step under way; the run can be resumed. */
  signal?: AbortSignal
  /**
   * Also write event files for TensorBoard into `tensorboard/` of the run. Default: no; of a run that goes on, whether
   * it has such files.
   */
  tensorboard?: boolean
  /**
   * Also write `report.html` into the folder of the run when all stages are done (see `reportRun`), with 12 pictures,
   * the stages judged on at most 48 that have ground truth. Default false.
   * A report that fails is a warning; the run stays as it is.
   */
  report?: boolean
  /**
   * Also train a segmentation model on the masks of the training pictures, in `segmenter/` of the run (see `trainSegmenter`),
   * which then needs no labels. Default false; of a run that goes on, whether it was begun.
   */
  segment?: boolean
  /**
   * What happens where a step will need more memory than is free: an error before anything is trained, which says what
   * fits (`error`, the default), a notice (`warn`), or nothing (`off`).
   */
  memoryCheck?: MemoryCheck
  /** Folder of a run to go on with; its configuration and data are used. */
  resume?: string
}

export interface RunResult {
  /** Absolute folder of the run. */
  out: string
  classes: ClassTable
  stages: StageSummary[]
  /** Absolute folder of the segmentation model's run, where one was trained. */
  segmenter?: string
  /** Absolute path of the report, where one was written. */
  report?: string
  /** What may make the result other than meant: random weights, pixel labels used, pictures left out. */
  warnings: string[]
}

/** `trainSemPLeS` of the public API, documented in lib/api/runs.ts. */
export async function trainSemPLeS(input: TrainConfigInput & TrainOptions): Promise<RunResult> {
  const { onProgress: listener, signal, tensorboard, resume, report = false, segment, memoryCheck, ...settings } = input
  signal?.throwIfAborted()
  const warnings: string[] = []
  const onProgress: OnProgress = (progress) => {
    if (progress.message !== undefined && progress.warning) warnings.push(progress.message)
    listener?.(progress)
  }
  const prepared =
    resume === undefined
      ? await prepareNew(settings, onProgress, { signal, memoryCheck })
      : await prepareResumed(resume, settings, onProgress, { memoryCheck })
  const { run, config, dataset, compute } = prepared
  try {
    onProgress(notice('run', compute.description))
    for (const message of [...compute.warnings, ...configWarnings(config)]) onProgress(warning('run', message))
    if (run.manifest.finished === undefined) await train(prepared, onProgress, { signal, tensorboard })
    const stages = summarize(await run.readMetrics(), config.stages, run.manifest)
    const segments = segment ?? existsSync(join(run.path, SEGMENTER_FOLDER, 'run.json'))
    const segmenter = segments
      ? await segmentRun(run.path, SEGMENTER_FOLDER, { onProgress, signal, ...(memoryCheck && { memoryCheck }) })
      : undefined
    const page = report ? await tryReport(run.path, onProgress, signal) : undefined
    return {
      out: run.path,
      classes: dataset.classes,
      stages,
      ...(segmenter === undefined ? {} : { segmenter }),
      ...(page === undefined ? {} : { report: page }),
      warnings,
    }
  } finally {
    await run.close()
  }
}

async function train(
  { run, config, dataset, validation, compute, stages }: PreparedRun,
  onProgress: OnProgress,
  { signal, tensorboard }: Pick<TrainOptions, 'signal' | 'tensorboard'>,
): Promise<void> {
  const metrics = await openMetrics(run, config.stages)
  const models = new RunModels(config, dataset, compute)
  let events: TensorBoardLog | undefined
  try {
    events = await TensorBoardLog.open(run, tensorboard)
    const context: RunContext = { config, run, dataset, validation, models, metrics, events, onProgress, signal }
    for (const stage of stages) await runStage(context, stage)
  } finally {
    await models.dispose()
    await metrics.close()
    await events?.close()
  }
  if (config.stages.some(trainsGenerator)) await calibrate({ run, config, dataset, compute }, onProgress, signal)
  await run.updateManifest({ finished: new Date().toISOString() })
}

/** Stores from which score on a class counts as present, for masks of pictures whose labels are predicted. */
async function calibrate(
  { run, config, dataset, compute }: Pick<PreparedRun, 'run' | 'config' | 'dataset' | 'compute'>,
  onProgress: OnProgress,
  signal?: AbortSignal,
) {
  const { generator, ...trained } = await trainedGenerator(run, config, dataset.classes, undefined, compute)
  using _ = generator
  const calibration = await calibrateLabels({ config, dataset, generator, trained, onProgress, signal })
  await writeCalibration(run, calibration)
}

/** The path of the report; undefined, after a warning, where it could not be made. */
async function tryReport(run: string, onProgress: OnProgress, signal?: AbortSignal): Promise<string | undefined> {
  try {
    const { reportRun } = await import('./report.js')
    onProgress(notice('report', 'making report.html: maps and masks of each stage, of a few pictures'))
    return (await reportRun({ run, ...AFTER_TRAINING, onProgress, signal })).path
  } catch (error) {
    signal?.throwIfAborted()
    onProgress(warning('run', `the report could not be written: ${error instanceof Error ? error.message : error}`))
    return undefined
  }
}
