import { type FileHandle, open } from 'node:fs/promises'
import { errorCode, writeAtomic } from '../base/atomic.js'
import { SemplesError } from '../base/error.js'
import type { TensorData, TensorMap } from '../base/tensor.js'
import { checkTensor } from './dtypes.js'
import { cutOff, type Header, MAX_HEADER_BYTES, parseHeader } from './safetensorsHeader.js'

// The format is eight bytes, a JSON header and raw data. Packages for Node read the header only, or are not kept up;
// strict checking and aligned, separately owned arrays are what semples needs from it.

export interface SafetensorsFile {
  /** Tensors in file order (names that look like array indices come first, as in every JavaScript object). */
  tensors: TensorMap
  /** The `__metadata__` strings; `{}` where there are none. */
  metadata: Record<string, string>
  /** Tensors of other types than weights have (I16, F8_E4M3), with their type: they are not read. */
  unread: Map<string, string>
}

// One read or write call of the system moves less than 2 GiB.
const LARGEST_READ = 2 ** 30

/**
 * Reads a safetensors file. Every tensor has an ArrayBuffer of its own, so that it can be transferred or freed alone;
 * `float16` and `bfloat16` come as their bits in a Uint16Array, `bool` as 0/1 in a Uint8Array.
 *
 * @throws SemplesError `SEMPLES_FILE_UNREADABLE` where there is no such file, `SEMPLES_CHECKPOINT_INVALID` naming
 * the file, and the tensor where one is at fault, for anything the format forbids: a cut-off file, overlapping data or
 * gaps, shapes that do not fit the data, repeated names.
 */
export async function readSafetensors(path: string): Promise<SafetensorsFile> {
  const handle = await openFile(path)
  try {
    const { entries, metadata, dataStart } = await headerOf(handle, path)
    const tensors: [string, TensorData][] = []
    const unread = new Map<string, string>()
    for (const { name, dtype, type, shape, begin, end } of entries) {
      if (dtype === undefined) {
        unread.set(name, type)
        continue
      }
      const buffer = new ArrayBuffer(end - begin)
      await readFully(handle, new Uint8Array(buffer), dataStart + begin, path)
      tensors.push([name, { dtype: dtype.dtype, shape, data: new dtype.array(buffer) }])
    }
    return { tensors: Object.fromEntries(tensors), metadata, unread }
  } finally {
    await handle.close()
  }
}

/** What the header of a safetensors file says, checked as `readSafetensors` does, without reading the numbers. */
export async function readSafetensorsHeader(path: string): Promise<Header> {
  const handle = await openFile(path)
  try {
    return await headerOf(handle, path)
  } finally {
    await handle.close()
  }
}

async function headerOf(handle: FileHandle, path: string): Promise<Header & { dataStart: number }> {
  const status = await handle.stat()
  const size = status.isFile() ? status.size : 0
  const headerBytes = await headerLength(handle, path, size)
  const text = new Uint8Array(headerBytes)
  await readFully(handle, text, 8, path)
  return { ...parseHeader(text, size - 8 - headerBytes, path), dataStart: 8 + headerBytes }
}

/**
 * Writes tensors as a safetensors file, atomically (see `writeAtomic`). Data are ordered by element size, largest
 * first, and the header is padded to eight bytes, so that every tensor is aligned for readers that map the file.
 *
 * @throws SemplesError `SEMPLES_ARGUMENT_INVALID` naming a tensor whose fields contradict each other,
 * `SEMPLES_WRITE_FAILED` naming the file.
 */
export async function writeSafetensors(
  path: string,
  tensors: TensorMap,
  metadata: Record<string, string> = {},
): Promise<void> {
  const entries = Object.entries(tensors).map(([name, tensor]) => ({ name, tensor, dtype: checkTensor(name, tensor) }))
  entries.sort((one, other) => other.dtype.bytes - one.dtype.bytes)
  const header: [string, unknown][] = []
  if (Object.keys(metadata).length > 0) header.push(['__metadata__', metadata])
  let offset = 0
  for (const { name, tensor, dtype } of entries) {
    if (name === '__metadata__') {
      throw new SemplesError('SEMPLES_ARGUMENT_INVALID', {
        message: 'A tensor cannot be called __metadata__: safetensors keeps that name for itself.',
        field: name,
        file: path,
      })
    }
    const end = offset + tensor.data.byteLength
    header.push([name, { dtype: dtype.name, shape: tensor.shape, data_offsets: [offset, end] }])
    offset = end
  }
  const json = Buffer.from(JSON.stringify(Object.fromEntries(header)))
  const padded = Math.ceil(json.length / 8) * 8
  const start = Buffer.alloc(8 + padded, ' ')
  start.writeBigUInt64LE(BigInt(padded), 0)
  json.copy(start, 8)
  const data = entries.map(({ tensor: { data } }) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
  await writeAtomic(path, [start, ...data])
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r')
  } catch (cause) {
    const missing = errorCode(cause) === 'ENOENT'
    throw new SemplesError(missing ? 'SEMPLES_FILE_UNREADABLE' : 'SEMPLES_CHECKPOINT_INVALID', {
      message: missing ? `There is no checkpoint ${path}.` : `Cannot open ${path}: ${String(cause)}.`,
      file: path,
      cause,
    })
  }
}

async function headerLength(handle: FileHandle, path: string, fileBytes: number): Promise<number> {
  const invalid = (message: string) =>
    new SemplesError('SEMPLES_CHECKPOINT_INVALID', { message, file: path, expected: 'a safetensors file' })
  if (fileBytes < 10) throw cutOff(`${path} is too short for a safetensors file (${fileBytes} bytes).`, path)
  const start = Buffer.alloc(8)
  await readFully(handle, start, 0, path)
  const length = start.readBigUInt64LE(0)
  if (length > BigInt(MAX_HEADER_BYTES)) {
    throw invalid(`${path} is not a safetensors file: its first eight bytes announce a header of ${length} bytes.`)
  }
  if (8n + length > BigInt(fileBytes)) {
    throw cutOff(`${path} is cut off: its header has ${length} bytes, the whole file ${fileBytes}.`, path)
  }
  return Number(length)
}

async function readFully(handle: FileHandle, target: Uint8Array, position: number, path: string): Promise<void> {
  let done = 0
  while (done < target.length) {
    const wanted = Math.min(target.length - done, LARGEST_READ)
    const { bytesRead } = await handle.read(target, done, wanted, position + done)
    if (bytesRead === 0) {
      throw new SemplesError('SEMPLES_CHECKPOINT_INVALID', {
        message: `${path} ended while it was read.`,
        file: path,
      })
    }
    done += bytesRead
  }
}
