import { dirname, join, relative, resolve, sep } from 'node:path'
import { writeFailed, writeJsonAtomic } from '../base/atomic.js'
import { SemplesError } from '../base/error.js'
import { isSameFolder, MadeFiles, outputExists } from '../base/outputs.js'
import { notice, type OnProgress, type Progress } from '../base/progress.js'
import { type LabelledPictures, type LabelOptions, type LabelSource, openLabelled } from '../cam/labels.js'
import { camsOf, type PictureCams, type PreparedPicture, preparedPictures } from '../cam/picture.js'
import { writePicture } from '../cam/writePicture.js'
import { RunDirectory } from '../checkpoints/runDirectory.js'
import { resolveConfig } from '../config/resolve.js'
import type { RunConfig, StageName, TrainConfigInput } from '../config/types.js'
import { readClassTable } from '../datasets/classes/classTableFile.js'
import { idsOf } from '../datasets/classes/ids.js'
import type { Dataset } from '../datasets/dataset.js'
import type { Orientation } from '../masks/orientation.js'
import { maskPalette } from '../masks/palette.js'
import { chooseCompute } from '../models/devices.js'
import type { MaskGenerator } from '../models/maskGenerator.js'
import type { LoggerOption } from '../native/logger.js'
import { checkCamsMemory, withMaxSide } from './memory/cams.js'
import type { MemoryCheck } from './memory/check.js'
import { trainedGenerator } from './trainedGenerator.js'
import { configWarnings } from './warnings.js'

export interface GenerateMasksOptions extends LabelOptions, LoggerOption {
  /** Folder of the run that trained the generator. */
  run: string
  /**
   * Where the masks go: `<id>.png`, palette PNGs whose pixel values are class ids. Masks that were made there before
   * are written again; nothing else is written over, and masks do not go among the pictures.
   */
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
  /** Pictures with a longer side are shrunk to this many pixels before maps are made; default: the run's `cams.maxSide`. */
  maxSide?: number
  /** What happens where the maps of a picture will need more memory than is free; see `trainSemPLeS`. Default `error`. */
  memoryCheck?: MemoryCheck
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

/** `generateMasks` of the public API, documented in lib/api/masks.ts. */
export async function generateMasks(options: GenerateMasksOptions): Promise<GenerateMasksResult> {
  const { onProgress, signal, split = 'train' } = options
  signal?.throwIfAborted()
  const run = await RunDirectory.open(options.run)
  const config = withMaxSide(resolveConfig((await run.readConfig()) as TrainConfigInput), options.maxSide)
  const classes = await readClassTable(join(run.path, 'classes.json'))
  const threshold = checkThreshold(options.threshold ?? config.masks.threshold)
  const out = resolve(options.out)
  const made = await MadeFiles.open(out, 'masks')
  const pictures = withoutMasks(await openLabelled(options.data ?? config.data, split, classes, options), made)
  const keepCams = options.cams === true ? 'npy' : options.cams || undefined
  await refuseAmongPictures(pictures.dataset, out)
  await made.requireFree([...pictures.dataset.items.flatMap(({ id }) => filesOf(id, keepCams)), SUMMARY])

  const compute = await chooseCompute(options.device ?? config.device, options.threads ?? config.threads)
  const memory = await checkCamsMemory(pictures.dataset, config, {
    predicted: pictures.source === 'predicted',
    writes: keepCams !== undefined,
    device: compute.device,
    check: options.memoryCheck ?? 'error',
    signal,
  })
  const trained = await trainedGenerator(run, config, classes, options.stage, compute.device)
  using generator = trained.generator
  const notices = [
    `masks of stage ${trained.stage}, ${compute.description}`,
    ...labelNotices(pictures),
    ...configWarnings(config),
    ...(memory === undefined ? [] : [memory]),
  ]
  for (const message of notices) onProgress?.(notice('masks', message))

  const unlabelled = await writeAll(pictures, generator, config, { ...options, threshold, keepCams, made })
  const result = {
    pictures: pictures.dataset.items.length,
    unlabelled,
    labels: pictures.source,
    ...(pictures.threshold === undefined ? {} : { labelThreshold: pictures.threshold }),
    threshold,
    stage: trained.stage,
    notices,
  }
  await made.note([SUMMARY])
  await writeJsonAtomic(join(out, SUMMARY), {
    run: run.path,
    split,
    orientation: orientationOf(pictures.dataset),
    ...config.cams,
    ...result,
  })
  return { out, ...result }
}

interface WriteOptions {
  threshold: number
  keepCams: 'npy' | 'npz' | undefined
  made: MadeFiles
}

const SUMMARY = 'masks.json'

function orientationOf({ orientation }: Dataset): Orientation {
  return orientation === 'exif' ? 'applied' : 'stored'
}

/** What is written of a picture. */
function filesOf(id: string, keepCams: 'npy' | 'npz' | undefined): string[] {
  return [`${id}.png`, ...(keepCams === undefined ? [] : [`${id}.${keepCams}`])]
}

/** Masks that an earlier call made within the folder of the pictures are no pictures. */
function withoutMasks(pictures: LabelledPictures, made: MadeFiles): LabelledPictures {
  const { items } = pictures.dataset
  const kept = items.filter(({ image }) => !made.has(relative(made.folder, image).split(sep).join('/')))
  return kept.length === items.length ? pictures : { ...pictures, dataset: { ...pictures.dataset, items: kept } }
}

/** A mask beside its picture would be taken for another picture, if it does not replace it. */
async function refuseAmongPictures({ items }: Dataset, out: string): Promise<void> {
  const seen = new Set<string>()
  for (const { id, image } of items) {
    const [pictures, masks] = [dirname(image), dirname(join(out, id))]
    if (seen.has(`${pictures}\n${masks}`)) continue
    seen.add(`${pictures}\n${masks}`)
    if (await isSameFolder(pictures, masks))
      throw outputExists(`The masks would lie among the pictures that they are made of, in ${masks}.`, masks)
  }
}

/** Gives the number of pictures without a label. */
async function writeAll(
  { dataset, label }: LabelledPictures,
  generator: MaskGenerator,
  config: RunConfig,
  options: Pick<GenerateMasksOptions, 'onProgress' | 'signal'> & WriteOptions,
): Promise<number> {
  const palette = maskPalette(dataset.classes.classes)
  const orientation = orientationOf(dataset)
  const { threshold, keepCams, made, onProgress, signal } = options
  const started = performance.now()
  let done = 0
  let unlabelled = 0
  const compute = async (picture: PreparedPicture): Promise<PictureCams> => {
    const labelled = await label(picture, generator)
    if (labelled.item.labels.length === 0) unlabelled++
    return camsOf(generator, labelled, config.cams)
  }
  const write = async (picture: PreparedPicture, cams: PictureCams): Promise<void> => {
    const classIds = idsOf(dataset.classes, cams.classes)
    const { id } = picture.item
    await made.note(filesOf(id, keepCams)).catch((cause: unknown) => {
      throw writeFailed(join(made.folder, `${id}.png`), cause)
    })
    await writePicture({ file: join(made.folder, id), cams, classIds, threshold, palette, orientation, keepCams })
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
