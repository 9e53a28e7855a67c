import { npyArrays } from '../npy.js'
import { readNpyHeader } from '../npyHeader.js'
import type { NumericArray } from '../numericArray.js'
import { readPickle } from '../pickle/pickle.js'
import { PickleBudget } from '../pickle/refusals.js'
import { openTorchArchive, torchRoot } from '../pickle/torchFile.js'
import { PickledArray, type PickleValue } from '../pickle/values.js'
import { ZipArchive } from '../zip.js'
import { camFileInvalid } from './maps.js'

const PICKLE_EXTENSION = /\.(pkl|pickle|p)$/i

export interface CamContent {
  /** Arrays are views of the bytes. */
  value: PickleValue
  /** The second array of a .npy file: a class id for each map of the first. */
  classIds?: NumericArray
}

/**
 * What a file of arrays holds, told by its first bytes: a .npy array, a .npz archive (a dictionary), a pickle, or a
 * file of `torch.save`.
 *
 * @param maxBytes what an archive may unpack to
 * @throws SemplesError of the kind of file: `SEMPLES_NPY_...`, `SEMPLES_NPY_INVALID`, `SEMPLES_PICKLE_...`; and
 *   `SEMPLES_CAM_INVALID` for every other kind
 */
export async function readContent(bytes: Uint8Array, file: string, maxBytes: number): Promise<CamContent> {
  if (bytes[0] === 0x93) return npyContent(bytes, file)
  if (bytes[0] === 0x50 && bytes[1] === 0x4b) return { value: unwrapped(await archiveContent(bytes, file, maxBytes)) }
  if (bytes[0] === 0x80 || PICKLE_EXTENSION.test(file)) return { value: unwrapped(readPickle(bytes, file)) }
  throw camFileInvalid(file, 'it is no .npy array, .npz archive, pickle or file of torch.save')
}

/** `numpy.save` and `numpy.savez` put a dictionary into an array of one object. */
function unwrapped(value: PickleValue): PickleValue {
  const objects = value instanceof PickledArray ? value.objects?.items : undefined
  return objects?.length === 1 ? objects[0]! : value
}

function npyContent(bytes: Uint8Array, file: string): CamContent {
  const { descr, dataOffset } = readNpyHeader(bytes, file)
  if (descr.includes('O')) return { value: unwrapped(readPickle(bytes, file, dataOffset)) }
  const [maps, classIds, ...others] = npyArrays(bytes, file)
  if (others.length > 0) {
    throw camFileInvalid(
      file,
      `it holds ${others.length + 2} arrays one behind the other, of which numpy.load reads the first alone`,
      'Save each array into a file of its own (numpy.save(path, array) with a path), or all of them by name (numpy.savez).',
    )
  }
  return { value: arrayValue(maps), classIds }
}

async function archiveContent(bytes: Uint8Array, file: string, maxBytes: number): Promise<PickleValue> {
  const zip = await ZipArchive.open(bytes, file, maxBytes)
  const root = torchRoot(zip.paths)
  if (root !== undefined) {
    const { value, storages, load } = await openTorchArchive(zip, root, new PickleBudget(file, bytes.length))
    for (const key of storages.keys()) await load(key)
    return value
  }
  const arrays = new Map<PickleValue, PickleValue>()
  for (const name of zip.paths) {
    if (!name.endsWith('.npy')) continue
    arrays.set(name.slice(0, -'.npy'.length), archivedArray(await zip.read(name), `${file}:${name}`))
  }
  const [only] = arrays.values()
  // numpy.savez(path, dictionary)
  return arrays.size === 1 && only instanceof PickledArray && only.objects !== undefined ? only : arrays
}

/** Texts, records and dates beside the maps (names of pictures) are left out. */
function archivedArray(bytes: Uint8Array, name: string): PickleValue {
  try {
    const { descr, dataOffset } = readNpyHeader(bytes, name)
    return descr.includes('O') ? readPickle(bytes, name, dataOffset) : arrayValue(npyArrays(bytes, name)[0])
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'SEMPLES_NPY_DTYPE') return null
    throw error
  }
}

function arrayValue(numbers: NumericArray): PickledArray {
  const array = new PickledArray()
  array.numbers = numbers
  return array
}
