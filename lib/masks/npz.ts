import { type Unzipped, unzip, zip } from 'fflate'
import { SemplesError } from '../config/error.js'
import type { TensorMap } from '../config/tensor.js'
import { readBytes, writeBytes } from './files.js'
import { decodeNpy, encodeNpy } from './npy.js'

/**
 * Reads the numeric arrays of a NumPy .npz archive (`numpy.savez`, `numpy.savez_compressed`), by name.
 *
 * @throws SemplesError `SEMPLES_NPZ_INVALID` when it is not a whole zip archive of .npy arrays, and what `readNpy`
 *   throws for its arrays, naming `archive.npz:array`
 */
export async function readNpz(file: string): Promise<TensorMap> {
  const entries = await unzipped(await readBytes(file), file)
  const names = Object.keys(entries)
  const other = names.find((name) => !name.endsWith('.npy'))
  if (other !== undefined) throw npzInvalid(file, `it holds ${other}, which is no .npy array`)
  return Object.fromEntries(
    names.map((name) => {
      const key = name.slice(0, -'.npy'.length)
      return [key, decodeNpy(entries[name]!, `${file}:${key}`)]
    }),
  )
}

/**
 * Writes arrays as a NumPy .npz archive. Atomic.
 *
 * @param options.compress deflate the arrays, like `numpy.savez_compressed`; default false
 * @throws SemplesError `SEMPLES_TENSOR_INVALID`, `SEMPLES_WRITE_FAILED`
 */
export async function writeNpz(file: string, tensors: TensorMap, options: { compress?: boolean } = {}): Promise<void> {
  const entries = Object.entries(tensors).map(([name, tensor]) => [`${name}.npy`, encodeNpy(tensor)] as const)
  const level = options.compress === true ? 6 : 0
  const bytes = await new Promise<Uint8Array>((resolve, reject) => {
    zip(Object.fromEntries(entries), { level }, (error, data) => (error === null ? resolve(data) : reject(error)))
  })
  await writeBytes(file, bytes)
}

function unzipped(bytes: Uint8Array, file: string): Promise<Unzipped> {
  return new Promise((resolve, reject) => {
    unzip(bytes, (error, entries) => {
      if (error === null) resolve(entries)
      else reject(npzInvalid(file, error.message, error))
    })
  })
}

function npzInvalid(file: string, why: string, cause?: unknown): SemplesError {
  return new SemplesError('SEMPLES_NPZ_INVALID', {
    message: `${file} is not a readable .npz archive: ${why}.`,
    file,
    hint: 'Write it again with numpy.savez.',
    cause,
  })
}
