import { pickleInvalid } from './errors.js'

/** How one number lies in memory: NumPy's kind and bytes; `bf2` is torch's bfloat16. */
export type NumberType = 'f2' | 'bf2' | 'f4' | 'f8' | 'i1' | 'i2' | 'i4' | 'i8' | 'u1' | 'u2' | 'u4' | 'u8' | 'b1'

/** Numbers where they lie in a file: nothing is copied before they are asked for. */
export interface NumericArray {
  type: NumberType
  littleEndian: boolean
  bytes: Uint8Array
  /** Sizes, outermost first; `[]` is a scalar. */
  shape: readonly number[]
  /** Elements from one index to the next, an axis each. */
  strides: readonly number[]
  /** The element at index 0, 0, ... */
  offset: number
}

interface Layout {
  bytes: number
  read(view: DataView, at: number, littleEndian: boolean): number
}

const LAYOUTS: Record<NumberType, Layout> = {
  f2: { bytes: 2, read: (view, at, little) => float16(view.getUint16(at, little)) },
  bf2: { bytes: 2, read: (view, at, little) => bfloat16(view.getUint16(at, little)) },
  f4: { bytes: 4, read: (view, at, little) => view.getFloat32(at, little) },
  f8: { bytes: 8, read: (view, at, little) => view.getFloat64(at, little) },
  i1: { bytes: 1, read: (view, at) => view.getInt8(at) },
  i2: { bytes: 2, read: (view, at, little) => view.getInt16(at, little) },
  i4: { bytes: 4, read: (view, at, little) => view.getInt32(at, little) },
  i8: { bytes: 8, read: (view, at, little) => Number(view.getBigInt64(at, little)) },
  u1: { bytes: 1, read: (view, at) => view.getUint8(at) },
  u2: { bytes: 2, read: (view, at, little) => view.getUint16(at, little) },
  u4: { bytes: 4, read: (view, at, little) => view.getUint32(at, little) },
  u8: { bytes: 8, read: (view, at, little) => Number(view.getBigUint64(at, little)) },
  b1: { bytes: 1, read: (view, at) => (view.getUint8(at) === 0 ? 0 : 1) },
}

export function isNumberType(kind: string): kind is NumberType {
  return Object.hasOwn(LAYOUTS, kind)
}

export function bytesOf(type: NumberType): number {
  return LAYOUTS[type].bytes
}

/** Number of elements of a shape; NaN where it is no list of non-negative integers, or beyond 2^53. */
export function elementsOf(shape: readonly unknown[]): number {
  let count = 1
  for (const size of shape) {
    if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) return Number.NaN
    count *= size
  }
  return Number.isSafeInteger(count) ? count : Number.NaN
}

/**
 * An array that fills its bytes, in C order (last index fastest) or Fortran order (first index fastest).
 *
 * @throws SemplesError `SEMPLES_PICKLE_INVALID` where shape and bytes do not fit
 */
export function denseArray(
  { type, littleEndian, bytes, shape }: Pick<NumericArray, 'type' | 'littleEndian' | 'bytes' | 'shape'>,
  fortranOrder: boolean,
  name: string,
): NumericArray {
  const announced = elementsOf(shape) * bytesOf(type)
  if (announced !== bytes.length) {
    const sizes = `[${shape.slice(0, 8).map(String).join(', ')}]`
    throw pickleInvalid(name, `an array ${sizes} of ${type} needs ${announced} bytes, ${bytes.length} are there`)
  }
  const strides = shape.map((_, axis) => elementsOf(fortranOrder ? shape.slice(0, axis) : shape.slice(axis + 1)))
  return { type, littleEndian, bytes, shape, strides, offset: 0 }
}

/** The numbers of an array in C order, as float32, into `target` from index `start`. */
export function copyNumbers(array: NumericArray, target: Float32Array, start: number): void {
  const { bytes, littleEndian, shape, offset, type } = array
  if (elementsOf(shape) === 0) return
  const layout = LAYOUTS[type]
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const inner = shape.at(-1) ?? 1
  const step = (array.strides.at(-1) ?? 0) * layout.bytes
  const outer = shape.slice(0, -1)
  const index = outer.map(() => 0)
  let row = offset
  for (let at = start; ; at += inner) {
    let from = row * layout.bytes
    for (let i = 0; i < inner; i++) {
      target[at + i] = layout.read(view, from, littleEndian)
      from += step
    }
    let axis = outer.length - 1
    for (; axis >= 0; axis--) {
      index[axis]! += 1
      row += array.strides[axis]!
      if (index[axis]! < outer[axis]!) break
      row -= array.strides[axis]! * outer[axis]!
      index[axis] = 0
    }
    if (axis < 0) return
  }
}

/** The numbers of a short array, in C order, as they are (integers beyond 2^53 are rounded). */
export function listNumbers({ bytes, littleEndian, shape, strides, offset, type }: NumericArray): number[] {
  const layout = LAYOUTS[type]
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Array.from({ length: elementsOf(shape) }, (_, count) => {
    let element = offset
    let rest = count
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      element += (rest % shape[axis]!) * strides[axis]!
      rest = Math.floor(rest / shape[axis]!)
    }
    return layout.read(view, element * layout.bytes, littleEndian)
  })
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
