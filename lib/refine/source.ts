import { basename } from 'node:path'
import { types } from 'node:util'
import { SemplesError } from '../base/error.js'
import { idsExpected } from '../formats/camFile/classMaps.js'
import { warningsOfLabels } from '../formats/camFile/labelMap.js'
import type { ScoreMaps, ScoreRange, ScoreWarning } from '../formats/camFile/scores.js'
import { type LabelMap, VOID_ID } from '../masks/labelMap.js'
import { readMask } from '../masks/png.js'
import type { NativeLabelMap, NativeScoreMaps } from '../native/addon.js'
import { type Given, warnOfIdle } from './idleOptions.js'
import { methodNamed } from './methods.js'
import type { RefineSettings } from './options.js'
import { refuseTurned } from './orientation.js'
import { type FoundScores, scoresOf } from './scoreMaps.js'
import type { RefineInput } from './types.js'

/** Scores or labels as the addon takes them, and the class id of each label. */
export interface Source {
  source: NativeScoreMaps | NativeLabelMap
  /** Class ids (pixel values) in label order. */
  classes: number[]
  /** Keys of the file to which one was added by default. */
  countedKeys?: readonly number[]
  warnings: readonly ScoreWarning[]
}

interface Size {
  width: number
  height: number
}

/**
 * The scores or labels of an input as the addon takes them. Only labels that are present take part: maps without a
 * score above 0, and ids that a label map does not hold, are left out.
 *
 * @throws SemplesError `SEMPLES_REFINE_INPUT` naming what does not fit, and what reading the file throws
 */
export async function sourceOf(
  input: RefineInput,
  size: Size,
  settings: RefineSettings,
  signal?: AbortSignal,
): Promise<Source> {
  const { scores, labels } = input
  if ((scores === undefined) === (labels === undefined))
    throw new SemplesError('SEMPLES_REFINE_INPUT', {
      message: 'A picture is refined from scores or from labels.',
      field: 'scores',
      value: scores === undefined ? 'neither' : 'both',
      expected: 'exactly one of scores and labels',
    })
  const file = [labels, scores].find((value) => typeof value === 'string')
  const tell = (source: Source, kind: Given): Source => ({
    ...inTable(source, settings, file),
    warnings: [...source.warnings, ...warnOfIdle(kind, settings, file === undefined ? 'in memory' : basename(file))],
  })
  if (labels !== undefined) {
    const map = typeof labels === 'string' ? await readMask(labels) : labels
    return tell(await ofLabelInput(input, map, size, settings), 'mask')
  }
  const found = await scoresOf({ ...input, scores: scores! }, size, settings, signal)
  if (found.labels !== undefined)
    return tell(
      await ofLabelInput(input, found.labels, size, settings, found.warnings),
      typeof scores === 'string' ? 'mask in a file of maps' : 'mask',
    )
  const { countedKeys } = found
  const source = { ...ofScores(found, size, settings), ...(countedKeys === undefined ? {} : { countedKeys }) }
  // A picture that shows no class needs no option.
  if (found.maps!.classes.length === 0) return source
  return tell(source, found.maps!.classes.includes(0) ? 'maps with a background' : 'maps')
}

/** @throws SemplesError `SEMPLES_REFINE_INPUT` for a class id that a class table which was given does not have */
function inTable(source: Source, { classNames }: RefineSettings, file?: string): Source {
  const known = classNames && [0, VOID_ID, ...Object.values(classNames)]
  const unknown = source.classes.find((id) => known !== undefined && !known.includes(id))
  if (unknown === undefined) return source
  throw new SemplesError('SEMPLES_REFINE_INPUT', {
    message: `${file ?? 'The input'} has a class id that the class table (classTable) does not have: ${unknown}.`,
    file,
    field: 'classTable',
    value: unknown,
    expected: idsExpected(Object.values(classNames!)),
    hint: 'Give the class table that it was made with (--class-table).',
  })
}

async function ofLabelInput(
  input: RefineInput,
  map: LabelMap | Uint8Array,
  size: Size,
  settings: RefineSettings,
  warnings?: readonly ScoreWarning[],
): Promise<Source> {
  if (!types.isUint8Array(map)) await refuseTurned(input, map, size, settings)
  const file = [input.labels, input.scores].find((value) => typeof value === 'string')
  const ids = labelsOf(map, size, file)
  return { ...ofLabels(ids, settings, file), warnings: warnings ?? warningsOfLabels(ids) }
}

function ofScores({ maps: all, range, warnings }: FoundScores, size: Size, settings: RefineSettings): Source {
  const { threshold, backgroundPower, values: numbers, unary, gtProb, own } = settings
  const method = methodNamed(settings.method)
  const fixed = numbers === 'energies' || method.labels?.(own) !== undefined
  const { classes, values, height, width } = fixed ? all! : withoutAbsent(all!)
  const addBackground = !classes.includes(0) && numbers !== 'energies'
  // A picture that shows no class is background.
  if (classes.length === 0)
    return { source: { labelMap: new Uint8Array(size.width * size.height), labels: 1 }, classes: [0], warnings }
  requireLabels(method.labels?.(own), classes.length + (addBackground ? 1 : 0))
  const source: NativeScoreMaps = {
    values,
    channels: classes.length,
    height,
    width,
    kind: numbers === 'energies' ? 'energy' : 'probability',
    unary: method.onlyUnary ?? unary,
    gtProb,
    // The published PAMR resizes with align_corners, CAMs are made without.
    alignCorners: method.alignCorners,
    ...(addBackground
      ? { background: backgroundPower === undefined ? { threshold } : { power: backgroundPower } }
      : {}),
  }
  const low = addBackground && backgroundPower === undefined ? belowThreshold(range, threshold) : []
  return { source, classes: addBackground ? [0, ...classes] : [...classes], warnings: [...warnings, ...low] }
}

/** Scores of CAMs that were never scaled: none reaches the background's. */
function belowThreshold(range: ScoreRange | undefined, threshold: number): ScoreWarning[] {
  if (range === undefined || !(range.max < threshold)) return []
  const text = `No score reaches that of the background, ${threshold} (threshold): masks are background alone. Maps that were never scaled are raw (--scores raw).`
  return [{ text, seen: `the highest is ${Number(range.max.toPrecision(3))}` }]
}

/** A matrix of compatibilities has a row for every label. */
function requireLabels(rows: number | undefined, labels: number): void {
  if (rows === undefined || rows === labels) return
  throw new SemplesError('SEMPLES_REFINE_INPUT', {
    message: 'A matrix of compatibilities (compat) does not have a row for every label.',
    field: 'compat',
    value: `${rows} rows`,
    expected: `${labels}, one for each label that takes part, the background first`,
  })
}

/** Maps of classes that the picture does not show are often stored as zeros. */
function withoutAbsent(maps: ScoreMaps): ScoreMaps {
  const { values, classes, height, width } = maps
  const pixels = height * width
  const present = classes
    .map((id, index) => ({ id, map: values.subarray(index * pixels, (index + 1) * pixels) }))
    .filter(({ id, map }) => id === 0 || hasScore(map))
  if (present.length === classes.length) return maps
  const kept = new Float32Array(present.length * pixels)
  for (const [index, { map }] of present.entries()) kept.set(map, index * pixels)
  return { ...maps, values: kept, classes: present.map(({ id }) => id) }
}

function hasScore(map: Float32Array): boolean {
  for (let pixel = 0; pixel < map.length; pixel++) if (map[pixel] !== 0) return true
  return false
}

function labelsOf(labels: LabelMap | Uint8Array, size: Size, file?: string): Uint8Array {
  const { width, height } = size
  return types.isUint8Array(labels) ? checkSize({ data: labels, width, height }, size) : checkSize(labels, size, file)
}

function checkSize({ data, width, height }: LabelMap, size: Size, file?: string): Uint8Array {
  const bytes = types.isUint8Array(data)
  if (bytes && width === size.width && height === size.height && data.length === width * height) return data
  throw new SemplesError('SEMPLES_REFINE_INPUT', {
    message: 'The labels do not have the size of their picture.',
    file,
    field: 'labels',
    value: bytes ? `${width}x${height}, ${data.length} labels` : data,
    expected: `${size.width}x${size.height}, one byte a pixel`,
    hint: 'Make them at the size of the picture; score maps may have any size.',
  })
}

/** The index of an unsure pixel. */
const UNSURE = 255

function ofLabels(ids: Uint8Array, settings: RefineSettings, file?: string): Omit<Source, 'warnings'> {
  const { zeroUnsure, gtProb, method, own } = settings
  const present = new Uint8Array(256)
  for (const id of ids) present[id] = 1
  present[VOID_ID] = 0
  if (zeroUnsure) present[0] = 0
  const found = [...present.keys()].filter((id) => present[id] === 1)
  const rows = methodNamed(method).labels?.(own)
  const classes = rows === undefined ? found : labelsOfMatrix(rows, found, settings, file)
  // A mask of unsure pixels alone stays as it is.
  if (found.length === 0 && rows === undefined) classes.push(zeroUnsure ? 0 : VOID_ID)
  const indexOf = new Uint8Array(256).fill(UNSURE)
  for (const [index, id] of classes.entries()) indexOf[id] = index
  // A loop, since a function for each of millions of pixels would hold up the event loop.
  const labelMap = new Uint8Array(ids.length)
  for (let pixel = 0; pixel < ids.length; pixel++) labelMap[pixel] = indexOf[ids[pixel]!]!
  return { source: { labelMap, labels: classes.length, gtProb }, classes }
}

/** The labels of a matrix, which are the same for all pictures: those of `classes`, else ids counted from 0. */
function labelsOfMatrix(
  rows: number,
  found: readonly number[],
  { classes, zeroUnsure }: RefineSettings,
  file?: string,
): number[] {
  const first = zeroUnsure ? 1 : 0
  const labels = classes === undefined ? Array.from({ length: rows }, (_, index) => index + first) : [...classes]
  requireLabels(rows, labels.length)
  const other = found.find((id) => !labels.includes(id))
  if (other === undefined) return labels
  throw new SemplesError('SEMPLES_REFINE_INPUT', {
    message: `The matrix of compatibilities (compat) has ${rows} rows, for the labels ${labels.slice(0, 8).join(', ')}, and a mask holds ${other}.`,
    file,
    field: 'compat',
    value: other,
    expected: 'a row for every class id',
    hint: 'Give the class id of each row: classes: [0, 15, 19].',
  })
}
