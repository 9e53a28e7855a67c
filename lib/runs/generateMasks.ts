import { join, resolve } from 'node:path'
import { SemplesError } from '../base/error.js'
import type { PrecisionName } from '../base/precision.js'
import { notice, type OnProgress, warning } from '../base/progress.js'
import { type LabelledPictures, type LabelOptions, type LabelSource, openLabelled } from '../cam/labels.js'
import type { PictureFiles } from '../cam/writePicture.js'
import { RunDirectory } from '../checkpoints/runDirectory.js'
import type { RunConfig, StageName } from '../config/types.js'
import { readClassTable } from '../datasets/classes/classTableFile.js'
import type { ClassTable, Dataset } from '../datasets/dataset.js'
import { fingerprint } from '../datasets/fingerprint.js'
import { classesInAll } from '../datasets/oneClass.js'
import { hasSplits, requireSplits } from '../datasets/open.js'
import type { Orientation } from '../masks/orientation.js'
import { type Compute, computeOf } from '../models/devices.js'
import { precisionSetting } from '../models/precision.js'
import type { LoggerOption } from '../native/logger.js'
import { resolveRefineOptions } from '../refine/options.js'
import type { CrfPreset } from '../refine/presets.js'
import type { AnnotationFormatName } from './annotations/formats.js'
import { annotateRun, requireAnnotations } from './annotations/ofRun.js'
import type { ExportMasksResult } from './annotations/options.js'
import { thresholdsOf } from './labelCalibration.js'
import { fewLabels, labelNotices } from './labelNotices.js'
import { MasksFolder, type PredictedLabels, refuseAmongPictures, withoutMasks } from './masksFolder.js'
import { checkCamsMemory, withMaxSide } from './memory/cams.js'
import type { MemoryCheck } from './memory/check.js'
import { readRunConfig } from './readConfig.js'
import type { RefinementOptions } from './refineCams.js'
import type { MasksReview } from './review/types.js'
import { type TrainedStage, trainedGenerator, trainedStage } from './trainedGenerator.js'
import { configWarnings } from './warnings.js'
import { writeMasks } from './writeMasks.js'

export interface GenerateMasksOptions extends LabelOptions, LoggerOption {
  /** Folder of the run that trained the generator. */
  run: string
  /**
   * Where the masks go: `<id>.png`, palette PNGs whose pixel values are class ids. Finished masks of the same settings
   * are kept, so that an interrupted call goes on, and overlays that they lack are drawn. Nothing else is written over, and masks do not go among the pictures.
   */
  out: string
  /** Other pictures, with image-level labels where `labels` is `given`; default: the run's own. */
  data?: RunConfig['data']
  /** Default `train`. An error for data that have one set of pictures. */
  split?: 'train' | 'val'
  /** Background threshold in [0, 1]; default: the run's `masks.threshold`. */
  threshold?: number
  /**
   * Refine each mask with the colours of its picture (see `refineMask`): published settings of the dense CRF by name, or
   * options. Default: no.
   */
  refine?: CrfPreset | RefinementOptions
  /**
   * Also write the CAMs of the picture's labels with their class ids, float32, not refined (see `readCamFile`): `npy`:
   * `<id>.npy`, [labels, H, W] and the class ids behind it; `npz`: `<id>.npz`, one [H, W] array per class id. `true` is
   * `npy`. Default false.
   */
  cams?: boolean | 'npy' | 'npz'
  /** Also write `overlays/<id>.jpg`, the picture with its mask over it, to look at. Default false. */
  overlay?: boolean
  /**
   * Also write the masks as pre-annotations for people, as `exportMasks` with its defaults: `coco`, annotations.json; `cvat`,
   * annotations.xml; `labelme`, a file for each picture in labelme/. Default: no.
   */
  annotations?: AnnotationFormatName
  /**
   * Also say which masks to look at first: `review.csv`, by how far the masks of single scales, of the mirrored picture and
   * before and after refinement agree, without pixel labels (docs/review.md). Takes about twice the time; the masks are the same. Default false.
   */
  review?: boolean
  /** Pictures with a longer side are shrunk to this many pixels before maps are made; default: the run's `cams.maxSide`. */
  maxSide?: number
  /** What happens where the maps of a picture will need more memory than is free; see `trainSemPLeS`. Default `error`. */
  memoryCheck?: MemoryCheck
  /** Which stage's generator; default: the last one that trained it. */
  stage?: StageName
  /** Make the masks again that `out` holds already, whatever made them. Default false. */
  overwrite?: boolean
  /** Default: the run's. */
  device?: string
  /** In what numbers the network computes. Default: the run's. */
  precision?: PrecisionName
  threads?: number | 'auto'
  onProgress?: OnProgress
  /** Stops between two pictures. */
  signal?: AbortSignal
}

export interface GenerateMasksResult {
  /** Absolute folder. */
  out: string
  pictures: number
  /** Of them, those whose masks were finished before. */
  skipped: number
  /** Pictures without a label, or without a predicted one: their masks are all background. */
  unlabelled: number
  /** Where the labels come from that say which classes a mask may hold. */
  labels: LabelSource
  /** With `predicted`: the lowest score of each class that counts as present, by label; without classes that never do. */
  labelThresholds?: Record<string, number>
  /** With `predicted`: labels and their scores, 0 to 1, by picture. Also in masks.json, and as labels.csv. */
  predicted?: Record<string, PredictedLabels>
  threshold: number
  stage: StageName
  /** With `annotations`: what was written. */
  annotations?: ExportMasksResult
  /** With `review`: how far each mask agrees with itself, the one to look at first before the others. */
  review?: MasksReview
  /** What may make the masks other than meant. */
  warnings: string[]
}

/** `generateMasks` of the public API, documented in lib/api/masks.ts. */
export async function generateMasks(options: GenerateMasksOptions): Promise<GenerateMasksResult> {
  const { onProgress, signal } = options
  signal?.throwIfAborted()
  const run = await RunDirectory.open(options.run)
  const config = withMaxSide(await readRunConfig(run), options.maxSide)
  const classes = await readClassTable(join(run.path, 'classes.json'))
  await requireAnnotations(options.annotations, options.out)
  const threshold = checkThreshold(options.threshold ?? config.masks.threshold)
  const refine = refinement(options.refine)
  const trained = await trainedStage(run, options.stage)
  const { pictures, warnings: labelWarnings } = await openPictures({ run, config, classes, trained }, options)
  await refuseAmongPictures(pictures.dataset, resolve(options.out))
  const { items } = pictures.dataset
  const compute = await computeOf(config, options)
  const settings = {
    ...(await settingsOf({ run, config, classes, trained }, pictures, compute)),
    threshold,
    refine: refine && resolveRefineOptions(refine),
  }
  const beside = besideOf(options)
  const memory = await checkCamsMemory(pictures.dataset, config, {
    predicted: pictures.source === 'predicted',
    writes: beside.cams !== undefined,
    device: compute.device,
    check: options.memoryCheck ?? 'error',
    signal,
  })
  const folder = await MasksFolder.open(
    {
      out: options.out,
      settings,
      facts: { of: pictures.dataset.name, split: splitOf(options, config), ...beside },
      filesOf: (id) => Object.values(filesOf(id, { ...beside, overlay: false })),
      overlayOf: (id) => filesOf(id, beside).overlay,
      besideOf: (id) => [`${id}.npy`, `${id}.npz`, overlayOf(id)],
      predicts: pictures.source === 'predicted',
      reviews: options.review ?? false,
      overwrite: options.overwrite ?? false,
    },
    items.map(({ id }) => id),
  )
  try {
    const warnings = [
      ...compute.warnings,
      ...labelWarnings,
      ...configWarnings(config),
      ...(memory === undefined ? [] : [memory]),
    ]
    onProgress?.(notice('masks', `masks of stage ${trained.stage}, ${compute.description}`))
    for (const message of labelNotices(pictures)) onProgress?.(notice('masks', message))
    for (const message of warnings) onProgress?.(warning('masks', message))
    using generator = (await trainedGenerator(run, config, classes, options.stage, compute)).generator
    const { skipped, unlabelled } = await writeMasks({
      pictures,
      generator,
      cams: config.cams,
      threshold,
      refine,
      review: options.review ?? false,
      orientation: settings.orientation,
      folder,
      filesOf: (id) => filesOf(id, beside),
      onProgress,
      signal,
    })
    for (const message of fewLabels(pictures, unlabelled)) {
      onProgress?.(warning('masks', message))
      warnings.push(message)
    }
    const result = { pictures: items.length, unlabelled, warnings }
    await folder.finish(items, { complete: true, ...result })
    const { labels, labelThresholds, stage, orientation } = settings
    return {
      out: folder.path,
      ...result,
      skipped,
      labels,
      ...(labelThresholds === undefined ? {} : { labelThresholds, predicted: folder.allLabels() }),
      threshold,
      stage,
      ...folder.review(),
      ...(await annotateRun(options.annotations, { dataset: pictures.dataset, orientation, out: folder.path, signal })),
    }
  } finally {
    await folder.close()
  }
}

/** What decides the maps, and of which pictures and classes they are. */
async function settingsOf({ run, config, classes, trained }: OpenedRun, pictures: LabelledPictures, compute: Compute) {
  return {
    run: run.path,
    classes: classes.classes.map(({ id, label }) => ({ id, label })),
    created: run.manifest.created,
    ...trained,
    data: await fingerprint(pictures.dataset),
    orientation: orientationOf(pictures.dataset),
    ...config.cams,
    labels: pictures.source,
    labelThresholds: thresholdsByLabel(pictures),
    ...precisionSetting(compute),
  }
}

interface OpenedRun {
  run: RunDirectory
  config: RunConfig
  classes: ClassTable
  trained: TrainedStage
}

/** The pictures with their labels, without masks that lie among them. */
async function openPictures(
  { run, config, classes, trained }: OpenedRun,
  options: GenerateMasksOptions,
): Promise<{ pictures: LabelledPictures; warnings: string[] }> {
  const { data = config.data, split } = options
  requireSplits(data, split)
  const warnings: string[] = []
  const thresholds = async (given?: number) => {
    const found = await thresholdsOf({ run, config, classes, trained }, given)
    warnings.push(...found.warnings)
    return found.thresholds
  }
  const ofRun = { classes, file: join(run.path, 'classes.json') }
  const pictures = await openLabelled(data, split ?? 'train', ofRun, options, thresholds)
  const { dataset } = pictures
  // What concerns training alone is no news to a generator that is trained.
  const ofTraining = classesInAll(dataset)
  warnings.push(...(dataset.warnings ?? []).filter((message) => !ofTraining.includes(message)))
  return {
    pictures: { ...pictures, dataset: { ...dataset, items: await withoutMasks(dataset.items, options.out) } },
    warnings,
  }
}

function orientationOf({ orientation }: Dataset): Orientation {
  return orientation === 'exif' ? 'applied' : 'stored'
}

/** Which pictures of the data these are; undefined where the data have one set. */
function splitOf({ data, split }: GenerateMasksOptions, config: RunConfig): 'train' | 'val' | undefined {
  return hasSplits(data ?? config.data) ? (split ?? 'train') : undefined
}

/** What is written beside masks, which are the same with it and without. */
interface FilesBeside {
  cams?: 'npy' | 'npz'
  overlay: boolean
}

function besideOf({ cams, overlay = false }: GenerateMasksOptions): FilesBeside {
  return { cams: cams === true ? 'npy' : cams || undefined, overlay }
}

/** Paths inside the folder of what is written of a picture. */
function filesOf(id: string, { cams, overlay }: FilesBeside): PictureFiles {
  return {
    mask: `${id}.png`,
    ...(cams === undefined ? {} : { [cams]: `${id}.${cams}` }),
    ...(overlay ? { overlay: overlayOf(id) } : {}),
  }
}

function overlayOf(id: string): string {
  return `overlays/${id}.jpg`
}

function refinement(refine: GenerateMasksOptions['refine']): RefinementOptions | undefined {
  return typeof refine === 'string' ? { preset: refine } : refine
}

function thresholdsByLabel({ thresholds, dataset }: LabelledPictures): Record<string, number> | undefined {
  if (thresholds === undefined) return undefined
  const all = dataset.classes.classes.map(({ label }, index): [string, number] => [label, thresholds[index]!])
  return Object.fromEntries(all.filter(([, threshold]) => Number.isFinite(threshold)))
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
