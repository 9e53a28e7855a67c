import { notice, type OnProgress, warning } from '../../base/progress.js'
import { refuseUseless } from '../../base/useless.js'
import { RunDirectory } from '../../checkpoints/runDirectory.js'
import { resolveSegmentConfig } from '../../config/segment/resolve.js'
import type { SegmentConfigInput } from '../../config/segment/types.js'
import type { ClassTable } from '../../datasets/dataset.js'
import { computeOf } from '../../models/devices.js'
import { type Segmenter, SegmentTrainer } from '../../models/segmenter.js'
import type { LoggerOption } from '../../native/logger.js'
import type { CrfPreset } from '../../refine/presets.js'
import { kindOfSegmenter } from '../../segment/kinds.js'
import { requireTargetFolders } from '../../segment/targets/targets.js'
import { stepsOf } from '../../stages/epochs.js'
import { TrainingCheckpoints } from '../checkpoints.js'
import type { MemoryCheck } from '../memory/check.js'
import type { RefinementOptions } from '../refineCams.js'
import { type StageSummary, summarize } from '../summary.js'
import { TensorBoardLog } from '../tensorboard.js'
import { openMetrics, runTraining } from '../trainingLoop.js'
import { learnsOther, makeTargets, startFromRun } from './fromRun.js'
import { makeSegmenter, startEncoder } from './models.js'
import { type PreparedSegmentRun, prepareNew, prepareResumed, SEGMENT_STAGE, tryModel } from './prepare.js'

export interface TrainSegmenterOptions extends LoggerOption {
  /**
   * Folder of a run of mask generators: its data, classes and generator are what the model starts from, the masks of its
   * training pictures are made first, in `masks/` of it, and `out` is `segmenter/` in it, or with ground truth as
   * targets `upper-bound/`. Whatever else is given wins.
   */
  run?: string
  /** With `run`: refine its masks so (see `refineMask`), or `none`. Default `deeplab`, a dense CRF. */
  refine?: CrfPreset | RefinementOptions | 'none'
  /** Called for every step and for every notice. */
  onProgress?: OnProgress
  /** Stops after the step under way; the run can be resumed. */
  signal?: AbortSignal
  /** Also write event files for TensorBoard. Default: no; of a run that goes on, whether it has such files. */
  tensorboard?: boolean
  /** What happens where a step will need more memory than is free. Default `error`. */
  memoryCheck?: MemoryCheck
  /** Folder of a run of `trainSegmenter` to go on with; its configuration and data are used. */
  resume?: string
}

export interface TrainSegmenterResult {
  /** Absolute folder of the run. */
  out: string
  classes: ClassTable
  stages: StageSummary<'segment'>[]
  /** What may make the result other than meant. */
  warnings: string[]
}

/** `trainSegmenter` of the public API, documented in lib/api/segment.ts. */
export async function trainSegmenter(input: SegmentConfigInput & TrainSegmenterOptions): Promise<TrainSegmenterResult> {
  const {
    onProgress: listener,
    signal,
    tensorboard,
    resume,
    memoryCheck,
    run: from,
    refine,
    logger: _,
    ...given
  } = input
  signal?.throwIfAborted()
  const warnings: string[] = []
  const onProgress: OnProgress = (progress) => {
    const { message, warning: warns } = progress
    if (message !== undefined && warns && !warnings.includes(message)) warnings.push(message)
    listener?.(progress)
  }
  const options = { onProgress, signal, ...(memoryCheck === undefined ? {} : { memoryCheck }) }
  const prepared =
    resume === undefined
      ? await prepareGiven(given, from, { ...options, ...(refine === undefined ? {} : { refine }) })
      : await prepareResumed(
          resume,
          {
            ...given,
            ...(from === undefined ? {} : { run: from }),
            ...(refine === undefined ? {} : { refine }),
          } as SegmentConfigInput,
          options,
        )
  const { run, dataset, targets, compute } = prepared
  const known = targets.warnings.length
  try {
    onProgress(notice('run', compute.description))
    for (const message of configWarnings(prepared)) onProgress(warning('run', message))
    if (run.manifest.finished === undefined) await train(prepared, onProgress, { signal, tensorboard })
    else onProgress(notice('run', 'this run is finished: nothing is left to train'))
    for (const message of targets.warnings.slice(known)) onProgress(warning('run', message))
    const stages = summarize(await run.readMetrics(), [SEGMENT_STAGE], run.manifest)
    return { out: run.path, classes: dataset.classes, stages, warnings }
  } finally {
    await run.close()
  }
}

async function prepareGiven(
  given: SegmentConfigInput,
  from: string | undefined,
  { refine, ...options }: Parameters<typeof makeTargets>[1],
): Promise<PreparedSegmentRun> {
  refuseUseless(
    from === undefined || learnsOther(given) ? { refine } : {},
    from === undefined
      ? 'without run, of which masks are made'
      : 'where no masks are made: what the model learns from is taken as it is',
  )
  if (from === undefined) return prepareNew(given, options)
  const { input, classes } = await startFromRun(from, given)
  if (!learnsOther(given)) {
    // Masks take long: what would be refused after them is refused before.
    const config = resolveSegmentConfig(input)
    await RunDirectory.requireFree(config.out)
    const { folder: _, ...beside } = config.targets
    await requireTargetFolders(beside)
    await tryModel(config, classes!, await computeOf(config, config))
    await makeTargets(from, { ...options, ...(refine === undefined ? {} : { refine }) })
  }
  return prepareNew(input, options, classes)
}

async function train(
  { run, config, dataset, loader, compute }: PreparedSegmentRun,
  onProgress: OnProgress,
  { signal, tensorboard }: Pick<TrainSegmenterOptions, 'signal' | 'tensorboard'>,
): Promise<void> {
  const { train: options } = config
  using models = await makeSegmenter(config, dataset.classes.classes.length + 1, compute)
  const { segmenter } = models
  // What a checkpoint holds needs no first weights: their file may be gone.
  if ((await run.stage(SEGMENT_STAGE).checkpointPath('last')) === undefined) await startEncoder(segmenter, config.model)
  const { microBatch, gradientClip, optimizer, groups, loss } = options
  using trainer = await SegmentTrainer.create({ segmenter, loss, microBatch, gradientClip, optimizer, groups })
  const metrics = await openMetrics(run, [SEGMENT_STAGE])
  let events: TensorBoardLog | undefined
  try {
    events = await TensorBoardLog.open(run, tensorboard)
    await runTraining({
      run,
      name: SEGMENT_STAGE,
      title: kindOfSegmenter(config.model.kind).title,
      loop: { ...options, learningRate: rateOf(options) },
      microBatchField: 'train.microBatch',
      loader,
      trainer,
      checkpoints: checkpointsOf(),
      numbersOf: ({ loss, clipped, labelled, skipped }) => ({ loss, terms: { clipped, labelled }, skipped }),
      metrics,
      events,
      onProgress,
      signal,
    })
  } finally {
    await metrics.close()
    await events?.close()
  }
  await run.updateManifest({ finished: new Date().toISOString() })

  function checkpointsOf(): TrainingCheckpoints {
    return new TrainingCheckpoints({
      directory: run.stage(SEGMENT_STAGE),
      metrics,
      trained: keptOf(segmenter),
      trainer,
      steps: stepsOf({ stage: options, loader }),
    })
  }
}

/** File of the weights in a checkpoint. */
export const SEGMENTER_FILE = 'segmenter'

function keptOf(segmenter: Segmenter) {
  return {
    file: SEGMENTER_FILE,
    state: () => segmenter.state(),
    load: (tensors: Parameters<Segmenter['load']>[0]) => segmenter.load(tensors),
  }
}

function rateOf({ lr, lrBatch, batch }: PreparedSegmentRun['config']['train']): number {
  return lrBatch === 0 ? lr : (lr * batch) / lrBatch
}

function configWarnings({ config }: PreparedSegmentRun): string[] {
  const { model, targets } = config
  return [
    ...('weights' in model && model.weights === 'random'
      ? ['the encoder starts from random numbers (model.weights): it learns all that it knows from these masks']
      : []),
    ...(targets.from === 'truth' ? ['trained on ground truth: full supervision, as an upper bound'] : []),
  ]
}
