import { RunDirectory } from '../checkpoints/runDirectory.js'
import { SemplesError } from '../config/error.js'
import { resolveConfig } from '../config/resolve.js'
import type { RunConfig, TrainConfigInput } from '../config/types.js'
import type { ClassTable, Dataset } from '../datasets/dataset.js'
import { fingerprint } from '../datasets/fingerprint.js'
import { openDataset } from '../datasets/open.js'
import { chooseCompute } from '../models/devices.js'
import { packageVersion } from '../native/diagnose.js'
import { cautions } from '../stages/cautions.js'
import { notice, type OnProgress } from '../stages/progress.js'
import { stagesOf } from '../stages/stage.js'
import { RunModels } from './inputs.js'
import { positionOf, type RunContext, runStage } from './stageRun.js'
import { type StageSummary, summarize } from './summary.js'

export interface TrainOptions {
  /** Called for every step and for every notice. */
  onProgress?: OnProgress
  /** Stops after the step under way; the run can be resumed. */
  signal?: AbortSignal
  /** Folder of a run to go on with; its configuration and data are used. */
  resume?: string
}

export interface RunResult {
  /** Absolute folder of the run. */
  out: string
  classes: ClassTable
  stages: StageSummary[]
  /** What a reader of the result must know: random weights, pixel labels used, pictures left out. */
  notices: string[]
}

/**
 * Trains the SemPLeS stages (Lin et al., WACV 2025, arXiv 2401.11791) on pictures with image-level labels:
 * classification (0), segment-label matching (a), contrastive prompt learning (b), prompt-guided refinement (c).
 *
 * @param input a preset and what differs from it; `data`, `generator.weights`, `clip` and `out` have no default
 * @throws SemplesError for bad configuration, data, weights or a full disk, before anything is half-written; the
 *   reason of `signal` when aborted
 */
export async function trainSemPLeS(input: TrainConfigInput & TrainOptions): Promise<RunResult> {
  const { onProgress, signal, resume, ...settings } = input
  signal?.throwIfAborted()
  const notices: string[] = []
  const report: OnProgress = (progress) => {
    if (progress.message !== undefined && progress.stage === 'run') notices.push(progress.message)
    onProgress?.(progress)
  }
  const { run, config, dataset } =
    resume === undefined ? await begin(settings, report) : await goOn(resume, settings, report)
  try {
    await train({ run, config, dataset, report, signal })
    const stages = summarize(await run.readMetrics(), config.stages, run.manifest)
    return { out: run.path, classes: dataset.classes, stages, notices }
  } finally {
    await run.close()
  }
}

interface Begun {
  run: RunDirectory
  config: RunConfig
  dataset: Dataset
}

async function begin(settings: TrainConfigInput, report: OnProgress): Promise<Begun> {
  const config = resolveConfig(settings)
  const dataset = await openTraining(config, report)
  const compute = await chooseCompute(config.device, config.threads)
  const run = await RunDirectory.create(config.out, {
    config,
    classes: dataset.classes,
    versions: { semples: packageVersion(), libtorch: compute.torch },
    seed: config.seed,
    data: await fingerprint(dataset),
    notes: {
      weights: config.generator.weights,
      select: config.select,
      threads: compute.threads,
      device: compute.device,
    },
  })
  return { run, config, dataset }
}

async function goOn(folder: string, settings: TrainConfigInput, report: OnProgress): Promise<Begun> {
  const given = Object.keys(settings)
  if (given.length > 0)
    throw new SemplesError('SEMPLES_CONFIG_INVALID', {
      message: 'A resumed run keeps its configuration.',
      field: given[0],
      hint: 'Leave the other settings out, or start a new run.',
    })
  const run = await RunDirectory.open(folder, 'write')
  try {
    const config = resolveConfig((await run.readConfig()) as TrainConfigInput)
    const dataset = await openTraining(config, report)
    const data = await fingerprint(dataset)
    if (data !== run.manifest.data)
      throw new SemplesError('SEMPLES_DATA_CHANGED', {
        message: `The pictures or labels of ${dataset.name} have changed since this run began.`,
        file: run.path,
        hint: 'Put them back as they were, or start a new run.',
      })
    return { run, config, dataset }
  } catch (error) {
    await run.close()
    throw error
  }
}

async function train({
  run,
  config,
  dataset,
  report,
  signal,
}: Begun & Pick<RunContext, 'report' | 'signal'>): Promise<void> {
  const compute = await chooseCompute(config.device, config.threads)
  report(notice('run', compute.description))
  for (const message of cautions(config)) report(notice('run', message))
  const stages = stagesOf(config)
  const last = stages.findLast(({ name }) => run.manifest.stages[name] !== undefined)
  const position = last && (await run.stage(last.name).load('last', []))
  const reached = { stage: last?.name, ...(position ? positionOf(position) : { epoch: 0, step: 0 }) }
  const order = stages.map(({ name }) => name as string)

  // Steps after the last checkpoint are made again: their records go.
  const metrics = await run.openMetrics((record) => {
    const at = order.indexOf(String(record.stage)) - order.indexOf(String(reached.stage))
    if (at !== 0) return at < 0
    const epoch = Number(record.epoch) - 1
    return epoch < reached.epoch || (epoch === reached.epoch && Number(record.step) <= reached.step)
  })
  const models = new RunModels(config, dataset, compute)
  try {
    const validation = config.select === 'miou' ? await openDataset(config.data, 'val') : undefined
    for (const stage of stages) {
      if (run.manifest.stages[stage.name]?.status === 'done') continue
      await runStage({ config, run, dataset, validation, models, metrics, report, signal }, stage)
    }
    await run.updateManifest({ finished: new Date().toISOString() })
  } finally {
    await metrics.close()
    await models.dispose()
  }
}

async function openTraining(config: RunConfig, report: OnProgress): Promise<Dataset> {
  const dataset = await openDataset(config.data, 'train')
  const unlabelled = dataset.items.filter(({ labels }) => labels.length === 0).length
  report(notice('run', `${dataset.name}: ${dataset.items.length} pictures, ${dataset.classes.classes.length} classes`))
  if (unlabelled > 0)
    report(
      notice(
        'run',
        `${unlabelled} ${unlabelled === 1 ? 'picture has' : 'pictures have'} no label: left out of training`,
      ),
    )
  for (const warning of dataset.warnings ?? []) report(notice('run', warning))
  return dataset
}
