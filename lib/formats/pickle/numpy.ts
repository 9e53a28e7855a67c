import { bytesOf, elementCount, isNumberType } from '../dtypes.js'
import { denseArray, listNumbers, type NumericArray } from '../numericArray.js'
import { pickleInvalid, pickleRefused } from './refusals.js'
import {
  type Construct,
  type PickleCall,
  PickledArray,
  PickledDtype,
  PickledGlobal,
  PickledTuple,
  type PickleValue,
} from './values.js'

/** What NumPy's arrays, dtypes and scalars are made with; NumPy 2 has an underscore in the module's name. */
const CONSTRUCTORS: Record<string, Construct | undefined> = {
  'numpy.ndarray': undefined,
  'numpy.dtype': makeDtype,
  ...inBoth('multiarray._reconstruct', () => new PickledArray()),
  ...inBoth('multiarray.scalar', makeScalar),
  ...inBoth('numeric._frombuffer', arrayOfBuffer),
}

export const NUMPY_GLOBALS: readonly PickledGlobal[] = Object.entries(CONSTRUCTORS).map(
  ([path, construct]) => new PickledGlobal(path, construct),
)

function inBoth(path: string, construct: Construct): Record<string, Construct> {
  return { [`numpy.core.${path}`]: construct, [`numpy._core.${path}`]: construct }
}

/** `numpy.dtype('f4', False, True)`. */
function makeDtype({ args, name }: PickleCall): PickledDtype {
  const [, order, kind] = /^([<>|=]?)([a-zA-Z]\d*)$/.exec(typeof args[0] === 'string' ? args[0] : '') ?? []
  if (kind === undefined) throw pickleInvalid(name, 'a NumPy dtype has no type string')
  const dtype = new PickledDtype(kind.startsWith('O') ? 'O' : kind)
  dtype.littleEndian = order !== '>'
  return dtype
}

/** State of a dtype: version, byte order, then what only records, dates and strings have. */
export function setDtypeState(dtype: PickledDtype, state: PickleValue, name: string): void {
  const [, order, subarray, fields] = state instanceof PickledTuple ? state.items : []
  if (typeof order !== 'string' || !'<>|='.includes(order)) {
    throw pickleInvalid(name, 'the state of a NumPy dtype has no byte order')
  }
  if (subarray !== null || fields !== null) throw pickleRefused(name, 'a NumPy record type')
  dtype.littleEndian = order !== '>'
}

/** State of an array: version (absent in the oldest), shape, dtype, whether in Fortran order, bytes or objects. */
export function setArrayState(array: PickledArray, state: PickleValue, call: Omit<PickleCall, 'args'>): void {
  const { name } = call
  const items = state instanceof PickledTuple ? state.items : []
  const [shape, dtype, fortranOrder, content] = items.length === 5 ? items.slice(1) : items
  if (!(dtype instanceof PickledDtype) || content === undefined) {
    throw pickleInvalid(name, 'the state of a NumPy array has no dtype and numbers')
  }
  const sizes = shapeOf(shape, name)
  if (dtype.kind !== 'O') {
    const bytes = bytesOfValue(content, call)
    array.numbers = numbersOf(bytes, dtype, sizes, fortranOrder === true || fortranOrder === 1, name)
    return
  }
  if (!Array.isArray(content) || content.length !== elementCount(sizes)) {
    throw pickleInvalid(name, 'a NumPy array of objects does not have as many as its shape says')
  }
  array.objects = { shape: sizes, items: content }
}

/** `numpy.core.numeric._frombuffer(bytes, dtype, shape, order)`: arrays of protocol 5. */
function arrayOfBuffer(call: PickleCall): PickledArray {
  const [content, dtype, shape, order] = call.args
  if (!(dtype instanceof PickledDtype) || content === undefined) {
    throw pickleInvalid(call.name, 'a NumPy array of a buffer has no dtype and numbers')
  }
  const array = new PickledArray()
  const bytes = bytesOfValue(content, call)
  array.numbers = numbersOf(bytes, dtype, shapeOf(shape, call.name), order === 'F', call.name)
  return array
}

/** `numpy.core.multiarray.scalar(dtype, bytes)`. */
function makeScalar(call: PickleCall): number | boolean {
  const [dtype, content] = call.args
  if (!(dtype instanceof PickledDtype) || content === undefined) {
    throw pickleInvalid(call.name, 'a NumPy scalar has no dtype and number')
  }
  const [number] = listNumbers(numbersOf(bytesOfValue(content, call), dtype, [], false, call.name))
  return dtype.kind === 'b1' ? number === 1 : number!
}

function numbersOf(
  bytes: Uint8Array,
  { kind, littleEndian }: PickledDtype,
  shape: readonly number[],
  fortranOrder: boolean,
  name: string,
): NumericArray {
  if (!isNumberType(kind)) {
    throw pickleRefused(name, `a NumPy array of type ${kind}`)
  }
  const announced = elementCount(shape) * bytesOf(kind)
  if (announced !== bytes.length) {
    const sizes = `[${shape.slice(0, 8).map(String).join(', ')}]`
    throw pickleInvalid(name, `an array ${sizes} of ${kind} needs ${announced} bytes, ${bytes.length} are there`)
  }
  return denseArray({ type: kind, littleEndian, bytes, shape }, fortranOrder)
}

/** A tuple of sizes. */
export function shapeOf(value: PickleValue | undefined, name: string): number[] {
  const sizes = value instanceof PickledTuple ? value.items : [Number.NaN]
  if (sizes.length > 32 || Number.isNaN(elementCount(sizes))) {
    throw pickleInvalid(name, 'the shape of an array is no tuple of up to 32 sizes')
  }
  return sizes.map(Number)
}

/** Bytes, also where a text holds one in each character (Python 2, and protocols 0 to 2). */
export function bytesOfValue(value: PickleValue, { name, spendBytes }: Omit<PickleCall, 'args'>): Uint8Array {
  if (value instanceof Uint8Array) return value
  if (typeof value !== 'string') throw pickleInvalid(name, 'an array has no bytes')
  spendBytes(value.length)
  if (/[^\0-\xff]/.test(value)) throw pickleInvalid(name, 'the bytes of an array are a text with other characters')
  const bytes = new Uint8Array(value.length)
  for (let i = 0; i < value.length; i++) bytes[i] = value.charCodeAt(i)
  return bytes
}
