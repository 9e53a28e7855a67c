import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { count } from '../../base/count.js'
import { readRecord } from '../../base/outputRecord.js'
import { outputExists } from '../../base/outputs.js'
import { notice, type OnProgress, warning } from '../../base/progress.js'
import { RunDirectory } from '../../checkpoints/runDirectory.js'
import type { DataSpec } from '../../datasets/kinds.js'
import { precisionSetting } from '../../models/precision.js'
import { addLogger, type LoggerOption } from '../../native/logger.js'
import { MasksFolder, type PredictedLabels, refuseAmongPictures, withoutMasks } from '../masksFolder.js'
import type { MemoryCheck } from '../memory/check.js'
import { openPredictor } from './loadRun.js'
import { contentsOf, openPictures, type PictureFile, type PictureSet } from './pictures.js'
import type { Predictor } from './predictor.js'
import type { LoadRunOptions, ModelKind, PredictionOptions } from './types.js'
import { writePredictions } from './writePredictions.js'

export interface PredictMasksOptions
  extends Omit<PredictionOptions, 'probabilities' | 'exif'>,
    LoadRunOptions,
    LoggerOption {
  /** Folder of the run, of a segmentation model or of mask generators. */
  run: string
  /**
   * A picture, a folder with all pictures in it and within its folders, a list of those, or a data set. Files are seen as
   * viewers show them, pictures of VOC 2012 and COCO 2014 as they are stored.
   */
  pictures: string | readonly string[] | DataSpec
  /**
   * Where the masks go: `<name>.png`, palette PNGs whose pixel values are class ids, with masks.json (classes, settings,
   * what was found) and labels.csv. Finished masks of the same settings are kept, so that an interrupted call goes on, and
   * later calls add to them. Nothing else is written over, and masks do not go among the pictures.
   */
  out: string
  /** Of a data set that has several: which pictures. Default `val`. */
  split?: 'train' | 'val'
  /**
   * Also write the probabilities of the background and of each class that has a pixel, float32, not refined, in the form of
   * `generateMasks`: `npy` or `npz`. `true` is `npy`. Of a generator its maps. Default false.
   */
  scores?: boolean | 'npy' | 'npz'
  /** Also write `overlays/<name>.jpg`, the picture with its mask over it. Default false. */
  overlay?: boolean
  /** What happens where the mask of the largest picture will need more memory than is free. Default `error`. */
  memoryCheck?: MemoryCheck
  /** Make the masks again that `out` holds already, whatever made them. Default false. */
  overwrite?: boolean
  onProgress?: OnProgress
}

export interface PredictMasksResult {
  /** Absolute folder. */
  out: string
  kind: ModelKind
  pictures: number
  /** Of them, those whose masks were finished before. */
  skipped: number
  /** What is in each picture: the share of its pixels by label, most first; without the background. */
  found: Record<string, PredictedLabels>
  /** What may make the masks other than meant. */
  warnings: string[]
}

/** `predictMasks` of the public API, documented in lib/api/predict.ts. */
export async function predictMasks({ logger, ...options }: PredictMasksOptions): Promise<PredictMasksResult> {
  options.signal?.throwIfAborted()
  const end = addLogger(logger)
  try {
    // A run that is none is told before its pictures are looked at.
    await RunDirectory.open(options.run)
    using predictor = await openPredictor(options.run, options)
    return await predictAll(predictor, options)
  } finally {
    end()
  }
}

async function predictAll(
  predictor: Predictor,
  options: Omit<PredictMasksOptions, 'logger'>,
): Promise<PredictMasksResult> {
  const { onProgress, signal, overlay = false, overwrite = false } = options
  const settings = predictor.resolve(predictionOptions(options))
  const set = await openPictures(options.pictures, options.split, predictor.classes)
  const out = resolve(options.out)
  const items = (await withoutMasks(set.items.map(withLabels), out)).map(({ id, image }) => ({ id, image }))
  await refuseAmongPictures({ items }, out)
  const scores = options.scores === true ? 'npy' : options.scores || undefined
  const memory = await predictor.checkMemory(items, settings, {
    maps: scores === undefined ? 'none' : 'present',
    check: options.memoryCheck ?? 'error',
    signal,
  })
  const known = await knownPictures(out, items, overwrite, signal)
  const beside = { scores, overlay }
  const run = await RunDirectory.open(predictor.path)
  const folder = await MasksFolder.open(
    {
      out,
      settings: {
        run: predictor.path,
        classes: predictor.classes.classes.map(({ id, label }) => ({ id, label })),
        created: run.manifest.created,
        kind: predictor.kind,
        ...predictor.checkpoint,
        orientation: set.orientation === 'exif' ? 'applied' : 'stored',
        labels: options.labels ?? (predictor.kind === 'segmenter' ? 'all' : 'predicted'),
        ...recordOf(settings),
        ...precisionSetting(predictor),
      },
      facts: { of: set.name, split: set.split, cams: scores, overlay, sources: known },
      filesOf: (id) => [`${id}.png`, ...(scores === undefined ? [] : [`${id}.${scores}`])],
      overlayOf: (id) => (overlay ? overlayOf(id) : undefined),
      besideOf: (id) => [`${id}.npy`, `${id}.npz`, overlayOf(id)],
      predicts: true,
      reviews: false,
      overwrite,
    },
    items.map(({ id }) => id),
  )
  try {
    const warnings = [...set.warnings, ...predictor.warnings, ...(memory === undefined ? [] : [memory])]
    onProgress?.(notice('masks', `${count(items.length, 'picture')}, ${predictor.description}`))
    for (const message of warnings) onProgress?.(warning('masks', message))
    const job = { predictor, settings, folder, items, orientation: set.orientation, beside, onProgress, signal }
    const skipped = await writePredictions(job)
    const result = { pictures: items.length, warnings }
    await folder.finish(all(known, folder), { complete: true, ...result })
    const found = Object.fromEntries(items.map(({ id }) => [id, folder.labelsOf(id) ?? {}]))
    return { out: folder.path, kind: predictor.kind, ...result, skipped, found }
  } finally {
    await folder.close()
  }
}

function predictionOptions(options: Omit<PredictMasksOptions, 'logger'>): PredictionOptions {
  const {
    run,
    pictures,
    out,
    split,
    scores,
    overlay,
    memoryCheck,
    overwrite,
    onProgress,
    kind,
    stage,
    device,
    precision,
    threads,
    ...rest
  } = options
  return rest
}

/** Everything that decides the masks, without what the caller calls it, and without the windows at a time. */
function recordOf(settings: object): Record<string, unknown> {
  const { labels: _, only: __, atOnce: ___, refine, ...rest } = settings as Record<string, unknown>
  return { ...rest, refine: (refine as { settings: unknown } | undefined)?.settings }
}

function overlayOf(id: string): string {
  return `overlays/${id}.jpg`
}

/** Where a picture lies, and its content: another one of the same name must not pass for it. */
type KnownPictures = Record<string, { file: string; sha256: string }>

/**
 * The pictures of a folder of masks, those of earlier calls too.
 * @throws SemplesError `SEMPLES_OUTPUT_EXISTS` where a mask of that name is of another picture
 */
async function knownPictures(
  out: string,
  items: readonly PictureFile[],
  overwrite: boolean,
  signal?: AbortSignal,
): Promise<KnownPictures> {
  const before = ((await readRecord(join(out, 'masks.json')))?.sources ?? {}) as KnownPictures
  const contents = await contentsOf(items, signal)
  const now = items.map(({ id, image }) => [id, { file: image, sha256: contents.get(id)! }] as const)
  const other = now.find(
    ([id, { sha256 }]) =>
      before[id] !== undefined && before[id].sha256 !== sha256 && existsSync(join(out, `${id}.png`)),
  )
  if (other !== undefined && !overwrite)
    throw outputExists(
      `${join(out, `${other[0]}.png`)} is the mask of another picture, ${before[other[0]]!.file}, or of what that was before.`,
      join(out, `${other[0]}.png`),
      { hint: 'Choose another folder (out, --out), or make its masks again (overwrite, --overwrite).' },
    )
  return { ...before, ...Object.fromEntries(now) }
}

/** All pictures whose masks the folder has. */
function all(known: KnownPictures, folder: MasksFolder): ReturnType<typeof withLabels>[] {
  return Object.entries(known)
    .filter(([id]) => folder.labelsOf(id) !== undefined)
    .map(([id, { file }]) => withLabels({ id, image: file }))
}

function withLabels(item: PictureSet['items'][number]) {
  return { ...item, labels: [] as number[] }
}
