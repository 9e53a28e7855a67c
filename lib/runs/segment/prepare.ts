import { join } from 'node:path'
import { SemplesError } from '../../base/error.js'
import { packageVersion } from '../../base/package.js'
import { notice, type OnProgress, warning } from '../../base/progress.js'
import { RunDirectory } from '../../checkpoints/runDirectory.js'
import { resolveSegmentConfig } from '../../config/segment/resolve.js'
import type { SegmentConfig, SegmentConfigInput } from '../../config/segment/types.js'
import { readClassTable } from '../../datasets/classes/classTableFile.js'
import type { ClassTable, Dataset } from '../../datasets/dataset.js'
import { fingerprint } from '../../datasets/fingerprint.js'
import type { Batches } from '../../loader/ordered.js'
import { type Compute, chooseCompute } from '../../models/devices.js'
import { createSegmentLoader, type SegmentBatch } from '../../segment/loader.js'
import { balancedWeights, classFrequencies } from '../../segment/targets/classWeights.js'
import { openTargets, type Targets } from '../../segment/targets/targets.js'
import type { MemoryCheck } from '../memory/check.js'
import { requireSameData } from '../prepare.js'
import { readSegmentConfig, SEGMENTER } from '../readConfig.js'
import { checkStepMemory } from './memory.js'
import { makeSegmenter, startEncoder } from './models.js'
import { openSegmentPictures } from './pictures.js'

/** The run of a segmentation model whose inputs were found good, with the lock of its folder. */
export interface PreparedSegmentRun {
  run: RunDirectory
  config: SegmentConfig
  dataset: Dataset
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
  const opened = await openAll(config, options, classes)
  const { dataset, targets, compute } = opened
  const notes = await tryModel(config, dataset, compute)
  for (const { text, warning: warns } of notes) options.onProgress((warns ? warning : notice)(SEGMENT_STAGE, text))
  const data = await fingerprint(dataset)
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
      threads: compute.threads,
      device: compute.device,
    },
  })
  return { run, config, dataset, loader: opened.loader, compute }
}

/** Opens a run to go on with, and checks what it needs. */
export async function prepareResumed(
  folder: string,
  settings: SegmentConfigInput,
  options: PrepareOptions,
): Promise<PreparedSegmentRun> {
  const [given] = Object.keys(settings)
  if (given !== undefined)
    throw new SemplesError('SEMPLES_CONFIG_INVALID', {
      message: 'A resumed run keeps its configuration.',
      field: given,
      hint: 'Leave the other settings out, or start a new run.',
    })
  const run = await RunDirectory.open(folder, 'write')
  try {
    const config = await readSegmentConfig(run)
    const { dataset, loader, compute } = await openAll(
      config,
      options,
      await readClassTable(join(run.path, 'classes.json')),
    )
    await requireSameData(run, dataset)
    return { run, config, dataset, loader, compute }
  } catch (error) {
    await run.close()
    throw error
  }
}

async function openAll(
  config: SegmentConfig,
  { onProgress, signal, memoryCheck }: PrepareOptions,
  classes: ClassTable | undefined,
) {
  const dataset = await openSegmentPictures(config, onProgress, classes)
  const targets = await openTargets(config.targets, dataset)
  onProgress(notice('run', targets.describe))
  for (const message of targets.warnings) onProgress(warning('run', message))
  const compute = await chooseCompute(config.device, config.threads)
  const size = { classes: targets.classes, pictures: targets.found, device: compute.device }
  const tooLarge = await checkStepMemory(config, size, memoryCheck)
  if (tooLarge !== undefined) onProgress(warning('run', tooLarge))
  const loader = await openLoader(config, dataset, targets, onProgress, signal)
  return { dataset, targets, compute, loader }
}

/** A mistake in the masks is told before anything is trained: the first one is read. */
async function openLoader(
  config: SegmentConfig,
  dataset: Dataset,
  targets: Targets,
  onProgress: OnProgress,
  signal?: AbortSignal,
): Promise<Batches<SegmentBatch>> {
  const { prefetch, concurrency, cacheMegabytes, unreadable } = config.loader
  const items = dataset.items.filter((item) => targets.has(item))
  const balanced = config.train.classWeights === 'balanced'
  if (balanced) onProgress(notice('run', 'counting the pixels of each class, for balanced weights'))
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
    ...(balanced
      ? { classWeights: Float32Array.from(balancedWeights(await classFrequencies(targets, items, { signal }))) }
      : {}),
  })
}

/** Makes the model and loads its first weights, so that what does not fit is told at once. */
async function tryModel(config: SegmentConfig, dataset: Dataset, compute: Compute) {
  using models = await makeSegmenter(config, dataset.classes.classes.length + 1, compute.device)
  return (await startEncoder(models.segmenter, config.model))?.notes ?? []
}
