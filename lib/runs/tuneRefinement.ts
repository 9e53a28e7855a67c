import { count } from '../base/count.js'
import { SemplesError } from '../base/error.js'
import { notice, warning as warningOf } from '../base/progress.js'
import type { LoggerOption } from '../native/logger.js'
import { requireRefineDevice } from '../refine/device.js'
import type { RefineOptions } from '../refine/options.js'
import type { CrfPreset } from '../refine/presets.js'
import { wholeNumber } from '../refine/refinePicture.js'
import { settingsOf } from '../refine/settings.js'
import type { RefineFolders, RefineMasksOptions } from '../refine/types.js'
import { type Candidate, candidatesOf } from './tune/candidates.js'
import { halvesOf, type JudgedInput } from './tune/halves.js'
import { Judge, scopeOf, truthTable } from './tune/judge.js'

/** Options that are given stay as they are; the others are searched. */
export interface TuneRefinementOptions
  extends RefineFolders,
    Omit<RefineOptions, 'method'>,
    Pick<
      RefineMasksOptions,
      'classTable' | 'imageLabels' | 'concurrency' | 'threads' | 'memoryLimit' | 'device' | 'onProgress' | 'signal'
    >,
    LoggerOption {
  /** The dense CRF alone is tuned. */
  method?: RefineOptions['method']
  /** Folder of ground-truth masks, `<picture>.png`; pictures without one take no part. */
  groundTruth: string
  /** How many settings are tried, those of the presets among them. Default 30. */
  settings?: number
  /** Decides the halves and the settings. Default 0. */
  seed?: number
}

/** Settings that were tried. */
export interface TunedSettings {
  /** Of published settings. */
  preset?: CrfPreset
  /** What to give to `refineMasks` beside the options that were given here. */
  options: RefineOptions
  /** Mean IoU on the tuning half, 0 to 1. */
  miou: number
}

export interface TuneResult {
  /** Best first. */
  settings: TunedSettings[]
  /** The best, and its mean IoU on the held-out half. */
  best: TunedSettings & { heldOut: number }
  /** The preset that was given, or `voc`. */
  standard: TunedSettings & { heldOut: number }
  /** What the best gains over the preset on the held-out half: a difference of mean IoU. */
  gain: number
  /** Names of the pictures of either half. */
  tuning: string[]
  heldOut: string[]
  /** Pictures without ground truth. */
  others: number
  failed: { name: string; error: SemplesError }[]
  /** What makes the figures doubtful, a sentence each. */
  warnings: string[]
}

/** Fewer pictures say little of settings. */
const FEW = 20
const MAX_SETTINGS = 10_000

/** `tuneRefinement` of the public API, documented in lib/api/masks.ts. */
export async function tuneRefinement(options: Omit<TuneRefinementOptions, 'logger'>): Promise<TuneResult> {
  const { images, cams, groundTruth, settings: number = 30, seed = 0, ...rest } = options
  const {
    classTable,
    imageLabels,
    concurrency,
    threads,
    memoryLimit,
    device = 'cpu',
    onProgress,
    signal,
    ...given
  } = rest
  signal?.throwIfAborted()
  wholeNumber('settings', number, MAX_SETTINGS)
  if (!Number.isSafeInteger(seed)) throw invalid('The seed is no whole number.', 'seed', seed)
  const resolved = await settingsOf(given, classTable, imageLabels)
  if (resolved.method !== 'crf')
    throw invalid('The dense CRF alone can be tuned: PAMR has nothing to choose by a search.', 'method', given.method)
  requireRefineDevice(device)
  const table = await truthTable(classTable)
  const halves = await halvesOf({ images, cams }, groundTruth, seed, table.reading)
  const all = [...halves.tuning, ...halves.heldOut]
  const candidates = candidatesOf(given, await scopeOf(all, resolved, signal), number, seed)
  const total = all.length + (candidates.length - 1) * halves.tuning.length + halves.heldOut.length
  const refining = { classTable, imageLabels, concurrency, threads, memoryLimit, device, signal }
  const judge = new Judge({ given, refining, ids: table.ids, total, onProgress })
  onProgress?.(notice('tune', plan(candidates.length, halves.tuning.length, halves.heldOut.length)))

  // The standard comes first, on all pictures: one that fails with it takes no part.
  const [usual, ...others] = candidates as [Candidate, ...Candidate[]]
  const first = await judge.first(halves.tuning, halves.heldOut, usual)
  const { failed } = first
  const working = ({ input }: JudgedInput) => !failed.some(({ name }) => name === input.name)
  const [tuning, heldOut] = [halves.tuning.filter(working), halves.heldOut.filter(working)]
  if (tuning.length === 0 || heldOut.length === 0) throw failed[0]!.error
  const standard = { ...usual, miou: first.tuning, heldOut: first.heldOut }
  const tried: TunedSettings[] = [{ ...usual, miou: first.tuning }]
  for (const candidate of others) tried.push({ ...candidate, miou: await judge.miou(tuning, candidate) })
  const sorted = tried.toSorted((one, other) => ordered(other.miou) - ordered(one.miou))
  const top = sorted[0]!
  const best = top === tried[0] ? standard : { ...top, heldOut: await judge.miou(heldOut, top) }
  const result = { settings: sorted, best, standard, gain: best.heldOut - standard.heldOut }
  const names = (half: readonly JudgedInput[]) => half.map(({ input }) => input.name)
  const figures = { ...result, tuning: names(tuning), heldOut: names(heldOut), others: halves.others, failed }
  const warnings = [...first.warnings, ...doubts(figures)]
  for (const message of warnings) onProgress?.(warningOf('tune', message))
  return { ...figures, warnings }
}

function doubts({ best, standard, gain, tuning, heldOut, others, failed }: Omit<TuneResult, 'warnings'>): string[] {
  const keep = `keep the default (preset ${standard.preset}, --preset ${standard.preset})`
  const few = `The settings were chosen on ${count(tuning.length, 'picture')}, and judged on ${heldOut.length}: fewer than ${FEW} say little.`
  return [
    ...(others === 0 ? [] : [`${count(others, 'picture')} without a ground-truth mask took no part.`]),
    ...failed.map(({ name, error }) => `${name} took no part: ${error.message}`).slice(0, 5),
    ...(failed.length > 5 ? [`${failed.length - 5} more pictures that failed took no part.`] : []),
    ...(tuning.length < FEW ? [few] : []),
    ...(best === standard ? [`No settings were better than the default on the tuning half: ${keep}.`] : []),
    ...(best !== standard && !(gain > 0)
      ? [`The settings chosen gain nothing on the held-out pictures (${(100 * gain).toFixed(2)} points): ${keep}.`]
      : []),
  ]
}

function plan(settings: number, tuning: number, heldOut: number): string {
  return `${settings} settings on ${count(tuning, 'picture')}; the best is judged on ${count(heldOut, 'other')}`
}

/** Where nothing could be compared, last. */
function ordered(miou: number): number {
  return Number.isNaN(miou) ? -1 : miou
}

function invalid(message: string, field: string, value: unknown): SemplesError {
  return new SemplesError('SEMPLES_CONFIG_INVALID', { message, field, value })
}
