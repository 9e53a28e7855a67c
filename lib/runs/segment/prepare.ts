import { join } from 'node:path'
import { count } from '../../base/count.js'
import { SemplesError } from '../../base/error.js'
import { isRecord } from '../../base/optionError.js'
import { packageVersion } from '../../base/package.js'
import { notice, type OnProgress, warning } from '../../base/progress.js'
import { RunDirectory } from '../../checkpoints/runDirectory.js'
import { resolveSegmentConfig } from '../../config/segment/resolve.js'
import type { SegmentConfig, SegmentConfigInput } from '../../config/segment/types.js'
import { readClassTable } from '../../datasets/classes/classTableFile.js'
import type { ClassTable, Dataset } from '../../datasets/dataset.js'
import { fingerprint } from '../../datasets/fingerprint.js'
import type { Batches } from '../../loader/ordered.js'
import { type Compute, computeOf, type Placement } from '../../models/devices.js'
import { createSegmentLoader, type SegmentBatch } from '../../segment/loader.js'
import { balancedWeights } from '../../segment/targets/classWeights.js'
import { openTargets, type Targets } from '../../segment/targets/targets.js'
import type { MemoryCheck } from '../memory/check.js'
import { requireSameData } from '../prepare.js'
import { readSegmentConfig, SEGMENTER } from '../readConfig.js'
import { checkStepMemory } from './memory.js'
import { makeSegmenter, startEncoder } from './models.js'
import { openSegmentPictures } from './pictures.js'
import { frequenciesOf, readTargets } from './readTargets.js'

/** The run of a segmentation model whose inputs were found good, with the lock of its folder. */
export interface PreparedSegmentRun {
  run: RunDirectory
  config: SegmentConfig
  dataset: Dataset
  targets: Targets
  loader: Batches<SegmentBatch>
  compute: Compute
}

export interface PrepareOptions {
  onProgress: OnProgress
  signal?: AbortSignal
  memoryCheck?: MemoryCheck
}

/** Name of the one stage of such a run. */
export const SEGMENT_STAGE = 'segment' as const

/**
 * Checks everything that a new run needs, then makes its folder.
 * @param classes where they come from elsewhere than data and masks
 */
export async function prepareNew(
  input: SegmentConfigInput,
  options: PrepareOptions,
  classes?: ClassTable,
): Promise<PreparedSegmentRun> {
  const config = resolveSegmentConfig(input)
  await RunDirectory.requireFree(config.out)
  const opened = await openInputs(config, options, classes)
  const { dataset, targets, compute } = opened
  // What it refuses needs no frequencies.
  openLoader(config, opened, undefined, options.onProgress)
  const notes = await tryModel(config, dataset.classes, compute)
  for (const { text, warning: warns } of notes) options.onProgress((warns ? warning : notice)(SEGMENT_STAGE, text))
  // A mistake in any mask is told before anything is trained.
  const frequencies = await readTargets(targets, dataset, options)
  const loader = openLoader(config, opened, frequencies, options.onProgress)
  const data = await fingerprint(dataset)
  const targetFiles = await targets.fingerprint()
  options.signal?.throwIfAborted()
  const run = await RunDirectory.create(config.out, {
    config,
    classes: dataset.classes,
    versions: { semples: packageVersion(), libtorch: compute.torch },
    seed: config.seed,
    data,
    notes: {
      kind: SEGMENTER,
      targets: targets.describe,
      targetFiles,
      threads: compute.threads,
      device: compute.device,
      precision: compute.precision,
    },
  })
  return { run, config, dataset, targets, loader, compute }
}

/** Opens a run to go on with, and checks what it needs. */
export async function prepareResumed(
  folder: string,
  settings: SegmentConfigInput,
  options: PrepareOptions,
): Promise<PreparedSegmentRun> {
  refuseSettings(settings)
  const run = await RunDirectory.open(folder, 'write')
  try {
    const config = await readSegmentConfig(run)
    const opened = await openInputs(config, options, await readClassTable(join(run.path, 'classes.json')))
    const { dataset, targets, compute } = opened
    await requireSameData(run, dataset)
    await requireSameTargets(run, targets)
    const finished = run.manifest.finished !== undefined
    const frequencies =
      config.train.classWeights === 'balanced' && !finished ? await frequenciesOf(targets, dataset, options) : undefined
    const loader = openLoader(config, opened, frequencies, options.onProgress)
    return { run, config, dataset, targets, loader, compute }
  } catch (error) {
    await run.close()
    throw error
  }
}

/** @throws SemplesError `SEMPLES_CONFIG_INVALID` for any setting: a run that goes on has its own */
export function refuseSettings(settings: object): void {
  const [first] = Object.entries(settings)
  if (first === undefined) return
  let [field, value] = first as [string, unknown]
  // train: { epochs: 4 } is train.epochs
  for (let inner = onlyField(value); inner !== undefined; inner = onlyField(value)) {
    field = `${field}.${inner[0]}`
    value = inner[1]
  }
  throw new SemplesError('SEMPLES_CONFIG_INVALID', {
    message: 'A resumed run keeps its configuration.',
    field,
    value,
    hint: 'Leave the other settings out, or start a new run.',
  })
}

function onlyField(value: unknown): [string, unknown] | undefined {
  const fields = isRecord(value) ? Object.entries(value) : []
  return fields.length === 1 ? fields[0] : undefined
}

async function requireSameTargets({ manifest, path }: RunDirectory, targets: Targets): Promise<void> {
  const { targetFiles } = manifest.notes
  if (targetFiles === undefined || (await targets.fingerprint()) === targetFiles) return
  throw new SemplesError('SEMPLES_DATA_CHANGED', {
    message: `What this run learns from (${targets.describe}) has changed since it began.`,
    file: path,
    field: 'targets.folder',
    hint: 'Put the files back as they were, or start a new run.',
  })
}

async function openInputs(
  config: SegmentConfig,
  { onProgress, memoryCheck }: PrepareOptions,
  classes: ClassTable | undefined,
) {
  const dataset = await openSegmentPictures(config, onProgress, classes)
  const targets = await openTargets(config.targets, dataset)
  const all = dataset.items.length
  onProgress(
    notice(
      'run',
      `${targets.describe}: of ${targets.found === all ? '' : `${targets.found} of `}${count(all, 'picture')}`,
    ),
  )
  for (const message of targets.warnings) onProgress(warning('run', message))
  const compute = await computeOf(config, config)
  for (const message of compute.warnings) onProgress(warning('run', message))
  const size = { classes: targets.classes, pictures: targets.found, device: compute.device }
  const tooLarge = await checkStepMemory(config, size, memoryCheck)
  if (tooLarge !== undefined) onProgress(warning('run', tooLarge))
  return { dataset, targets, compute }
}

/** @param frequencies of the classes, where their weights are to be balanced */
function openLoader(
  config: SegmentConfig,
  { dataset, targets }: { dataset: Dataset; targets: Targets },
  frequencies: readonly number[] | undefined,
  onProgress: OnProgress,
): Batches<SegmentBatch> {
  const { prefetch, concurrency, cacheMegabytes, unreadable } = config.loader
  const balanced = config.train.classWeights === 'balanced' && frequencies !== undefined
  return createSegmentLoader({
    dataset,
    targets,
    augment: config.augment,
    batch: config.train.batch,
    seed: config.seed,
    stage: SEGMENT_STAGE,
    prefetch,
    ...(concurrency === 'auto' ? {} : { concurrency }),
    cacheBytes: cacheMegabytes * 2 ** 20,
    unreadable: unreadable === 'skip' ? 'skip' : 'throw',
    onSkip: (item, error) => onProgress(notice(SEGMENT_STAGE, `left out ${item.id}: ${error.message}`)),
    ...(balanced ? { classWeights: Float32Array.from(balancedWeights(frequencies)) } : {}),
  })
}

/** Makes the model and loads its first weights, so that what does not fit is told at once. */
export async function tryModel(config: SegmentConfig, { classes }: ClassTable, compute: Placement) {
  using models = await makeSegmenter(config, classes.length + 1, compute)
  return (await startEncoder(models.segmenter, config.model))?.notes ?? []
}
