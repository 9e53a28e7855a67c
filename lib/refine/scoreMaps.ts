import { types } from 'node:util'
import { runInSlices } from '../base/cooperative.js'
import { SemplesError } from '../base/error.js'
import type { TensorData } from '../base/tensor.js'
import { refuseOtherAxes } from '../formats/camFile/axes.js'
import { readCamFile } from '../formats/camFile/camFile.js'
import { classMapsOf } from '../formats/camFile/classMaps.js'
import { countedKeysOf } from '../formats/camFile/countedKeys.js'
import { keepClasses } from '../formats/camFile/keptClasses.js'
import { labelsOfMap } from '../formats/camFile/labelMap.js'
import { type AxesOrder, transposeToMaps } from '../formats/camFile/maps.js'
import { type ScoreMaps, type ScoreRange, type ScoreWarning, takeScores } from '../formats/camFile/scores.js'
import type { LabelMap } from '../masks/labelMap.js'
import type { RefineSettings } from './options.js'
import { refuseTurned } from './orientation.js'
import type { RefineInput } from './types.js'

export type ScoresInput = RefineInput & { scores: NonNullable<RefineInput['scores']> }

interface Size {
  width: number
  height: number
}

/** Scores as they are refined, or the labels that a file holds instead. */
export interface FoundScores {
  /** Probabilities or, where that is what they are, energies. */
  maps?: ScoreMaps
  /** Of a file of one map of whole numbers. */
  labels?: LabelMap
  /** Of probabilities that were given as such. */
  range?: ScoreRange
  /** Keys of the file to which one was added by default. */
  countedKeys?: number[]
  warnings: ScoreWarning[]
}

/**
 * The score maps of an input with their classes, those of the file (see `readCamFile`) or those given, checked to be what
 * they are taken for, and made probabilities.
 *
 * @throws SemplesError `SEMPLES_CAM_INVALID`, `SEMPLES_REFINE_INPUT`, and what reading the file throws
 */
export async function scoresOf(
  input: ScoresInput,
  size: Size,
  settings: RefineSettings,
  signal?: AbortSignal,
): Promise<FoundScores> {
  const { scores } = input
  const { values: kind, axes = 'chw', classOffset, classNames, entry } = settings
  const known = classNames && Object.values(classNames)
  const given = input.classes ?? settings.classes
  const file = typeof scores === 'string' ? scores : undefined
  let maps: ScoreMaps
  let countedKeys: number[] = []
  if (file !== undefined) {
    const reading = { classes: given, classOffset, classNames, axes, entry }
    const cam = await readCamFile(file, reading)
    if (cam.labelMap && given === undefined) return labelsOfMap(cam.maps, file)
    refuseOtherAxes(cam.maps.shape, axes, size, file)
    const { data, classIds, height, width } = classMapsOf(cam, file, { given: given !== undefined, known })
    countedKeys = countedKeysOf(cam, reading)
    maps = { values: data, classes: classIds, height, width }
  } else maps = ofMemory(scores as Float32Array | TensorData, size, given, axes)
  signal?.throwIfAborted()
  const turned = await refuseTurned(input, maps, size, settings)
  const kept = keptOf(maps, input, settings)
  const own = file !== undefined || axes === 'hwc' || kept.maps !== maps
  const source = { kind, name: file ?? 'scores', file, own, keepEnergies: true }
  const taken = await runInSlices(takeScores(kept.maps, source), { signal })
  return {
    ...taken,
    ...(countedKeys.length > 0 ? { countedKeys } : {}),
    warnings: [...turned, ...kept.warnings, ...taken.warnings],
  }
}

/** The maps of the picture's labels, where these are given. */
function keptOf(maps: ScoreMaps, { name, image }: ScoresInput, { imageLabels }: RefineSettings) {
  if (imageLabels === undefined) return { maps, warnings: [] }
  return keepClasses(maps, imageLabels.idsOf({ name: name ?? '', ...(typeof image === 'string' ? { image } : {}) }))
}

function ofMemory(
  scores: Float32Array | TensorData,
  size: Size,
  given: readonly number[] | undefined,
  axes: AxesOrder,
): ScoreMaps {
  const { values, channels, height, width } = types.isFloat32Array(scores)
    ? plain(scores, size)
    : ofTensor(scores, axes)
  if (!types.isFloat32Array(scores)) refuseOtherAxes([channels, height, width], axes, size, 'scores')
  const classes = classesOf(given ?? countFrom0(channels), channels)
  return { values: axes === 'hwc' ? transposeToMaps(values, channels) : values, classes, height, width }
}

/** One map cannot be the background alone, so a map without class ids is refused. */
function countFrom0(channels: number): number[] {
  if (channels !== 1) return Array.from({ length: channels }, (_, index) => index)
  throw new SemplesError('SEMPLES_REFINE_INPUT', {
    message: 'One map without a class id: counted from 0 it would be the background alone.',
    field: 'classes',
    value: undefined,
    expected: 'the class id of the map',
    hint: 'Give it: classes: [1]. The background then comes from the threshold.',
  })
}

function classesOf(classes: readonly number[], channels: number): readonly number[] {
  const refuse = (value: unknown, expected: string) => {
    throw new SemplesError('SEMPLES_REFINE_INPUT', {
      message: 'The classes do not fit the score maps.',
      field: 'classes',
      value,
      expected,
    })
  }
  if (classes.length !== channels) refuse(classes, `a class id for each of ${channels} maps`)
  const wrong = classes.find((id) => !(Number.isInteger(id) && id >= 0 && id <= 254))
  if (wrong !== undefined) refuse(wrong, 'class ids from 0 (background) to 254')
  if (new Set(classes).size < classes.length) refuse(classes, 'different class ids')
  return classes
}

interface Maps {
  values: Float32Array
  channels: number
  height: number
  width: number
}

function plain(values: Float32Array, { width, height }: Size): Maps {
  const channels = values.length / (width * height)
  if (Number.isInteger(channels)) return { values, channels, height, width }
  throw new SemplesError('SEMPLES_REFINE_INPUT', {
    message: 'The scores do not fit the size of the picture.',
    field: 'scores',
    value: `${values.length} numbers`,
    expected: `a multiple of ${width} x ${height}`,
    hint: 'Give maps of another size as { dtype, shape: [maps, height, width], data }.',
  })
}

function ofTensor(tensor: TensorData, axes: AxesOrder): Maps {
  const { dtype, shape, data } = tensor ?? {}
  const [first = 0, second = 0, third = 0] = shape ?? []
  const [channels, height, width] = axes === 'hwc' ? [third, first, second] : [first, second, third]
  const whole = shape?.length === 3 && shape.every((side) => Number.isSafeInteger(side) && side > 0)
  const fits = whole && data?.length === channels * height * width
  if (fits && types.isFloat32Array(data)) return { values: data, channels, height, width }
  if (fits && types.isFloat64Array(data)) return { values: Float32Array.from(data), channels, height, width }
  const order = axes === 'hwc' ? '[height, width, maps]' : '[maps, height, width]'
  throw new SemplesError('SEMPLES_REFINE_INPUT', {
    message: 'The scores have a form that refinement does not accept.',
    field: 'scores',
    value: shape === undefined ? tensor : `${dtype} [${shape.join(', ')}], ${data?.length} numbers`,
    expected: `a Float32Array, { dtype: float32 or float64, shape: ${order}, data }, or a path`,
  })
}
