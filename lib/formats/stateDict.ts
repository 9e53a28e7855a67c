import { existsSync } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { errorCode } from '../base/atomic.js'
import { SemplesError } from '../base/error.js'
import { readBytes } from '../base/files.js'
import { shellWord } from '../base/shell.js'
import type { TensorData, TensorMap } from '../base/tensor.js'
import { type AsideEntry, type CheckpointEntries, checkpointEntries } from './checkpointEntries.js'
import { bytesOf, DTYPE_NAMES, elementCount, layoutOf } from './dtypes.js'
import { recogniseArchive, recogniseFile, recogniseJson, START_BYTES } from './notWeights.js'
import { tensorOf } from './numericArray.js'
import { readPickle } from './pickle/pickle.js'
import type { Placeholder } from './pickle/placeholders.js'
import { PickleBudget, pickleTooLarge } from './pickle/refusals.js'
import { numbersOfValue } from './pickle/torch.js'
import { isTorchScript, MAX_GROWTH, openTorchArchive, requireTorchSize, torchRoot } from './pickle/torchFile.js'
import { type PickledArray, type TorchStorage, TorchTensor } from './pickle/values.js'
import { readSafetensors, type SafetensorsFile } from './safetensors.js'
import { MAX_HEADER_BYTES } from './safetensorsHeader.js'
import { parseSafetensorsIndex, readShards, refusePart } from './safetensorsIndex.js'
import { asCheckpoint, noWeights } from './weightsErrors.js'
import { ZipArchive } from './zip.js'

/** What wrappers of a network put before every name; `DataParallel` has `module.`. */
export const PREFIXES: readonly string[] = [
  'module.',
  'model.',
  'backbone.',
  'encoder.',
  'network.',
  'net.',
  '_orig_mod.',
]

/** What a file of weights holds. */
export interface Weights {
  tensors: TensorMap
  /** Tensors whose numbers weights do not have (I16, F8_E4M3, C64, quantized, sparse), with what they are: they are not read. */
  unread: Map<string, string>
  /** Objects of Python classes (`argparse.Namespace`) in a checkpoint: nothing of them was run. */
  placeholders: Placeholder[]
  /** What lies in a checkpoint beside the weights (epoch, optimizer). */
  aside: AsideEntry[]
}

/** The tensors of `readWeights`. */
export async function readStateDict(path: string): Promise<TensorMap> {
  return (await readWeights(path)).tensors
}

/**
 * Reads the weights of a model by name from safetensors, from the index of safetensors in several parts
 * (`model.safetensors.index.json`), or from what `torch.save` writes, in its zip archives and in the pickles before them.
 * Which it is the first bytes say, not the name. Pickles are read as data: nothing in them is executed, objects of Python
 * classes are passed over, and of a checkpoint only the weights are kept in memory.
 *
 * A state dictionary within `model`, `state_dict`, `model_state_dict` or `module` is taken out; where every name begins
 * with `module.`, `model.`, `backbone.` or another prefix of a wrapper, that is taken off. Tensors may be views of each
 * other, strided, expanded, or parameters; each comes in C order in an ArrayBuffer of its own, `float16` and `bfloat16`
 * as their bits.
 *
 * @throws SemplesError `SEMPLES_CHECKPOINT_INVALID` for everything else, saying what it is (a TorchScript archive, a web
 *   page, an HDF5 file), and for what is cut off or damaged; `SEMPLES_FILE_UNREADABLE`; `SEMPLES_FILE_TOO_LARGE`;
 *   `SEMPLES_PICKLE_REFUSED` for a whole pickled model, and for names that do something when they are called (`os.system`)
 */
export async function readWeights(path: string): Promise<Weights> {
  const { start, size } = await beginning(path)
  if (isSafetensors(start)) {
    refusePart(path)
    return finished(plain(await readSafetensors(path)), path)
  }
  try {
    if (start[0] === 0x50 && start[1] === 0x4b) return finished(await readArchive(path, size), path)
    if (start[0] === 0x80) return finished(await readPickled(path), path)
  } catch (error) {
    throw asCheckpoint(error, path, size)
  }
  if (/^(\xef\xbb\xbf)?\s*[{[]/.test(start.toString('latin1')))
    return finished(plain(await readIndex(path, size)), path)
  const { why, hint } = recogniseFile(start, size, path)
  throw noWeights(path, why, hint)
}

/** The first bytes of a file, and how many it has. */
async function beginning(path: string): Promise<{ start: Buffer; size: number }> {
  const unreadable = (cause: unknown) => {
    const code = errorCode(cause)
    if (code === 'EISDIR') return noWeights(path, 'it is a folder', folderHint(path), cause)
    return new SemplesError(code === 'ENOENT' ? 'SEMPLES_FILE_UNREADABLE' : 'SEMPLES_CHECKPOINT_INVALID', {
      message: code === 'ENOENT' ? `There are no weights ${path}.` : `Cannot read ${path}: ${String(cause)}.`,
      file: path,
      cause,
    })
  }
  const status = await stat(path).catch((cause: unknown) => {
    throw unreadable(cause)
  })
  // To open a pipe would wait until somebody writes to it.
  if (!status.isFile() && !status.isDirectory())
    throw noWeights(path, 'it is no file, but a pipe, a socket or a device', 'Save what comes from it as a file first.')
  const handle = await open(path, 'r').catch((cause: unknown) => {
    throw unreadable(cause)
  })
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(START_BYTES), 0, START_BYTES, 0)
    return { start: buffer.subarray(0, bytesRead), size: (await handle.stat()).size }
  } catch (cause) {
    throw unreadable(cause)
  } finally {
    await handle.close()
  }
}

/** Weights as downloads from Hugging Face call them. */
const NAMES = [
  'model.safetensors.index.json',
  'model.safetensors',
  'open_clip_model.safetensors',
  'pytorch_model.bin',
  'open_clip_pytorch_model.bin',
]

/** The weights in a folder. */
function folderHint(folder: string): string {
  if (existsSync(join(folder, 'run.json')))
    return `It is a run of semples: write the weights of its generator as one file, and give that: npx semples export ${shellWord(folder)} --out weights.pth`
  const found = NAMES.map((name) => join(folder, name)).find((file) => existsSync(file))
  return `Give the file in it that holds the weights${found === undefined ? '' : `: ${found}`}.`
}

/** Eight bytes of length, then JSON. */
export function isSafetensors(start: Buffer): boolean {
  return start.length > 8 && start[8] === 0x7b && start.readBigUInt64LE(0) <= BigInt(MAX_HEADER_BYTES)
}

/** What a JSON text holds that begins like an index. */
async function readIndex(path: string, size: number): Promise<SafetensorsFile> {
  const json = size <= MAX_HEADER_BYTES ? parsed(await readBytes(path)) : undefined
  if (json === undefined) throw noWeights(path, 'it begins like a JSON text, and is none or cut off')
  const index = parseSafetensorsIndex(json.text, json.value, path)
  if (index !== undefined) return readShards(index, path)
  const { why, hint } = recogniseJson(json.value)
  throw noWeights(path, why, hint)
}

function parsed(bytes: Uint8Array): { text: string; value: unknown } | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return { text, value: JSON.parse(text) }
  } catch {
    return undefined
  }
}

async function readPickled(path: string): Promise<Weights> {
  const bytes = await readBytes(path)
  const entries = checkpointEntries(readPickle(bytes, path, 0, true), path)
  checkGrowth(entries.tensors, bytes.length, path)
  return sorted(entries, (value) => tensorOrType(value, path))
}

/** One storage after the other, so that no more than the weights and one of them is in memory. */
async function readArchive(path: string, size: number): Promise<Weights> {
  const zip = await ZipArchive.open(path, path)
  try {
    const root = torchRoot(zip.paths)
    if (root === undefined) {
      const { why, hint } = recogniseArchive(zip.paths)
      throw noWeights(path, why, hint)
    }
    requireTorchSize(zip, path)
    if (isTorchScript(zip.paths)) {
      const hint =
        'Load it in Python and save its weights: torch.save(torch.jit.load(path).state_dict(), "weights.pth").'
      throw noWeights(path, 'it is a TorchScript archive, which is a program with its weights', hint)
    }
    const budget = new PickleBudget(path, zip.sizeOf(root) ?? 0)
    const { value, storages, load } = await openTorchArchive(zip, root, budget, true)
    const entries = checkpointEntries(value, path)
    checkGrowth(entries.tensors, size, path)
    const users = new Map<TorchStorage, string[]>()
    for (const [name, tensor] of entries.tensors) {
      if (!(tensor instanceof TorchTensor)) continue
      const names = users.get(tensor.storage)
      if (names === undefined) users.set(tensor.storage, [name])
      else names.push(name)
    }
    const read = new Map<string, TensorData | string>()
    for (const [key, storage] of storages) {
      const names = users.get(storage)
      if (names === undefined) continue
      await load(key)
      for (const name of names) read.set(name, tensorOrType(entries.tensors.get(name)!, path))
      storage.bytes = undefined
    }
    return sorted(entries, (tensor, name) => read.get(name) ?? tensorOrType(tensor, path))
  } finally {
    zip.close()
  }
}

/** However often tensors repeat the numbers of a storage. */
function checkGrowth(dictionary: CheckpointEntries['tensors'], fileBytes: number, path: string): void {
  let bytes = 0
  for (const value of dictionary.values()) {
    const { shape, type } = value instanceof TorchTensor ? value : value.numbers!
    bytes += elementCount(shape) * bytesOf(type)
  }
  const limit = MAX_GROWTH * fileBytes + 2 ** 20
  if (!(bytes <= limit)) throw pickleTooLarge(path, `tensors of ${bytes} bytes in a file of ${fileBytes}`)
}

/** The tensor, or the type of its numbers where weights do not have it. `checkGrowth` has bounded what it repeats. */
function tensorOrType(value: TorchTensor | PickledArray, path: string): TensorData | string {
  const array = numbersOfValue(value, path, true)!
  return tensorOf(array) ?? layoutOf(array.type).name
}

/** What was read, apart from what was not. */
function sorted(
  { tensors: found, unread: others, aside, placeholders }: CheckpointEntries,
  read: (tensor: TorchTensor | PickledArray, name: string) => TensorData | string,
): Weights {
  const tensors: [string, TensorData][] = []
  const unread = new Map(others)
  for (const [name, tensor] of found) {
    const value = read(tensor, name)
    if (typeof value === 'string') unread.set(name, value)
    else tensors.push([name, value])
  }
  return { tensors: Object.fromEntries(tensors), unread, aside, placeholders }
}

function plain({ tensors, unread }: SafetensorsFile): Weights {
  return { tensors, unread, aside: [], placeholders: [] }
}

/** @throws SemplesError where a file holds tensors, and none that can be read */
function finished(weights: Weights, path: string): Weights {
  const [first] = weights.unread
  if (first === undefined || Object.keys(weights.tensors).length > 0) return withoutPrefix(weights)
  const [name, type] = first
  throw new SemplesError('SEMPLES_CHECKPOINT_INVALID', {
    message: `In ${path} tensor ${name} holds numbers of a type that weights do not have.`,
    file: path,
    field: name,
    value: type,
    expected: DTYPE_NAMES,
    hint: 'Where they are to be those of floating-point numbers, convert them in Python before they are saved: model.float().',
  })
}

/** The prefixes of wrappers that all names share, one after the other: `module.backbone.`; empty where there is none. */
export function commonPrefix(names: readonly string[]): string {
  const shares = (prefix: string) => names.every((name) => name.startsWith(prefix) && name.length > prefix.length)
  let common = ''
  for (let next: string | undefined = ''; next !== undefined && names.length > 0; ) {
    common += next
    next = PREFIXES.find((each) => shares(common + each))
  }
  return common
}

/** Prefixes that all names share are taken off. */
function withoutPrefix(weights: Weights): Weights {
  const { tensors, unread } = weights
  const prefix = commonPrefix([...Object.keys(tensors), ...unread.keys()])
  if (prefix === '') return weights
  const shorter = <T>(entries: Iterable<[string, T]>): [string, T][] =>
    [...entries].map(([name, value]) => [name.slice(prefix.length), value])
  return {
    ...weights,
    tensors: Object.fromEntries(shorter(Object.entries(tensors))),
    unread: new Map(shorter(unread)),
  }
}
