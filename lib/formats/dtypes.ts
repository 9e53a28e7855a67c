import { SemplesError } from '../base/error.js'
import type { Dtype, TensorData, TypedArray } from '../base/tensor.js'

/** How one number lies in memory: NumPy's kind and bytes; `bf2` is torch's bfloat16. */
export type NumberType = 'f2' | 'bf2' | 'f4' | 'f8' | 'i1' | 'i2' | 'i4' | 'i8' | 'u1' | 'u2' | 'u4' | 'u8' | 'b1'

interface NumberLayout {
  /** Bytes an element. */
  bytes: number
  /** The name in a safetensors header. */
  name: string
  read(view: DataView, at: number, littleEndian: boolean): number
  /** As a tensor of semples; absent for numbers that are only read as something else. */
  tensor?: TensorLayout
}

interface TensorLayout {
  dtype: Dtype
  /** The typed array that holds the elements. */
  array: new (
    buffer: ArrayBuffer,
  ) => TypedArray
}

/** Every type of number that some file holds; the only such table. */
const LAYOUTS: Record<NumberType, NumberLayout> = {
  f8: {
    bytes: 8,
    name: 'F64',
    read: (view, at, little) => view.getFloat64(at, little),
    tensor: { dtype: 'float64', array: Float64Array },
  },
  i8: {
    bytes: 8,
    name: 'I64',
    read: (view, at, little) => Number(view.getBigInt64(at, little)),
    tensor: { dtype: 'int64', array: BigInt64Array },
  },
  f4: {
    bytes: 4,
    name: 'F32',
    read: (view, at, little) => view.getFloat32(at, little),
    tensor: { dtype: 'float32', array: Float32Array },
  },
  i4: {
    bytes: 4,
    name: 'I32',
    read: (view, at, little) => view.getInt32(at, little),
    tensor: { dtype: 'int32', array: Int32Array },
  },
  f2: {
    bytes: 2,
    name: 'F16',
    read: (view, at, little) => float16(view.getUint16(at, little)),
    tensor: { dtype: 'float16', array: Uint16Array },
  },
  bf2: {
    bytes: 2,
    name: 'BF16',
    read: (view, at, little) => bfloat16(view.getUint16(at, little)),
    tensor: { dtype: 'bfloat16', array: Uint16Array },
  },
  u1: { bytes: 1, name: 'U8', read: (view, at) => view.getUint8(at), tensor: { dtype: 'uint8', array: Uint8Array } },
  b1: {
    bytes: 1,
    name: 'BOOL',
    read: (view, at) => (view.getUint8(at) === 0 ? 0 : 1),
    tensor: { dtype: 'bool', array: Uint8Array },
  },
  i1: { bytes: 1, name: 'I8', read: (view, at) => view.getInt8(at) },
  i2: { bytes: 2, name: 'I16', read: (view, at, little) => view.getInt16(at, little) },
  u2: { bytes: 2, name: 'U16', read: (view, at, little) => view.getUint16(at, little) },
  u4: { bytes: 4, name: 'U32', read: (view, at, little) => view.getUint32(at, little) },
  u8: { bytes: 8, name: 'U64', read: (view, at, little) => Number(view.getBigUint64(at, little)) },
}

/** A type of number that tensors have. */
export interface DtypeEntry extends TensorLayout {
  type: NumberType
  bytes: number
  /** The name in a safetensors header. */
  name: string
}

const ENTRIES: readonly DtypeEntry[] = Object.entries(LAYOUTS).flatMap(([type, { bytes, name, tensor }]) =>
  tensor === undefined ? [] : [{ type: type as NumberType, bytes, name, ...tensor }],
)
const BY_NAME = new Map(ENTRIES.map((entry) => [entry.name, entry]))
const BY_DTYPE = new Map(ENTRIES.map((entry) => [entry.dtype, entry]))

/** Safetensors names that semples reads and writes, for messages. */
export const DTYPE_NAMES = ENTRIES.map((entry) => entry.name).join(', ')

export function isNumberType(kind: string): kind is NumberType {
  return Object.hasOwn(LAYOUTS, kind)
}

export function layoutOf(type: NumberType): NumberLayout {
  return LAYOUTS[type]
}

export function bytesOf(type: NumberType): number {
  return LAYOUTS[type].bytes
}

export function dtypeByName(name: string): DtypeEntry | undefined {
  return BY_NAME.get(name)
}

/** Bytes an element of any type that some file holds, tensors or not; undefined for other names. */
export function bytesByName(name: string): number | undefined {
  return Object.values(LAYOUTS).find((layout) => layout.name === name)?.bytes
}

/** Number of elements of a shape; NaN where it is not a list of non-negative integers or is beyond 2^53. */
export function elementCount(shape: readonly unknown[]): number {
  let count = 1
  for (const size of shape) {
    if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) return Number.NaN
    count *= size
  }
  return Number.isSafeInteger(count) ? count : Number.NaN
}

/**
 * Checks that a tensor is what its fields say: known dtype, the typed array that belongs to it, and as many elements
 * as the shape has.
 *
 * @throws SemplesError `SEMPLES_ARGUMENT_INVALID` naming the tensor.
 */
export function checkTensor(name: string, tensor: TensorData): DtypeEntry {
  const entry = BY_DTYPE.get(tensor.dtype)
  const invalid = (message: string, value: unknown, expected: string) =>
    new SemplesError('SEMPLES_ARGUMENT_INVALID', { message, field: name, value, expected })
  if (entry === undefined) {
    throw invalid(`Tensor ${name} has an unknown dtype.`, tensor.dtype, [...BY_DTYPE.keys()].join(', '))
  }
  // By name: an array made in another realm (a worker, a test sandbox) is no instance of ours.
  const arrayName = Object.prototype.toString.call(tensor.data).slice(8, -1)
  if (arrayName !== entry.array.name && !(entry.array === Uint8Array && Buffer.isBuffer(tensor.data))) {
    throw invalid(`Tensor ${name} (${entry.dtype}) has the wrong kind of array.`, arrayName, entry.array.name)
  }
  const count = elementCount(tensor.shape)
  if (tensor.data.length !== count) {
    throw invalid(
      `Tensor ${name} has ${tensor.data.length} elements, its shape [${tensor.shape.join(', ')}] has ${count}.`,
      tensor.data.length,
      `${count} elements`,
    )
  }
  return entry
}

let halves: Float32Array | undefined

/** IEEE 754 half precision, by a table: maps in float16 have millions of them. */
function float16(bits: number): number {
  halves ??= Float32Array.from({ length: 65_536 }, (_, half) => expanded(half))
  return halves[bits]!
}

function expanded(bits: number): number {
  const exponent = (bits >> 10) & 0x1f
  const fraction = bits & 0x3ff
  const sign = bits & 0x8000 ? -1 : 1
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  if (exponent === 0) return sign * fraction * 2 ** -24
  return sign * (1024 + fraction) * 2 ** (exponent - 25)
}

const BITS = new Uint32Array(1)
const FLOAT = new Float32Array(BITS.buffer)

/** The upper half of a float32. */
function bfloat16(bits: number): number {
  BITS[0] = bits << 16
  return FLOAT[0]!
}
