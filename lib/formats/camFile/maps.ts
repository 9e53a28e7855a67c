import { SemplesError } from '../../base/error.js'
import { elementCount } from '../dtypes.js'
import { copyNumbers, listNumbers, type NumericArray, transposed } from '../numericArray.js'
import { numbersOfValue } from '../pickle/torch.js'
import { PickledTuple, type PickleValue } from '../pickle/values.js'

/** Maps of one picture as plain data. */
export interface CamMaps {
  dtype: 'float32'
  /** Maps, height, width. */
  shape: [maps: number, height: number, width: number]
  data: Float32Array
}

/** More than any file has; as many as a label map can tell apart. */
const MAX_CLASSES = 65_535

/** How a file is read: what errors call it, and what it does not say itself. */
export interface CamLimits {
  file: string
  /** Most numbers in the maps. */
  maxElements: number
  /** Order of the axes of arrays of several maps. */
  axes: AxesOrder
  /** Class ids by the names of classes, in the spelling of `plainName`. */
  classNames?: ClassNames
}

/** Maps, height, width; or height, width, maps. */
export const axesOrders = ['chw', 'hwc'] as const
export type AxesOrder = (typeof axesOrders)[number]

/** Class ids (pixel values) by `plainName`. */
export type ClassNames = Readonly<Record<string, number>>

/** A name of a class without what spellings differ in: `Dining_table` and `diningtable` are the same. */
export function plainName(name: string): string {
  return name
    .normalize('NFC')
    .toLowerCase()
    .replace(/[\s_-]+/g, '')
}

/** The class ids of `keys`: an array, a list or a tuple of integers; undefined where it is none. */
export function idsOf(value: PickleValue | undefined, file: string): number[] | undefined {
  const array = numbersOfValue(value, file)
  const list = value instanceof PickledTuple ? value.items : value
  if (array !== undefined && elementCount(array.shape) > MAX_CLASSES) return undefined
  const ids = array !== undefined ? listNumbers(array) : Array.isArray(list) ? list : [Number.NaN]
  return ids.every((id) => Number.isSafeInteger(id)) ? ids.map(Number) : undefined
}

/**
 * An array [C, H, W] ([H, W, C] with these axes), [H, W] (one map) or [1, C, H, W] as maps.
 *
 * @throws SemplesError `SEMPLES_CAM_INVALID`, `SEMPLES_FILE_TOO_LARGE`
 */
export function mapsOf(array: NumericArray, what: string, limits: CamLimits): CamMaps {
  const { shape } = array
  const rank = shape.length
  if (rank < 2 || rank > 4 || (rank === 4 && shape[0] !== 1)) {
    throw camFileInvalid(limits.file, `${what} is [${shape.join(', ')}], not [maps, height, width]`)
  }
  const ordered = limits.axes === 'chw' || rank === 2 ? array : transposed(array, rank === 3 ? [2, 0, 1] : [0, 3, 1, 2])
  const [height, width] = sizeOf(ordered, what, limits.file)
  const maps = allocate([rank === 2 ? 1 : ordered.shape[rank - 3]!, height, width], limits)
  copyNumbers(ordered, maps.data, 0)
  return maps
}

/**
 * Arrays [H, W] (or [1, H, W]) as maps, in order.
 *
 * @throws SemplesError `SEMPLES_CAM_INVALID` also where they differ in size, `SEMPLES_FILE_TOO_LARGE`
 */
export function stackMaps(arrays: readonly { what: string; array: NumericArray }[], limits: CamLimits): CamMaps {
  const [first] = arrays
  if (first === undefined) throw camFileInvalid(limits.file, 'it is empty')
  const [height, width] = sizeOf(first.array, first.what, limits.file)
  for (const { what, array } of arrays) {
    const rank = array.shape.length
    if (rank < 2 || rank > 3 || (rank === 3 && array.shape[0] !== 1)) {
      throw camFileInvalid(limits.file, `${what} is [${array.shape.join(', ')}], not [height, width]`)
    }
    const [otherHeight, otherWidth] = sizeOf(array, what, limits.file)
    if (otherHeight !== height || otherWidth !== width) {
      const sizes = `${first.what} is ${height} by ${width}, ${what} is ${otherHeight} by ${otherWidth}`
      throw camFileInvalid(limits.file, `its maps differ in size: ${sizes}`, 'Resize them to one size before saving.')
    }
  }
  const maps = allocate([arrays.length, height, width], limits)
  for (const [index, { array }] of arrays.entries()) copyNumbers(array, maps.data, index * height * width)
  return maps
}

function sizeOf({ shape }: NumericArray, what: string, file: string): [height: number, width: number] {
  const [height = 0, width = 0] = shape.slice(-2)
  if (height === 0 || width === 0) throw camFileInvalid(file, `${what} is [${shape.join(', ')}], without a pixel`)
  return [height, width]
}

function allocate(shape: [number, number, number], { file, maxElements }: CamLimits): CamMaps {
  const elements = shape.reduce((count, size) => count * size, 1)
  if (!(elements <= maxElements)) {
    throw new SemplesError('SEMPLES_FILE_TOO_LARGE', {
      message: `${file} holds maps of ${shape.join(' x ')} numbers.`,
      file,
      expected: `${maxElements} numbers at most`,
      hint: 'Raise maxElements, or save the maps of the classes that are in the picture alone.',
    })
  }
  return { dtype: 'float32', shape, data: new Float32Array(elements) }
}

/** Whether it is one map of whole numbers: class ids of pixels, not scores. */
export function isLabelMap({ type, shape }: NumericArray): boolean {
  return /^[iu]/.test(type) && (shape.length === 2 || (shape.length === 3 && shape[0] === 1))
}

/** A file whose numbers could be read, but that is no file of CAMs or score maps as far as one can tell. */
export function camFileInvalid(file: string, why: string, hint?: string): SemplesError {
  return new SemplesError('SEMPLES_CAM_INVALID', {
    message: `${file} holds no maps that are understood: ${why}.`,
    file,
    hint: hint ?? 'Save them as numpy.savez(path, **{str(class_id): map}), one [H, W] array a class.',
  })
}

/** Numbers [height, width, maps] of memory as [maps, height, width]. */
export function transposeToMaps(values: Float32Array, maps: number): Float32Array {
  const pixels = values.length / maps
  const moved = new Float32Array(values.length)
  for (let map = 0; map < maps; map++)
    for (let pixel = 0, from = map; pixel < pixels; pixel++, from += maps) moved[map * pixels + pixel] = values[from]!
  return moved
}
