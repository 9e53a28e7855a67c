import { SemplesError } from '../base/error.js'
import type { TensorData } from '../base/tensor.js'

/** What the header of a .npy array says. */
export interface NpyHeader {
  /** NumPy's type string: byte order, kind and bytes (`<f4`). */
  descr: string
  fortranOrder: boolean
  shape: number[]
  /** Where the numbers start in the file. */
  dataOffset: number
}

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]

/** Whether the bytes start like a .npy array. */
export function isNpy(bytes: Uint8Array): boolean {
  return MAGIC.every((byte, i) => bytes[i] === byte)
}

/**
 * Reads the header of a .npy array (format versions 1.0, 2.0 and 3.0). The header is a Python literal;
 * only the one shape of it that NumPy writes is understood, nothing is evaluated.
 *
 * @throws SemplesError `SEMPLES_NPY_INVALID`, or `SEMPLES_NPY_DTYPE` for arrays of records
 */
export function readNpyHeader(bytes: Uint8Array, name: string): NpyHeader {
  if (bytes.length < 12 || !isNpy(bytes)) throw npyInvalid(name, 'it does not start like one')
  const version = bytes[6]!
  if (version < 1 || version > 3) throw npyInvalid(name, `format version ${version} is unknown`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const headerStart = version === 1 ? 10 : 12
  const headerLength = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true)
  const dataOffset = headerStart + headerLength
  if (dataOffset > bytes.length) throw npyInvalid(name, 'it ends within its header')
  const header = Buffer.from(bytes.buffer, bytes.byteOffset + headerStart, headerLength)
  return { ...parseLiteral(header.toString(version === 3 ? 'utf8' : 'latin1'), name), dataOffset }
}

/** The literal as `numpy.load` takes it: either kind of quotes, Python 2's long integers, types without byte order. */
function parseLiteral(text: string, name: string): Omit<NpyHeader, 'dataOffset'> {
  if (/['"]descr['"]\s*:\s*\[/.test(text)) throw unsupportedType(name, 'a record type')
  const descr = /(['"])descr\1\s*:\s*u?(['"])([^'"]*)\2/.exec(text)?.[3]
  const order = /(['"])fortran_order\1\s*:\s*(True|False)/.exec(text)?.[2]
  const shape = /(['"])shape\1\s*:\s*\(([\dL,\s]*)\)/.exec(text)?.[2]
  if (descr === undefined || order === undefined || shape === undefined) {
    throw npyInvalid(name, 'its header lacks descr, fortran_order or shape')
  }
  const sizes = shape.split(',').filter((size) => size.trim() !== '')
  return {
    descr: withByteOrder(descr),
    fortranOrder: order === 'True',
    shape: sizes.map((size) => Number.parseInt(size, 10)),
  }
}

/** NumPy's other names of types, which `numpy.load` takes too. */
const TYPE_NAMES: Readonly<Record<string, string>> = {
  ...{ half: 'f2', float16: 'f2', e: 'f2', single: 'f4', float32: 'f4', f: 'f4', double: 'f8', float64: 'f8', d: 'f8' },
  ...{ float: 'f8', int8: 'i1', b: 'i1', int16: 'i2', h: 'i2', int32: 'i4', i: 'i4', int64: 'i8', q: 'i8' },
  ...{
    uint8: 'u1',
    B: 'u1',
    uint16: 'u2',
    H: 'u2',
    uint32: 'u4',
    I: 'u4',
    uint64: 'u8',
    Q: 'u8',
    bool: 'b1',
    '?': 'b1',
  },
}

/** `f4` and `float32` are `<f4`: without a byte order it is that of the machine. */
function withByteOrder(descr: string): string {
  const [, order = '', type = ''] = /^([<>|=]?)(.*)$/s.exec(descr) ?? []
  const kind = Object.hasOwn(TYPE_NAMES, type) ? TYPE_NAMES[type]! : type
  return `${order === '' ? '<' : order}${kind}`
}

/** The header of a little-endian, C-ordered array, padded so that the numbers start at a multiple of 64. */
export function encodeNpyHeader(descr: string, shape: readonly number[]): Uint8Array {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`
  const literal = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${tuple}, }`
  const length = Math.ceil((10 + literal.length + 1) / 64) * 64
  const bytes = Buffer.alloc(length, ' ')
  bytes.set([...MAGIC, 1, 0])
  bytes.writeUInt16LE(length - 10, 8)
  bytes.write(literal, 10, 'latin1')
  bytes[length - 1] = 0x0a
  return bytes
}

export function npyInvalid(name: string, why: string): SemplesError {
  return new SemplesError('SEMPLES_NPY_INVALID', {
    message: `${name} is not a whole .npy array: ${why}.`,
    file: name,
    hint: 'Write it again with numpy.save.',
  })
}

export function cannotWrite({ dtype }: TensorData): SemplesError {
  return new SemplesError('SEMPLES_ARGUMENT_INVALID', {
    message: 'NumPy has no such type of number, so that the array cannot be written as .npy.',
    field: 'dtype',
    value: dtype,
    expected: 'float16, float32, float64, uint8, int32, int64 or bool',
  })
}

export function unsupportedType(name: string, descr: string): SemplesError {
  const objects = descr.includes('O')
  return new SemplesError('SEMPLES_NPY_DTYPE', {
    message: objects
      ? `${name} holds Python objects (a pickle) instead of numbers.`
      : `${name} holds numbers of a type that is not read.`,
    file: name,
    value: descr,
    expected: 'float16, float32, float64, uint8, int32, int64 or bool',
    hint: objects
      ? 'readCamFile reads dictionaries of CAMs. Else save the arrays themselves: numpy.savez(path, **{str(key): array for key, array in maps.items()}).'
      : 'Convert it with array.astype(numpy.float32) before saving.',
  })
}
