import { count } from '../base/count.js'
import { SemplesError } from '../base/error.js'
import { packageVersion } from '../base/package.js'
import { notice, type OnProgress, warning } from '../base/progress.js'
import { RunDirectory } from '../checkpoints/runDirectory.js'
import { resolveConfig } from '../config/resolve.js'
import { stagesOf } from '../config/stagesOf.js'
import type { RunConfig, TrainConfigInput } from '../config/types.js'
import { findingsOf } from '../datasets/check/findings.js'
import type { Dataset } from '../datasets/dataset.js'
import { fingerprint } from '../datasets/fingerprint.js'
import { countPictures } from '../datasets/oneClass.js'
import { openDataset } from '../datasets/open.js'
import { type Compute, computeOf } from '../models/devices.js'
import type { Stage } from '../stages/stage.js'
import type { MemoryCheck } from './memory/check.js'
import { preflight } from './preflight.js'
import { readRunConfig } from './readConfig.js'

/** A run whose inputs were found good, with the lock of its folder. */
export interface PreparedRun {
  run: RunDirectory
  config: RunConfig
  dataset: Dataset
  /** Opened only where epochs are selected by mIoU. */
  validation?: Dataset
  compute: Compute
  /** Those that are still to run. */
  stages: Stage[]
}

export interface PrepareOptions {
  signal?: AbortSignal
  memoryCheck?: MemoryCheck
}

function warningsTo(onProgress: OnProgress): { onWarning(message: string): void } {
  return { onWarning: (message) => onProgress(warning('run', message)) }
}

/** Checks everything a new run needs, then makes its folder. */
export async function prepareNew(
  settings: TrainConfigInput,
  onProgress: OnProgress,
  { signal, memoryCheck }: PrepareOptions = {},
): Promise<PreparedRun> {
  const config = resolveConfig(settings)
  const dataset = await openTraining(config, onProgress)
  const compute = await computeOf(config, config)
  const stages = stagesOf(config)
  const checks = { config, dataset, compute, stages, memoryCheck, ...warningsTo(onProgress) }
  const { validation, activation } = await preflight(checks)
  const data = await fingerprint(dataset)
  signal?.throwIfAborted()
  const run = await RunDirectory.create(config.out, {
    config,
    classes: dataset.classes,
    versions: { semples: packageVersion(), libtorch: compute.torch },
    seed: config.seed,
    data,
    notes: {
      weights: config.generator.weights,
      select: config.select,
      threads: compute.threads,
      device: compute.device,
      precision: compute.precision,
      ...(activation === undefined ? {} : { clipActivation: activation }),
    },
  })
  return { run, config, dataset, validation, compute, stages }
}

/** Opens a run to go on with, and checks everything that its remaining stages need. */
export async function prepareResumed(
  folder: string,
  settings: TrainConfigInput,
  onProgress: OnProgress,
  { memoryCheck }: PrepareOptions = {},
): Promise<PreparedRun> {
  const [given] = Object.entries(settings)
  if (given !== undefined)
    throw new SemplesError('SEMPLES_CONFIG_INVALID', {
      message: 'A resumed run keeps its configuration.',
      field: given[0],
      value: given[1],
      hint: 'Leave the other settings out, or start a new run.',
    })
  const run = await RunDirectory.open(folder, 'write')
  try {
    const config = await readRunConfig(run)
    const dataset = await openTraining(config, onProgress)
    await requireSameData(run, dataset)
    const compute = await computeOf(config, config)
    const stages = stagesOf(config).filter(({ name }) => run.manifest.stages[name]?.status !== 'done')
    const checks = { config, dataset, compute, stages, memoryCheck, ...warningsTo(onProgress) }
    const { validation } = await preflight(checks)
    return { run, config, dataset, validation, compute, stages }
  } catch (error) {
    await run.close()
    throw error
  }
}

export async function requireSameData(run: RunDirectory, dataset: Dataset): Promise<void> {
  if ((await fingerprint(dataset)) === run.manifest.data) return
  throw new SemplesError('SEMPLES_DATA_CHANGED', {
    message: `The pictures or labels of ${dataset.name} have changed since this run began.`,
    file: run.path,
    hint: 'Put them back as they were, or start a new run.',
  })
}

export async function openTraining(config: RunConfig, onProgress: OnProgress): Promise<Dataset> {
  const dataset = await openDataset(config.data, 'train')
  const unlabelled = dataset.items.filter(({ labels, negative }) => labels.length === 0 && !negative).length
  onProgress(
    notice(
      'run',
      `${dataset.name}: ${count(dataset.items.length, 'picture')}, ${dataset.classes.classes.length} ${dataset.classes.classes.length === 1 ? 'class' : 'classes'}`,
    ),
  )
  if (dataset.described !== undefined) onProgress(notice('run', dataset.described))
  if (unlabelled > 0)
    onProgress(
      warning(
        'run',
        `${unlabelled} ${unlabelled === 1 ? 'picture has' : 'pictures have'} no label: left out of training`,
      ),
    )
  for (const message of [...classWarnings(dataset), ...(dataset.warnings ?? [])]) onProgress(warning('run', message))
  return dataset
}

/** What `checkData` says of classes that no picture shows, or few. */
function classWarnings(dataset: Dataset): string[] {
  const counts = countPictures(dataset)
  const classes = dataset.classes.classes.map((entry, index) => ({ ...entry, pictures: counts[index]! }))
  return findingsOf({ ...dataset, warnings: [] }, [], classes, false)
    .filter(({ level }) => level === 'warning')
    .map(({ message, advice }) => [message, advice].filter(Boolean).join(' '))
}
