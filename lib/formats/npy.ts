import { writeAtomic } from '../base/atomic.js'
import { readBytes } from '../base/files.js'
import type { TensorData } from '../base/tensor.js'
import { bytesOf, checkTensor, elementCount, isNumberType } from './dtypes.js'
import { cannotWrite, encodeNpyHeader, isNpy, npyInvalid, readNpyHeader, unsupportedType } from './npyHeader.js'
import { denseArray, type NumericArray, tensorOf } from './numericArray.js'

/** `readNpy` of the public API, documented in lib/api/files.ts. */
export async function readNpy(file: string): Promise<TensorData> {
  return decodeNpy(await readBytes(file), file)
}

/** `writeNpy` of the public API, documented in lib/api/files.ts. */
export async function writeNpy(file: string, tensor: TensorData): Promise<void> {
  await writeAtomic(file, encodeNpy(tensor))
}

/** `readNpy` on bytes already in memory; `name` is what errors call them. */
export function decodeNpy(bytes: Uint8Array, name: string): TensorData {
  const [first] = npyArrays(bytes, name)
  const tensor = tensorOf(first)
  if (tensor !== undefined) return tensor
  throw unsupportedType(name, `${first.littleEndian ? '<' : '>'}${first.type}`)
}

/**
 * All arrays of a .npy file, where they lie: `numpy.save` into an open file puts one behind the other.
 *
 * @throws SemplesError as `readNpy`
 */
export function npyArrays(bytes: Uint8Array, name: string): [NumericArray, ...NumericArray[]] {
  const [first, end] = npyArray(bytes, name)
  const arrays: [NumericArray, ...NumericArray[]] = [first]
  for (let rest = bytes.subarray(end); rest.length > 0; ) {
    if (!isNpy(rest)) throw npyInvalid(name, `${rest.length} bytes follow its numbers`)
    const [array, length] = npyArray(rest, name)
    arrays.push(array)
    rest = rest.subarray(length)
  }
  return arrays
}

/** The array at the start of the bytes, and where it ends. */
function npyArray(bytes: Uint8Array, name: string): [array: NumericArray, end: number] {
  const { descr, fortranOrder, shape, dataOffset } = readNpyHeader(bytes, name)
  const type = descr.slice(1)
  if (!isNumberType(type) || !'<>|='.includes(descr[0]!)) throw unsupportedType(name, descr)
  const byteLength = elementCount(shape) * bytesOf(type)
  const end = dataOffset + byteLength
  if (!(end <= bytes.length)) {
    const missing = `its header announces ${byteLength} bytes of numbers, ${bytes.length - dataOffset} follow`
    throw npyInvalid(name, missing)
  }
  const content = bytes.subarray(dataOffset, end)
  return [denseArray({ type, littleEndian: descr[0] !== '>', bytes: content, shape }, fortranOrder), end]
}

/** The bytes that `writeNpy` writes. */
export function encodeNpy(tensor: TensorData): Uint8Array {
  const { data, shape } = tensor
  const { type, bytes } = checkTensor('array', tensor)
  if (type === 'bf2') throw cannotWrite(tensor)
  const header = encodeNpyHeader(`${bytes === 1 ? '|' : '<'}${type}`, shape)
  return Buffer.concat([header, Buffer.from(data.buffer, data.byteOffset, data.byteLength)])
}
