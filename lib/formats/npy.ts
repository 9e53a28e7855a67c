import { writeAtomic } from '../base/atomic.js'
import { SemplesError } from '../base/error.js'
import { readBytes } from '../base/files.js'
import type { Dtype, TensorData, TypedArray } from '../base/tensor.js'
import { encodeNpyHeader, npyInvalid, readNpyHeader, unsupportedType } from './npyHeader.js'

interface ElementType {
  dtype: Dtype
  /** NumPy's type string without the byte order. */
  kind: string
  array: new (buffer: ArrayBuffer) => TypedArray
}

const ELEMENT_TYPES: readonly ElementType[] = [
  { dtype: 'float32', kind: 'f4', array: Float32Array },
  { dtype: 'float64', kind: 'f8', array: Float64Array },
  { dtype: 'float16', kind: 'f2', array: Uint16Array },
  { dtype: 'uint8', kind: 'u1', array: Uint8Array },
  { dtype: 'int32', kind: 'i4', array: Int32Array },
  { dtype: 'int64', kind: 'i8', array: BigInt64Array },
  { dtype: 'bool', kind: 'b1', array: Uint8Array },
]

/**
 * Reads a NumPy array: either byte order, C or Fortran order (returned in C order), format versions 1 to 3.
 * float16 comes as its bits.
 *
 * @throws SemplesError `SEMPLES_FILE_UNREADABLE`, `SEMPLES_NPY_INVALID` (no or no whole .npy file),
 *   `SEMPLES_NPY_DTYPE` (object arrays, records, complex numbers, strings, other integers)
 */
export async function readNpy(file: string): Promise<TensorData> {
  return decodeNpy(await readBytes(file), file)
}

/**
 * Writes a NumPy array (version 1.0, little-endian, C order). Atomic. bfloat16 has no NumPy type.
 *
 * @throws SemplesError `SEMPLES_TENSOR_INVALID` when the data does not fit the shape or the dtype, `SEMPLES_WRITE_FAILED`
 */
export async function writeNpy(file: string, tensor: TensorData): Promise<void> {
  await writeAtomic(file, encodeNpy(tensor))
}

/** `readNpy` on bytes already in memory; `name` is what errors call them. */
export function decodeNpy(bytes: Uint8Array, name: string): TensorData {
  const { descr, fortranOrder, shape, dataOffset } = readNpyHeader(bytes, name)
  const type = ELEMENT_TYPES.find(({ kind }) => kind === descr.slice(1))
  if (type === undefined || !'<>|='.includes(descr[0]!)) throw unsupportedType(name, descr)
  const elementBytes = Number(type.kind[1])
  const byteLength = product(shape) * elementBytes
  if (bytes.length - dataOffset !== byteLength) {
    const missing = `its header announces ${byteLength} bytes of numbers, ${bytes.length - dataOffset} follow`
    throw npyInvalid(name, missing)
  }
  // A copy of its own: aligned, and free of the buffer it was read into.
  const raw = Buffer.from(new ArrayBuffer(byteLength))
  raw.set(bytes.subarray(dataOffset))
  if (descr[0] === '>') swapBytes(raw, elementBytes)
  const stored = new type.array(raw.buffer as ArrayBuffer)
  return { dtype: type.dtype, shape, data: fortranOrder ? toRowMajor(stored, shape, type) : stored }
}

/** The bytes that `writeNpy` writes. */
export function encodeNpy({ dtype, shape, data }: TensorData): Uint8Array {
  const type = ELEMENT_TYPES.find((candidate) => candidate.dtype === dtype)
  const elementBytes = Number(type?.kind[1])
  if (type === undefined || data.length !== product(shape) || data.BYTES_PER_ELEMENT !== elementBytes) {
    throw new SemplesError('SEMPLES_TENSOR_INVALID', {
      message: `An array of ${dtype} [${shape.join(', ')}] cannot be written as .npy from ${data.length} elements of ${data.BYTES_PER_ELEMENT} bytes.`,
      field: type === undefined ? 'dtype' : 'data',
      expected:
        type === undefined ? 'a dtype that NumPy has' : `${product(shape)} elements of ${elementBytes} bytes each`,
    })
  }
  const header = encodeNpyHeader(`${elementBytes === 1 ? '|' : '<'}${type.kind}`, shape)
  return Buffer.concat([header, Buffer.from(data.buffer, data.byteOffset, data.byteLength)])
}

function product(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total * size, 1)
}

function swapBytes(raw: Buffer, elementBytes: number): void {
  if (elementBytes === 2) raw.swap16()
  else if (elementBytes === 4) raw.swap32()
  else if (elementBytes === 8) raw.swap64()
}

/** Fortran order (first index fastest) to C order (last index fastest). */
function toRowMajor(stored: TypedArray, shape: readonly number[], type: ElementType): TypedArray {
  const result = new type.array(new ArrayBuffer(stored.byteLength))
  const strides = shape.map((_, axis) => product(shape.slice(0, axis)))
  const index = shape.map(() => 0)
  let source = 0
  for (let target = 0; target < stored.length; target++) {
    result[target] = stored[source]!
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis]! += 1
      source += strides[axis]!
      if (index[axis]! < shape[axis]!) break
      source -= strides[axis]! * shape[axis]!
      index[axis] = 0
    }
  }
  return result
}
