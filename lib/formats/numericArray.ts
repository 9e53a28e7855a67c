import type { TensorData } from '../base/tensor.js'
import { bytesOf, elementCount, layoutOf, type NumberType } from './dtypes.js'

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

/** An array that fills its bytes, in C order (last index fastest) or Fortran order (first index fastest). */
export function denseArray(
  { type, littleEndian, bytes, shape }: Pick<NumericArray, 'type' | 'littleEndian' | 'bytes' | 'shape'>,
  fortranOrder: boolean,
): NumericArray {
  const strides = shape.map((_, axis) => elementCount(fortranOrder ? shape.slice(0, axis) : shape.slice(axis + 1)))
  return { type, littleEndian, bytes, shape, strides, offset: 0 }
}

/** The same numbers with their axes in another order: axis `i` of the result is axis `axes[i]` of the array. */
export function transposed(array: NumericArray, axes: readonly number[]): NumericArray {
  const { shape, strides } = array
  return { ...array, shape: axes.map((axis) => shape[axis]!), strides: axes.map((axis) => strides[axis]!) }
}

/** The numbers of an array in C order, as float32, into `target` from index `start`. */
export function copyNumbers(array: NumericArray, target: Float32Array, start: number): void {
  const { bytes, littleEndian, type } = array
  const { bytes: width, read } = layoutOf(type)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const inner = array.shape.at(-1) ?? 1
  const step = (array.strides.at(-1) ?? 1) * width
  // Most files hold just what is wanted.
  if (type === 'f4' && littleEndian && step === width) {
    copyRows(array, new Uint8Array(target.buffer, target.byteOffset + 4 * start))
    return
  }
  forEachRow(array, (row, at) => {
    let from = row * width
    for (let i = 0; i < inner; i++) {
      target[start + at + i] = read(view, from, littleEndian)
      from += step
    }
  })
}

/**
 * An array as a tensor of its own memory, in C order; undefined where tensors do not have its type of number.
 * float16 and bfloat16 keep their bits.
 */
export function tensorOf(array: NumericArray): TensorData | undefined {
  const { type, shape, littleEndian } = array
  const { bytes: width, tensor } = layoutOf(type)
  if (tensor === undefined) return undefined
  const buffer = new ArrayBuffer(elementCount(shape) * width)
  if ((array.strides.at(-1) ?? 1) === 1) copyRows(array, new Uint8Array(buffer))
  else copyElements(array, new Uint8Array(buffer))
  if (!littleEndian) swapBytes(Buffer.from(buffer), width)
  return { dtype: tensor.dtype, shape: [...shape], data: new tensor.array(buffer) }
}

/** The numbers of a short array, in C order, as they are (integers beyond 2^53 are rounded). */
export function listNumbers({ bytes, littleEndian, shape, strides, offset, type }: NumericArray): number[] {
  const { bytes: width, read } = layoutOf(type)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Array.from({ length: elementCount(shape) }, (_, count) => {
    let element = offset
    let rest = count
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      element += (rest % shape[axis]!) * strides[axis]!
      rest = Math.floor(rest / shape[axis]!)
    }
    return read(view, element * width, littleEndian)
  })
}

/** Rows whose elements lie side by side, as bytes. */
function copyRows(array: NumericArray, target: Uint8Array): void {
  const width = bytesOf(array.type)
  const length = (array.shape.at(-1) ?? 1) * width
  forEachRow(array, (row, at) => target.set(array.bytes.subarray(row * width, row * width + length), at * width))
}

function copyElements(array: NumericArray, target: Uint8Array): void {
  const { bytes, shape, strides, type } = array
  const width = bytesOf(type)
  const inner = shape.at(-1) ?? 1
  const step = (strides.at(-1) ?? 1) * width
  forEachRow(array, (row, at) => {
    let [from, to] = [row * width, at * width]
    for (let i = 0; i < inner; i++, from += step, to += width) {
      for (let byte = 0; byte < width; byte++) target[to + byte] = bytes[from + byte]!
    }
  })
}

/** Calls back for every index of all axes but the last: the element it starts with, and its place in C order. */
function forEachRow({ shape, strides, offset }: NumericArray, visit: (row: number, at: number) => void): void {
  if (elementCount(shape) === 0) return
  const inner = shape.at(-1) ?? 1
  const outer = shape.slice(0, -1)
  const index = outer.map(() => 0)
  let row = offset
  for (let at = 0; ; at += inner) {
    visit(row, at)
    let axis = outer.length - 1
    for (; axis >= 0; axis--) {
      index[axis]! += 1
      row += strides[axis]!
      if (index[axis]! < outer[axis]!) break
      row -= strides[axis]! * outer[axis]!
      index[axis] = 0
    }
    if (axis < 0) return
  }
}

function swapBytes(raw: Buffer, width: number): void {
  if (width === 2) raw.swap16()
  else if (width === 4) raw.swap32()
  else if (width === 8) raw.swap64()
}
