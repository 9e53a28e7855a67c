import type { Dtype, TensorData } from '../../base/tensor.js'
import type { NumberType } from '../../formats/dtypes.js'
import { copyNumbers, denseArray } from '../../formats/numericArray.js'

const TYPES: Readonly<Record<Dtype, NumberType>> = {
  float16: 'f2',
  bfloat16: 'bf2',
  float32: 'f4',
  float64: 'f8',
  int64: 'i8',
  int32: 'i4',
  uint8: 'u1',
  bool: 'b1',
}

/** The numbers of a tensor as float32. */
export function floats({ dtype, shape, data }: TensorData): Float32Array {
  const numbers = new Float32Array(data.length)
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  copyNumbers(denseArray({ type: TYPES[dtype], littleEndian: true, bytes, shape }, false), numbers, 0)
  return numbers
}

export function isWhole(dtype: Dtype): boolean {
  return !dtype.includes('float')
}

/** Whether weights may have numbers of that type. */
export function isDtype(name: string): name is Dtype {
  return Object.hasOwn(TYPES, name)
}
