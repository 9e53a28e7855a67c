import { bytesOf, elementCount, isNumberType } from '../dtypes.js'
import { denseArray, listNumbers, type NumericArray, transposed } from '../numericArray.js'
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
  if ((subarray !== null || fields !== null) && !isPassedOver(dtype, { placeholders: false }))
    throw pickleRefused(name, 'a NumPy record type')
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
  if (isPassedOver(dtype, call)) return
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

/**
 * `numpy.core.numeric._frombuffer(bytes, dtype, shape, order, axes)`: arrays of protocol 5. With order `K` (NumPy 2.3 and
 * later) the shape is that of the numbers as they lie, and `axes` are the places of the array's own axes in it.
 */
function arrayOfBuffer(call: PickleCall): PickledArray {
  const [content, dtype, shape, order, axes] = call.args
  const { name } = call
  if (!(dtype instanceof PickledDtype) || content === undefined) {
    throw pickleInvalid(name, 'a NumPy array of a buffer has no dtype and numbers')
  }
  const array = new PickledArray()
  if (isPassedOver(dtype, call)) return array
  const bytes = bytesOfValue(content, call)
  const numbers = numbersOf(bytes, dtype, shapeOf(shape, name), order === 'F', name)
  if (order === 'C' || order === 'F' || (order === 'K' && (axes === undefined || axes === null))) {
    array.numbers = numbers
    return array
  }
  if (order !== 'K') throw pickleInvalid(name, 'a NumPy array of a buffer is in no order that there is')
  const places = shapeOf(axes, name)
  if (places.length !== numbers.shape.length || places.some((_, axis) => !places.includes(axis))) {
    throw pickleInvalid(name, 'a NumPy array of a buffer has axes in an order that is none')
  }
  array.numbers = transposed(numbers, places)
  return array
}

/** `numpy.core.multiarray.scalar(dtype, bytes)`: numbers and texts; null for dates and records. */
function makeScalar(call: PickleCall): PickleValue {
  const [dtype, content] = call.args
  if (!(dtype instanceof PickledDtype) || content === undefined) {
    throw pickleInvalid(call.name, 'a NumPy scalar has no dtype and number')
  }
  if (/^[MmV]/.test(dtype.kind) || (isPassedOver(dtype, call) && !/^[USa]/.test(dtype.kind))) return null
  const bytes = bytesOfValue(content, call)
  if (dtype.kind.startsWith('U')) return textOf(bytes, dtype, call)
  if (/^[Sa]/.test(dtype.kind)) return Buffer.from(bytes).toString('latin1')
  const [number] = listNumbers(numbersOf(bytes, dtype, [], false, call.name))
  return dtype.kind === 'b1' ? number === 1 : number!
}

/**
 * Texts, bytes, dates, durations and records (names of pictures, times) are data beside the maps, and run nothing.
 * Beside weights so are complex numbers and whatever else is not read.
 */
function isPassedOver({ kind }: PickledDtype, { placeholders }: Pick<PickleCall, 'placeholders'>): boolean {
  return /^[USaMmV]/.test(kind) || (placeholders && kind !== 'O' && !isNumberType(kind))
}

/** NumPy's texts have four bytes a character. */
function textOf(bytes: Uint8Array, { littleEndian }: PickledDtype, { name, spendBytes }: PickleCall): string {
  spendBytes(bytes.length)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let text = ''
  for (let at = 0; at + 4 <= bytes.length; at += 4) {
    const code = view.getUint32(at, littleEndian)
    if (code > 0x10ffff) throw pickleInvalid(name, 'a text has a character beyond Unicode')
    text += String.fromCodePoint(code)
  }
  return text.replace(/\0+$/, '')
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

/** A tuple of sizes, whose product is a number of elements. */
export function shapeOf(value: PickleValue | undefined, name: string): number[] {
  const sizes = sizesOf(value, name)
  if (Number.isNaN(elementCount(sizes))) throw shapeInvalid(name)
  return sizes
}

/** A tuple of whole numbers from 0 on. */
export function sizesOf(value: PickleValue | undefined, name: string): number[] {
  const sizes = value instanceof PickledTuple ? value.items : [Number.NaN]
  if (sizes.length > 32 || sizes.some((size) => Number.isNaN(elementCount([size])))) throw shapeInvalid(name)
  return sizes.map(Number)
}

function shapeInvalid(name: string): Error {
  return pickleInvalid(name, 'the shape of an array is no tuple of up to 32 sizes')
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
