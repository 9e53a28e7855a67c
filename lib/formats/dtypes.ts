import { SemplesError } from '../base/error.js'
import type { Dtype, TensorData, TypedArray } from '../base/tensor.js'

interface DtypeEntry {
  dtype: Dtype
  /** The name in a safetensors header. */
  name: string
  /** Bytes an element. */
  bytes: number
  /** The typed array that holds the elements. */
  array: new (
    buffer: ArrayBuffer,
  ) => TypedArray
}

const ENTRIES: readonly DtypeEntry[] = [
  { dtype: 'float64', name: 'F64', bytes: 8, array: Float64Array },
  { dtype: 'int64', name: 'I64', bytes: 8, array: BigInt64Array },
  { dtype: 'float32', name: 'F32', bytes: 4, array: Float32Array },
  { dtype: 'int32', name: 'I32', bytes: 4, array: Int32Array },
  { dtype: 'float16', name: 'F16', bytes: 2, array: Uint16Array },
  { dtype: 'bfloat16', name: 'BF16', bytes: 2, array: Uint16Array },
  { dtype: 'uint8', name: 'U8', bytes: 1, array: Uint8Array },
  { dtype: 'bool', name: 'BOOL', bytes: 1, array: Uint8Array },
]

const BY_NAME = new Map(ENTRIES.map((entry) => [entry.name, entry]))
const BY_DTYPE = new Map(ENTRIES.map((entry) => [entry.dtype, entry]))

/** Safetensors names that semples reads and writes, for messages. */
export const DTYPE_NAMES = ENTRIES.map((entry) => entry.name).join(', ')

export function dtypeByName(name: string): DtypeEntry | undefined {
  return BY_NAME.get(name)
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
 * @throws SemplesError `SEMPLES_TENSOR_INVALID` naming the tensor.
 */
export function checkTensor(name: string, tensor: TensorData): DtypeEntry {
  const entry = BY_DTYPE.get(tensor.dtype)
  const invalid = (message: string, value: unknown, expected: string) =>
    new SemplesError('SEMPLES_TENSOR_INVALID', { message, field: name, value, expected })
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
