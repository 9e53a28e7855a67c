import { zip } from 'fflate'
import { writeAtomic } from '../base/atomic.js'
import { readBytes } from '../base/files.js'
import type { TensorData, TensorMap } from '../base/tensor.js'
import { decodeNpy, encodeNpy } from './npy.js'
import { storedZip, ZIP_TIME } from './storedZip.js'
import { npzInvalid, ZipArchive } from './zip.js'

/**
 * Reads the numeric arrays of a NumPy .npz archive (`numpy.savez`, `numpy.savez_compressed`), by name.
 *
 * @throws SemplesError `SEMPLES_NPY_INVALID` when it is not a whole zip archive of .npy arrays, and what `readNpy`
 *   throws for its arrays, naming `archive.npz:array`
 */
export async function readNpz(file: string): Promise<TensorMap> {
  const archive = await ZipArchive.open(await readBytes(file), file)
  const names = archive.paths
  const other = names.find((name) => !name.endsWith('.npy'))
  if (other !== undefined) throw npzInvalid(file, `it holds ${other}, which is no .npy array`)
  const tensors: [string, TensorData][] = []
  for (const name of names) {
    const key = name.slice(0, -'.npy'.length)
    tensors.push([key, decodeNpy(await archive.read(name), `${file}:${key}`)])
  }
  return Object.fromEntries(tensors)
}

/**
 * Writes arrays as a NumPy .npz archive. Atomic; an older file of that name is replaced.
 *
 * @param arrays by name; a Map keeps their order also where names look like numbers
 * @param options.compress deflate the arrays, like `numpy.savez_compressed`; default false
 * @param options.comment of every array in the directory of the archive, without `compress`; NumPy passes over it
 * @throws SemplesError `SEMPLES_ARGUMENT_INVALID`, `SEMPLES_WRITE_FAILED`
 */
export async function writeNpz(
  file: string,
  arrays: TensorMap | Map<string, TensorData>,
  options: { compress?: boolean; comment?: string } = {},
): Promise<void> {
  const entries = arrays instanceof Map ? [...arrays] : Object.entries(arrays)
  await writeAtomic(file, options.compress === true ? await deflated(entries) : await stored(entries, options.comment))
}

type Entries = readonly (readonly [name: string, tensor: TensorData])[]

function deflated(arrays: Entries): Promise<Uint8Array> {
  const entries = arrays.map(([name, tensor]) => [`${name}.npy`, encodeNpy(tensor)] as const)
  return new Promise((resolve, reject) => {
    zip(Object.fromEntries(entries), { mtime: ZIP_TIME }, (error, data) =>
      error === null ? resolve(data) : reject(error),
    )
  })
}

async function stored(arrays: Entries, comment?: string): Promise<Uint8Array[]> {
  const files = arrays.map(([name, tensor]) => ({ name: `${name}.npy`, bytes: () => encodeNpy(tensor) }))
  return storedZip(files, { comment })
}
