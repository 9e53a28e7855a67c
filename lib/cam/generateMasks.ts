import { join, resolve } from 'node:path'
import { writeJsonAtomic } from '../checkpoints/atomic.js'
import { RunDirectory } from '../checkpoints/runDirectory.js'
import { SemplesError } from '../config/error.js'
import { resolveConfig } from '../config/resolve.js'
import type { RunConfig, StageName, TrainConfigInput } from '../config/types.js'
import { readClassTable } from '../datasets/classes/classTableFile.js'
import type { ClassTable, Dataset } from '../datasets/dataset.js'
import { openDataset } from '../datasets/open.js'
import { requireSameClasses } from '../datasets/sameClasses.js'
import { maskPalette } from '../masks/palette.js'
import { chooseCompute } from '../models/devices.js'
import { MaskGenerator } from '../models/maskGenerator.js'
import { cautions } from '../stages/cautions.js'
import { notice, type OnProgress, type Progress } from '../stages/progress.js'
import { camsOf, type PictureCams, type PreparedPicture, preparedPictures } from './picture.js'
import { writePicture } from './writePicture.js'

export interface GenerateMasksOptions {
  /** Folder of the run that trained the generator. */
  run: string
  /** Where the masks go: `<id>.png`, palette PNGs whose pixel values are class ids. */
  out: string
  /** Other pictures with image-level labels; default: the run's own. */
  data?: RunConfig['data']
  /** Default `train`. */
  split?: 'train' | 'val'
  /** Background threshold in [0, 1]; default: the run's `masks.threshold`. */
  threshold?: number
  /**
   * Also write the CAMs, float32: `npy`: `<id>.npy`, [labels, H, W] in the order of the picture's labels; `npz`:
   * `<id>.npz`, one [H, W] array per class id. `true` is `npy`. Default false.
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
  /** Pictures without a label: their masks are all background. */
  unlabelled: number
  threshold: number
  stage: StageName
  notices: string[]
}

/**
 * Multi-scale + flip CAMs of every picture, thresholded into masks. Which classes a mask may hold is told by the
 * picture's image-level labels.
 *
 * @throws SemplesError for a missing run, other classes, unreadable pictures, a full disk
 */
export async function generateMasks(options: GenerateMasksOptions): Promise<GenerateMasksResult> {
  const { onProgress, signal, split = 'train' } = options
  signal?.throwIfAborted()
  const run = await RunDirectory.open(options.run)
  const config = resolveConfig((await run.readConfig()) as TrainConfigInput)
  const classes = await readClassTable(join(run.path, 'classes.json'))
  const threshold = checkThreshold(options.threshold ?? config.masks.threshold)
  const dataset = await openDataset(options.data ?? config.data, split)
  requireSameClasses(classes, dataset.classes, dataset.name)

  const compute = await chooseCompute(options.device ?? config.device, options.threads ?? config.threads)
  const trained = await trainedGenerator(run, config, classes, options.stage, compute.device)
  using generator = trained.generator
  const notices = [`masks of stage ${trained.stage}, ${compute.description}`, ...cautions(config)]
  for (const message of notices) onProgress?.(notice('masks', message))

  const out = resolve(options.out)
  const unlabelled = await writeAll(dataset, generator, config, { ...options, out, threshold })
  const result = { pictures: dataset.items.length, unlabelled, threshold, stage: trained.stage, notices }
  await writeJsonAtomic(join(out, 'masks.json'), { run: run.path, split, ...config.cams, ...result })
  return { out, ...result }
}

async function writeAll(
  dataset: Dataset,
  generator: MaskGenerator,
  config: RunConfig,
  { out, threshold, cams: keep, onProgress, signal }: GenerateMasksOptions & { threshold: number },
): Promise<number> {
  const palette = maskPalette(dataset.classes.classes)
  const keepCams = keep === true ? 'npy' : keep || undefined
  const started = performance.now()
  let done = 0
  const write = async (picture: PreparedPicture, cams: PictureCams): Promise<void> => {
    const classIds = cams.classes.map((index) => dataset.classes.classes[index]!.id)
    await writePicture({ file: join(out, picture.item.id), cams, classIds, threshold, palette, keepCams })
    done++
    onProgress?.(progressOf(done, dataset.items.length, started))
  }
  // One picture is written while the model works on the next.
  let writing = Promise.resolve()
  try {
    for await (const picture of preparedPictures(dataset, dataset.items, config.cams)) {
      signal?.throwIfAborted()
      const computing = camsOf(generator, picture, config.cams)
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
  return dataset.items.filter(({ labels }) => labels.length === 0).length
}

function progressOf(done: number, pictures: number, started: number): Progress {
  const picturesPerSecond = (1000 * done) / (performance.now() - started)
  const eta = (pictures - done) / picturesPerSecond
  return { stage: 'masks', epoch: 1, epochs: 1, step: done, steps: pictures, picturesPerSecond, eta }
}

const GENERATOR_STAGES: readonly StageName[] = ['refine', 'match', 'classify']

async function trainedGenerator(
  run: RunDirectory,
  config: RunConfig,
  classes: ClassTable,
  wanted: StageName | undefined,
  device: string,
): Promise<{ generator: MaskGenerator; stage: StageName }> {
  for (const stage of wanted === undefined ? GENERATOR_STAGES : [wanted]) {
    const state = (await run.stage(stage).load('best', ['generator']))?.tensors.generator
    if (state === undefined) continue
    const { kind: _kind, weights: _weights, ...sizes } = config.generator
    const generator = await MaskGenerator.create({ ...sizes, classes: classes.classes.length, device })
    await generator.load(state)
    return { generator, stage }
  }
  throw new SemplesError('SEMPLES_STAGE_MISSING', {
    message: 'This run has no trained generator yet.',
    file: run.path,
    field: 'stage',
    value: wanted,
    hint: 'Let training finish its first epoch, or resume it.',
  })
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
