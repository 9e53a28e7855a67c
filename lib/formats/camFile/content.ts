import { npyInvalid, readNpyHeader, unsupportedType } from '../npyHeader.js'
import { bytesOf, denseArray, elementsOf, isNumberType } from '../pickle/array.js'
import { PickleBudget } from '../pickle/budget.js'
import { readPickle } from '../pickle/pickle.js'
import { readTorchArchive } from '../pickle/torchFile.js'
import { PickledArray, type PickleValue } from '../pickle/values.js'
import { readZipEntries } from '../zipEntries.js'
import { camFileInvalid } from './errors.js'

/** Deflate packs no further; an archive that announces more is damaged. */
const MAX_RATIO = 1032
const PICKLE_EXTENSION = /\.(pkl|pickle|p)$/i

/**
 * What a file of arrays holds, told by its first bytes: a .npy array, a .npz archive (a dictionary), a pickle, or a
 * file of `torch.save`. Arrays are views of the bytes.
 *
 * @param maxBytes what an archive may unpack to
 * @throws SemplesError of the kind of file: `SEMPLES_NPY_...`, `SEMPLES_NPZ_INVALID`, `SEMPLES_PICKLE_...`; and
 *   `SEMPLES_CAM_FILE_INVALID` for every other kind
 */
export async function readContent(bytes: Uint8Array, file: string, maxBytes: number): Promise<PickleValue> {
  if (bytes[0] === 0x93) return unwrapped(npyContent(bytes, file))
  if (bytes[0] === 0x50 && bytes[1] === 0x4b) return unwrapped(await archiveContent(bytes, file, maxBytes))
  if (bytes[0] === 0x80 || PICKLE_EXTENSION.test(file)) return unwrapped(readPickle(bytes, file))
  throw camFileInvalid(file, 'it is no .npy array, .npz archive, pickle or file of torch.save')
}

/** `numpy.save` and `numpy.savez` put a dictionary into an array of one object. */
function unwrapped(value: PickleValue): PickleValue {
  const objects = value instanceof PickledArray ? value.objects?.items : undefined
  return objects?.length === 1 ? objects[0]! : value
}

function npyContent(bytes: Uint8Array, name: string): PickleValue {
  const { descr, fortranOrder, shape, dataOffset } = readNpyHeader(bytes, name)
  if (descr.includes('O')) return readPickle(bytes, name, dataOffset)
  const type = descr.slice(1)
  if (!isNumberType(type) || !'<>|='.includes(descr[0]!)) throw unsupportedType(name, descr)
  const announced = elementsOf(shape) * bytesOf(type)
  const content = bytes.subarray(dataOffset)
  if (announced !== content.length) {
    throw npyInvalid(name, `its header announces ${announced} bytes of numbers, ${content.length} follow`)
  }
  const array = new PickledArray()
  array.numbers = denseArray({ type, littleEndian: descr[0] !== '>', bytes: content, shape }, fortranOrder, name)
  return array
}

async function archiveContent(bytes: Uint8Array, file: string, maxBytes: number): Promise<PickleValue> {
  const limit = Math.min(maxBytes, MAX_RATIO * bytes.length)
  const entries = await readZipEntries(bytes, file, limit)
  const root = [...entries.keys()].find((name) => /^([^/]+\/)?data\.pkl$/.test(name))
  if (root !== undefined) return readTorchArchive(entries, root, new PickleBudget(file, bytes.length))
  const arrays = new Map<PickleValue, PickleValue>()
  for (const [name, content] of entries) {
    if (name.endsWith('.npy')) arrays.set(name.slice(0, -'.npy'.length), archivedArray(content, `${file}:${name}`))
  }
  const [only] = arrays.values()
  // numpy.savez(path, dictionary)
  return arrays.size === 1 && only instanceof PickledArray && only.objects !== undefined ? only : arrays
}

/** Texts, records and dates beside the maps (names of pictures) are left out. */
function archivedArray(bytes: Uint8Array, name: string): PickleValue {
  try {
    return npyContent(bytes, name)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'SEMPLES_NPY_DTYPE') return null
    throw error
  }
}
