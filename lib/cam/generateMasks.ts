import { join, resolve } from 'node:path'
import { writeJsonAtomic } from '../base/atomic.js'
import { SemplesError } from '../base/error.js'
import { notice, type OnProgress, type Progress } from '../base/progress.js'
import { RunDirectory } from '../checkpoints/runDirectory.js'
import { resolveConfig } from '../config/resolve.js'
import type { RunConfig, StageName, TrainConfigInput } from '../config/types.js'
import { readClassTable } from '../datasets/classes/classTableFile.js'
import { maskPalette } from '../masks/palette.js'
import { chooseCompute } from '../models/devices.js'
import type { MaskGenerator } from '../models/maskGenerator.js'
import { cautions } from '../stages/cautions.js'
import { type LabelledPictures, type LabelOptions, type LabelSource, openLabelled } from './labels.js'
import { camsOf, type PictureCams, type PreparedPicture, preparedPictures } from './picture.js'
import { trainedGenerator } from './trainedGenerator.js'
import { writePicture } from './writePicture.js'

export interface GenerateMasksOptions extends LabelOptions {
  /** Folder of the run that trained the generator. */
  run: string
  /** Where the masks go: `<id>.png`, palette PNGs whose pixel values are class ids. */
  out: string
  /** Other pictures, with image-level labels where `labels` is `given`; default: the run's own. */
  data?: RunConfig['data']
  /** Default `train`. */
  split?: 'train' | 'val'
  /** Background threshold in [0, 1]; default: the run's `masks.threshold`. */
  threshold?: number
  /**
   * Also write the CAMs of the picture's labels with their class ids, float32 (see `readCamFile`): `npy`: `<id>.npy`,
   * [labels, H, W] and the class ids behind it; `npz`: `<id>.npz`, one [H, W] array per class id. `true` is `npy`.
   * Default false.
   */
  cams?: boolean | 'npy' | 'npz'
  /** Which stage's generator; default: the last one that trained it. */
  stage?: StageName
  /** Default: the run's. */
  device?: string
  threads?: number | 'auto'
  onProgress?: OnProgress
  /** Stops between two pictures. */
  signal?: AbortSignal
}

export interface GenerateMasksResult {
  /** Absolute folder. */
  out: string
  pictures: number
  /** Pictures without a label, or without a predicted one: their masks are all background. */
  unlabelled: number
  /** Where the labels come from that say which classes a mask may hold. */
  labels: LabelSource
  /** Lowest score of a predicted label; absent where labels are not predicted. */
  labelThreshold?: number
  threshold: number
  stage: StageName
  notices: string[]
}

/**
 * Multi-scale + flip CAMs of every picture, thresholded into masks. Which classes a mask may hold is told by the
 * picture's image-level labels: those of the data, those given in the call, or those that the generator predicts.
 *
 * @throws SemplesError for a missing run, other classes, unknown labels, unreadable pictures, a full disk
 */
export async function generateMasks(options: GenerateMasksOptions): Promise<GenerateMasksResult> {
  const { onProgress, signal, split = 'train' } = options
  signal?.throwIfAborted()
  const run = await RunDirectory.open(options.run)
  const config = resolveConfig((await run.readConfig()) as TrainConfigInput)
  const classes = await readClassTable(join(run.path, 'classes.json'))
  const threshold = checkThreshold(options.threshold ?? config.masks.threshold)
  const pictures = await openLabelled(options.data ?? config.data, split, classes, options)

  const compute = await chooseCompute(options.device ?? config.device, options.threads ?? config.threads)
  const trained = await trainedGenerator(run, config, classes, options.stage, compute.device)
  using generator = trained.generator
  const notices = [
    `masks of stage ${trained.stage}, ${compute.description}`,
    ...labelNotices(pictures),
    ...cautions(config),
  ]
  for (const message of notices) onProgress?.(notice('masks', message))

  const out = resolve(options.out)
  const unlabelled = await writeAll(pictures, generator, config, { ...options, out, threshold })
  const result = {
    pictures: pictures.dataset.items.length,
    unlabelled,
    labels: pictures.source,
    ...(pictures.threshold === undefined ? {} : { labelThreshold: pictures.threshold }),
    threshold,
    stage: trained.stage,
    notices,
  }
  await writeJsonAtomic(join(out, 'masks.json'), { run: run.path, split, ...config.cams, ...result })
  return { out, ...result }
}

/** Gives the number of pictures without a label. */
async function writeAll(
  { dataset, label }: LabelledPictures,
  generator: MaskGenerator,
  config: RunConfig,
  { out, threshold, cams: keep, onProgress, signal }: GenerateMasksOptions & { threshold: number },
): Promise<number> {
  const palette = maskPalette(dataset.classes.classes)
  const keepCams = keep === true ? 'npy' : keep || undefined
  const started = performance.now()
  let done = 0
  let unlabelled = 0
  const compute = async (picture: PreparedPicture): Promise<PictureCams> => {
    const labelled = await label(picture, generator)
    if (labelled.item.labels.length === 0) unlabelled++
    return camsOf(generator, labelled, config.cams)
  }
  const write = async (picture: PreparedPicture, cams: PictureCams): Promise<void> => {
    const classIds = cams.classes.map((index) => dataset.classes.classes[index]!.id)
    await writePicture({ file: join(out, picture.item.id), cams, classIds, threshold, palette, keepCams })
    done++
    onProgress?.(progressOf(done, dataset.items.length, started))
  }
  // One picture is written while the model works on the next.
  let writing = Promise.resolve()
  try {
    for await (const picture of preparedPictures(dataset, dataset.items, config.cams, signal)) {
      const computing = compute(picture)
      // Either may fail while the other is awaited.
      computing.catch(() => undefined)
      await writing
      signal?.throwIfAborted()
      writing = write(picture, await computing)
      writing.catch(() => undefined)
    }
  } finally {
    await writing
  }
  return unlabelled
}

function labelNotices({ source, threshold }: LabelledPictures): string[] {
  if (source === 'predicted')
    return [
      `labels are PREDICTED by the generator: classes with a score of at least ${threshold}; a picture without one is all background`,
    ]
  return source === 'list' ? ['labels are those given in the call'] : []
}

function progressOf(done: number, pictures: number, started: number): Progress {
  const picturesPerSecond = (1000 * done) / (performance.now() - started)
  const eta = (pictures - done) / picturesPerSecond
  return { stage: 'masks', epoch: 1, epochs: 1, step: done, steps: pictures, picturesPerSecond, eta }
}

function checkThreshold(threshold: number): number {
  if (threshold >= 0 && threshold <= 1) return threshold
  throw new SemplesError('SEMPLES_CONFIG_INVALID', {
    message: 'The background threshold is out of range.',
    field: 'threshold',
    value: threshold,
    expected: '0 to 1',
  })
}
