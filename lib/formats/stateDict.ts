import { open } from 'node:fs/promises'
import { SemplesError } from '../base/error.js'
import { readBytes } from '../base/files.js'
import type { TensorData, TensorMap } from '../base/tensor.js'
import { bytesOf, DTYPE_NAMES, elementCount } from './dtypes.js'
import { tensorOf } from './numericArray.js'
import { readPickle } from './pickle/pickle.js'
import { PickleBudget, pickleTooLarge } from './pickle/refusals.js'
import { numbersOfValue } from './pickle/torch.js'
import { openTorchArchive, torchRoot } from './pickle/torchFile.js'
import { PickledArray, type PickleValue, type TorchStorage, TorchTensor } from './pickle/values.js'
import { readSafetensors } from './safetensors.js'
import { MAX_HEADER_BYTES } from './safetensorsHeader.js'
import { ZipArchive } from './zip.js'

/** Under what checkpoints of a training keep the weights; DeiT's has `model`. */
export const WRAPPERS = ['model', 'state_dict', 'model_state_dict', 'module']
const MAX_WRAPPERS = 4

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

/** Tensors may share a storage (tied weights), and an archive may be packed; weights are hardly ever smaller than this. */
const MAX_GROWTH = 4

/** What a file of weights holds. */
export interface Weights {
  tensors: TensorMap
  /** Tensors that hold numbers of a type that weights do not have (int16, float8), with that type: they are not read. */
  unread: Map<string, string>
}

/** The tensors of `readWeights`. */
export async function readStateDict(path: string): Promise<TensorMap> {
  return (await readWeights(path)).tensors
}

/**
 * Reads the weights of a model by name from safetensors or from what `torch.save` writes, in its zip archives and in
 * the pickles before them. Which it is the first bytes say, not the name. Pickles are read as data: nothing in
 * them is executed, and of a checkpoint only the weights are kept in memory.
 *
 * A state dictionary within `model`, `state_dict`, `model_state_dict` or `module` is taken out; where every name begins
 * with `module.`, `model.`, `backbone.` or another prefix of a wrapper, that is taken off. Tensors may be views of each other, strided, or parameters; each comes in C order
 * in an ArrayBuffer of its own, `float16` and `bfloat16` as their bits.
 *
 * @throws SemplesError `SEMPLES_CHECKPOINT_INVALID` for everything else (a TorchScript archive, a pickled model),
 *   `SEMPLES_FILE_UNREADABLE`, `SEMPLES_CHECKPOINT_INVALID` (cut off, damaged),
 *   `SEMPLES_PICKLE_REFUSED` (naming what the file asks for, `os.system`), `SEMPLES_FILE_TOO_LARGE`
 */
export async function readWeights(path: string): Promise<Weights> {
  const { start, size } = await beginning(path)
  if (isSafetensors(start)) return withoutPrefix(someOf(await readSafetensors(path), path))
  try {
    if (start[0] === 0x50 && start[1] === 0x4b) return withoutPrefix(someOf(await readArchive(path, size), path))
    if (start[0] === 0x80) return withoutPrefix(someOf(await readPickled(path), path))
  } catch (error) {
    throw asCheckpoint(error, path)
  }
  throw wrongFormat(path, start.length === 0 ? 'it is empty' : 'it does not start like a file of weights')
}

/** The first bytes of a file, and how many it has. */
async function beginning(path: string): Promise<{ start: Buffer; size: number }> {
  const unreadable = (cause: unknown) => {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT'
    return new SemplesError(missing ? 'SEMPLES_FILE_UNREADABLE' : 'SEMPLES_CHECKPOINT_INVALID', {
      message: missing ? `There are no weights ${path}.` : `Cannot read ${path}: ${String(cause)}.`,
      file: path,
      cause,
    })
  }
  const handle = await open(path, 'r').catch((cause: unknown) => {
    throw unreadable(cause)
  })
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(16), 0, 16, 0)
    return { start: buffer.subarray(0, bytesRead), size: (await handle.stat()).size }
  } catch (cause) {
    throw unreadable(cause)
  } finally {
    await handle.close()
  }
}

/** Eight bytes of length, then JSON. */
export function isSafetensors(start: Buffer): boolean {
  return start.length > 8 && start[8] === 0x7b && start.readBigUInt64LE(0) <= BigInt(MAX_HEADER_BYTES)
}

async function readPickled(path: string): Promise<Weights> {
  const bytes = await readBytes(path)
  const dictionary = stateDictOf(readPickle(bytes, path), path)
  checkGrowth(dictionary, bytes.length, path)
  return sorted([...dictionary].map(([name, value]) => [name, tensorOrType(value, path)]))
}

/** One storage after the other, so that no more than the weights and one of them is in memory. */
async function readArchive(path: string, size: number): Promise<Weights> {
  const zip = await ZipArchive.open(path, path, MAX_GROWTH * size)
  try {
    const root = torchRoot(zip.paths)
    if (root === undefined) throw wrongFormat(path, 'it is a zip archive that torch.save did not write')
    if (zip.paths.some((entry) => /(^|\/)constants\.pkl$/.test(entry))) {
      throw wrongFormat(path, 'it is a TorchScript archive, which is a program with its weights')
    }
    const budget = new PickleBudget(path, zip.sizeOf(root) ?? 0)
    const { value, storages, load } = await openTorchArchive(zip, root, budget)
    const dictionary = stateDictOf(value, path)
    checkGrowth(dictionary, size, path)
    const users = new Map<TorchStorage, string[]>()
    for (const [name, tensor] of dictionary) {
      if (!(tensor instanceof TorchTensor)) continue
      const names = users.get(tensor.storage)
      if (names === undefined) users.set(tensor.storage, [name])
      else names.push(name)
    }
    const tensors = new Map<string, TensorData | string>()
    for (const [key, storage] of storages) {
      const names = users.get(storage)
      if (names === undefined) continue
      await load(key)
      for (const name of names) tensors.set(name, tensorOrType(dictionary.get(name)!, path))
      storage.bytes = undefined
    }
    return sorted([...dictionary].map(([name, value]) => [name, tensors.get(name) ?? tensorOrType(value, path)]))
  } finally {
    zip.close()
  }
}

/** The tensors and arrays by name, out of whatever a checkpoint wraps them in. Other entries are left out. */
function stateDictOf(value: PickleValue, path: string): Map<string, TorchTensor | PickledArray> {
  let dictionary = value
  for (let depth = 0; depth < MAX_WRAPPERS && dictionary instanceof Map; depth++) {
    const outer: ReadonlyMap<PickleValue, PickleValue> = dictionary
    const inner = WRAPPERS.map((name) => outer.get(name)).find((candidate) => candidate instanceof Map)
    if (inner === undefined) break
    dictionary = inner
  }
  if (!(dictionary instanceof Map)) throw wrongFormat(path, 'what it holds is no dictionary of tensors')
  const tensors = new Map<string, TorchTensor | PickledArray>()
  for (const [name, entry] of dictionary) {
    const isTensor = entry instanceof TorchTensor || (entry instanceof PickledArray && entry.numbers !== undefined)
    if (typeof name === 'string' && isTensor) tensors.set(name, entry)
  }
  if (tensors.size > 0) return tensors
  const names = [...dictionary.keys()].slice(0, 8).map(String).join(', ')
  throw wrongFormat(path, `there is no tensor in its dictionary (${names === '' ? 'it is empty' : names})`)
}

/** However often tensors repeat the numbers of a storage. */
function checkGrowth(dictionary: Map<string, TorchTensor | PickledArray>, fileBytes: number, path: string): void {
  let bytes = 0
  for (const value of dictionary.values()) {
    const { shape, type } = value instanceof TorchTensor ? { ...value, type: value.storage.type } : value.numbers!
    bytes += elementCount(shape) * bytesOf(type)
  }
  const limit = MAX_GROWTH * fileBytes + 2 ** 20
  if (!(bytes <= limit)) throw pickleTooLarge(path, `tensors of ${bytes} bytes in a file of ${fileBytes}`)
}

/** The tensor, or the type of its numbers where weights do not have it. */
function tensorOrType(value: PickleValue, path: string): TensorData | string {
  const array = numbersOfValue(value, path)
  return (array && tensorOf(array)) ?? array?.type ?? 'unknown'
}

function sorted(entries: readonly [string, TensorData | string][]): Weights {
  const tensors: [string, TensorData][] = []
  const unread = new Map<string, string>()
  for (const [name, value] of entries) {
    if (typeof value === 'string') unread.set(name, value)
    else tensors.push([name, value])
  }
  return { tensors: Object.fromEntries(tensors), unread }
}

/** @throws SemplesError where a file holds tensors, and none that can be read */
function someOf(weights: Weights, path: string): Weights {
  const [first] = weights.unread
  if (first === undefined || Object.keys(weights.tensors).length > 0) return weights
  const [name, type] = first
  throw new SemplesError('SEMPLES_CHECKPOINT_INVALID', {
    message: `In ${path} tensor ${name} holds numbers of a type that weights do not have.`,
    file: path,
    field: name,
    value: type,
    expected: DTYPE_NAMES,
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
function withoutPrefix({ tensors, unread }: Weights): Weights {
  const prefix = commonPrefix([...Object.keys(tensors), ...unread.keys()])
  if (prefix === '') return { tensors, unread }
  const shorter = <T>(entries: Iterable<[string, T]>): [string, T][] =>
    [...entries].map(([name, value]) => [name.slice(prefix.length), value])
  return { tensors: Object.fromEntries(shorter(Object.entries(tensors))), unread: new Map(shorter(unread)) }
}

const HINT =
  'Where it comes from a source that you trust, load it in Python and save the weights alone: torch.save(model.state_dict(), "weights.pth").'

/** What reading pickles and archives throws, in the words of weights. */
export function asCheckpoint(error: unknown, path: string): unknown {
  if (!(error instanceof SemplesError)) return error
  const { code, message, value } = error
  const details = { file: path, value, hint: HINT, cause: error }
  if (code === 'SEMPLES_PICKLE_REFUSED') {
    return new SemplesError(code, {
      ...details,
      message: `${path} asks for ${String(value)}, which is no part of a dictionary of weights. Nothing of it was run.`,
      expected: 'tensors, numbers, texts, lists and dictionaries',
    })
  }
  if (code === 'SEMPLES_FILE_TOO_LARGE') {
    return new SemplesError(code, { ...details, message: `${path} takes more than weights of its size would.` })
  }
  if (code !== 'SEMPLES_PICKLE_INVALID' && code !== 'SEMPLES_NPY_INVALID') return error
  return new SemplesError('SEMPLES_CHECKPOINT_INVALID', {
    message: `${path} is cut off or damaged: ${message}`,
    file: path,
    hint: 'Copy or download it again.',
    cause: error,
  })
}

export function wrongFormat(path: string, why: string): SemplesError {
  return new SemplesError('SEMPLES_CHECKPOINT_INVALID', {
    message: `${path} holds no weights that can be read: ${why}.`,
    file: path,
    expected: 'a safetensors file, or a state dictionary that torch.save wrote (.pth, .pt, .bin)',
  })
}
