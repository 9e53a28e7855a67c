import { types } from 'node:util'
import { SemplesError } from '../base/error.js'
import type { TensorData } from '../base/tensor.js'
import { readClassMaps } from '../formats/camFile/classMaps.js'
import type { RefineSettings } from './options.js'
import type { RefineInput } from './types.js'

/** Score maps with the class id of each. */
export interface ScoreMaps {
  /** [classes, height, width] */
  values: Float32Array
  classes: readonly number[]
  height: number
  width: number
}

type ScoresInput = RefineInput & { scores: NonNullable<RefineInput['scores']> }

/** The score maps of an input with their classes: those of the file (see `readCamFile`), or those given. */
export async function scoreMapsOf(
  input: ScoresInput,
  size: { width: number; height: number },
  settings: RefineSettings,
): Promise<ScoreMaps> {
  const { scores } = input
  const given = input.classes ?? settings.classes
  if (typeof scores === 'string') return ofFile(scores, given, settings)
  const { values, channels, ...dimensions } = types.isFloat32Array(scores) ? plain(scores, size) : ofTensor(scores)
  return { values, ...dimensions, classes: classesOf(given ?? countFrom0(channels), channels) }
}

async function ofFile(
  file: string,
  classes: readonly number[] | undefined,
  { classOffset }: RefineSettings,
): Promise<ScoreMaps> {
  const { data, classIds, height, width } = await readClassMaps(file, { classes, classOffset })
  return { values: data, classes: classIds, height, width }
}

function countFrom0(channels: number): number[] {
  return Array.from({ length: channels }, (_, index) => index)
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

function plain(values: Float32Array, { width, height }: { width: number; height: number }): Maps {
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

function ofTensor(tensor: TensorData): Maps {
  const { dtype, shape, data } = tensor ?? {}
  const [channels = 0, height = 0, width = 0] = shape ?? []
  const whole = shape?.length === 3 && shape.every((side) => Number.isSafeInteger(side) && side > 0)
  const fits = whole && data?.length === channels * height * width
  if (fits && types.isFloat32Array(data)) return { values: data, channels, height, width }
  if (fits && types.isFloat64Array(data)) return { values: Float32Array.from(data), channels, height, width }
  throw new SemplesError('SEMPLES_REFINE_INPUT', {
    message: 'The scores have a form that refinement does not accept.',
    field: 'scores',
    value: shape === undefined ? tensor : `${dtype} [${shape.join(', ')}], ${data?.length} numbers`,
    expected: 'a Float32Array, { dtype: float32 or float64, shape: [maps, height, width], data }, or a path',
  })
}
