import { SemplesError } from '../../base/error.js'

/**
 * What the numbers of score maps are. `probabilities`: 0 to 1. `logits`: any numbers, made probabilities by a softmax over
 * the maps of the picture where one of them is the background, else by a sigmoid. `raw`: any numbers, each map scaled to
 * its own minimum and maximum. `energies`: -ln of probabilities.
 */
export const scoreKinds = ['probabilities', 'logits', 'raw', 'energies'] as const
export type ScoreKind = (typeof scoreKinds)[number]

/** Maps of one picture. */
export interface ScoreMaps {
  /** [classes, height, width] */
  values: Float32Array
  /** Class id of each map; 0 is the background. */
  classes: readonly number[]
  height: number
  width: number
}

/** Something about scores that need not be wrong: a sentence that many files share, and what was seen in one. */
export interface ScoreWarning {
  text: string
  seen: string
}

export interface ScoreSource {
  kind: ScoreKind
  /** What errors call the scores: the file. */
  name: string
  /** The path, if they come of a file. */
  file?: string
}

/** Lowest and highest number; NaN and infinities are told of and do not count. */
export interface ScoreRange {
  min: number
  max: number
  finite: boolean
}

/** Numbers between two turns of the event loop. */
const SLICE = 2 ** 18

/** The range of numbers, in steps. */
export function* rangeOf(values: Float32Array): Generator<undefined, ScoreRange> {
  let [min, max, finite] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, true]
  for (let start = 0; start < values.length; start += SLICE) {
    const end = Math.min(values.length, start + SLICE)
    for (let i = start; i < end; i++) {
      const value = values[i]!
      if (value - value !== 0) finite = false
      else {
        if (value < min) min = value
        if (value > max) max = value
      }
    }
    yield
  }
  return { min, max, finite }
}

/** Rounding, and what resizing with a cubic filter adds, leave the range a little. */
const [ROUNDING, OVERSHOOT] = [0.01, 0.25]

/** More classes than one picture shows: its maps are most likely those of the whole class table. */
const MANY_CLASSES = 12

/**
 * Checks that numbers can be what they are taken for. Ones that are not finite are left to whoever computes with them.
 *
 * @throws SemplesError `SEMPLES_CAM_INVALID` naming the range seen, and both remedies
 */
export function checkRange(range: ScoreRange, maps: number, { kind, name, file }: ScoreSource): ScoreWarning[] {
  const { min, max, finite } = range
  if (!finite || !(min <= max)) return []
  const seen = `${shown(min)} to ${shown(max)}`
  if (kind === 'raw' && maps >= MANY_CLASSES) {
    const text =
      'Every raw map is scaled to reach 1 somewhere, also those of classes that a picture does not show: keep the maps of its labels alone (refine: imageLabels, --labels FILE; eval: camLabels, --cam-labels FILE).'
    return [{ text, seen: `${maps} maps` }]
  }
  if (kind === 'probabilities') {
    if (min < -OVERSHOOT || max > 1 + OVERSHOOT) throw noProbabilities(range, name, file)
    if (min >= -ROUNDING && max <= 1 + ROUNDING) return []
    return [{ text: 'Scores taken as probabilities leave the range from 0 to 1, and are cut off there.', seen }]
  }
  const inUnit = min >= 0 && max <= 1
  if (kind === 'logits' && inUnit && max > 0) {
    const text = 'Scores taken as logits all lie from 0 to 1: of probabilities, a softmax makes nearly equal ones.'
    return [{ text, seen }]
  }
  if (kind === 'energies' && inUnit && max > 0 && maps > 2) {
    return [{ text: 'Scores taken as energies, -ln p, all lie from 0 to 1, as probabilities do.', seen }]
  }
  return []
}

function noProbabilities({ min, max }: ScoreRange, name: string, file?: string): SemplesError {
  const bytes = min >= 0 && max > 2 && max <= 255
  return new SemplesError('SEMPLES_CAM_INVALID', {
    message: `${name} holds values from ${shown(min)} to ${shown(max)}, which are no probabilities.`,
    file,
    field: 'values',
    value: `${shown(min)} to ${shown(max)}`,
    expected: 'numbers from 0 to 1',
    hint: bytes
      ? "Say what they are: values: 'raw' (--scores raw: each class's map is scaled to its own minimum and maximum), 'logits' or 'energies'. Or write them as probabilities: of bytes from 0 to 255, cam.astype('float32') / 255."
      : "Say what they are: values: 'logits' (--scores logits), 'raw' (--scores raw: each class's map is scaled to its own minimum and maximum) or 'energies' (--scores energies: -ln p). Or write them as probabilities: scipy.special.softmax(logits, axis=0), or (cam - cam.min()) / (cam.max() - cam.min()) for each class.",
  })
}

function shown(value: number): string {
  return String(Number(value.toPrecision(4)))
}

/**
 * The maps as probabilities, in steps; those of 0 to 1 as they are. NaN and infinities, but for logits of -infinity, become
 * NaN.
 *
 * @param own whether the numbers may be changed where they lie
 */
export function* probabilitiesOf(maps: ScoreMaps, kind: ScoreKind, own: boolean): Generator<undefined, ScoreMaps> {
  if (kind === 'probabilities' || maps.values.length === 0) return maps
  const values = own ? maps.values : new Float32Array(maps.values.length)
  if (kind === 'raw') yield* scaleEach(maps, values)
  else if (kind === 'logits' && maps.classes.includes(0)) yield* softmax(maps, values)
  else yield* each(maps.values, values, kind === 'logits' ? sigmoid : (energy) => Math.exp(-energy))
  return { ...maps, values }
}

function sigmoid(logit: number): number {
  return 1 / (1 + Math.exp(-logit))
}

function* each(from: Float32Array, to: Float32Array, change: (value: number) => number): Generator<undefined, void> {
  for (let start = 0; start < from.length; start += SLICE) {
    const end = Math.min(from.length, start + SLICE)
    for (let i = start; i < end; i++) to[i] = change(from[i]!)
    yield
  }
}

/** (v - min) / (max - min + 1e-8), map by map: the scale that SemPLeS gives the CAMs of a picture. */
function* scaleEach({ values, classes }: ScoreMaps, to: Float32Array): Generator<undefined, void> {
  const pixels = values.length / classes.length
  for (let start = 0; start < values.length; start += pixels) {
    const map = values.subarray(start, start + pixels)
    const { min, max, finite } = yield* rangeOf(map)
    const scale = finite ? 1 / (max - min + 1e-8) : Number.NaN
    yield* each(map, to.subarray(start, start + pixels), (value) => (value - min) * scale)
  }
}

/** Over the maps of each pixel. */
function* softmax({ values, classes }: ScoreMaps, to: Float32Array): Generator<undefined, void> {
  const pixels = values.length / classes.length
  const slice = Math.max(1, Math.floor(SLICE / classes.length))
  for (let start = 0; start < pixels; start += slice) {
    const end = Math.min(pixels, start + slice)
    const highest = new Float32Array(end - start).fill(Number.NEGATIVE_INFINITY)
    const sum = new Float64Array(end - start)
    for (let at = start; at < values.length; at += pixels)
      for (let i = 0; i < highest.length; i++) highest[i] = Math.max(highest[i]!, values[at + i]!)
    for (let at = start; at < values.length; at += pixels)
      for (let i = 0; i < sum.length; i++) sum[i]! += to[at + i] = Math.exp(values[at + i]! - highest[i]!)
    for (let at = start; at < values.length; at += pixels) for (let i = 0; i < sum.length; i++) to[at + i]! /= sum[i]!
    yield
  }
}

export interface TakenScores {
  /** Probabilities; energies where `keepEnergies` says so. */
  maps: ScoreMaps
  /** Of probabilities that were given as such. */
  range?: ScoreRange
  warnings: ScoreWarning[]
}

/**
 * Scores as probabilities, checked to be what they are taken for, in steps: the one way that scores of files and arrays
 * take, to refinement and to evaluation.
 *
 * @param source.own whether the numbers may be changed where they lie
 * @param source.keepEnergies leave energies as they are
 * @throws SemplesError `SEMPLES_CAM_INVALID` naming the range seen, and both remedies
 */
export function* takeScores(
  maps: ScoreMaps,
  source: ScoreSource & { own: boolean; keepEnergies?: boolean },
): Generator<undefined, TakenScores> {
  const { kind, own, keepEnergies = false } = source
  if (maps.values.length === 0) return { maps, warnings: [] }
  const range = yield* rangeOf(maps.values)
  const warnings = checkRange(range, maps.classes.length, source)
  if (kind === 'energies' && keepEnergies) return { maps, warnings }
  const taken = yield* probabilitiesOf(maps, kind, own)
  return { maps: taken, warnings, ...(kind === 'probabilities' ? { range } : {}) }
}
