import { dirname, join } from 'node:path'
import { SemplesError } from '../base/error.js'
import { readBytes } from '../base/files.js'
import { bytesOf, elementCount, layoutOf, type NumberType } from './dtypes.js'
import { readPickle } from './pickle/pickle.js'
import { PickleBudget } from './pickle/refusals.js'
import { openTorchArchive, torchRoot } from './pickle/torchFile.js'
import { PickledArray, PickledObject, PickledTuple, type PickleValue, TorchTensor } from './pickle/values.js'
import { readSafetensorsHeader } from './safetensors.js'
import { asCheckpoint, WRAPPERS } from './stateDict.js'
import { ZipArchive } from './zip.js'

/** A tensor without its numbers. */
export interface TensorShape {
  shape: number[]
  /** `float32`, `float8_e4m3`. */
  dtype: string
  bytes: number
}

/** What a file of weights holds, without the numbers. */
export interface WeightShapes {
  format: string
  /** By name, as the file has it. */
  tensors: Map<string, TensorShape>
  /** The entries that lead to the weights, outermost first: `model`. */
  within: string[]
  /** Entries beside the weights, with their value where it is short. */
  beside: { name: string; value?: string }[]
}

/** The tensors of a safetensors file; only its header is read. */
export async function safetensorsShapes(path: string): Promise<WeightShapes> {
  const { entries, metadata } = await readSafetensorsHeader(path)
  const tensors = new Map(
    entries.map(({ name, dtype, type, shape, begin, end }): [string, TensorShape] => [
      name,
      { shape, dtype: dtype?.dtype ?? otherDtype(type), bytes: end - begin },
    ]),
  )
  const beside = Object.entries(metadata).map(([name, value]) => ({ name, ...shortValue(value) }))
  return { format: 'safetensors', tensors, within: [], beside }
}

/**
 * The tensors of a sharded checkpoint, by the headers of its parts.
 * @param parts file of each tensor, as `weight_map` of an index has it
 * @throws SemplesError `SEMPLES_FILE_UNREADABLE` for a part that is not there, `SEMPLES_CHECKPOINT_INVALID`
 */
export async function shardedShapes(index: string, parts: ReadonlyMap<string, string>): Promise<WeightShapes> {
  const files = [...new Set(parts.values())]
  const tensors = new Map<string, TensorShape>()
  for (const file of files)
    for (const [name, tensor] of (await safetensorsShapes(join(dirname(index), file))).tensors)
      tensors.set(name, tensor)
  const lacking = [...parts.keys()].find((name) => !tensors.has(name))
  if (lacking !== undefined)
    throw new SemplesError('SEMPLES_CHECKPOINT_INVALID', {
      message: `${index} names tensor ${lacking}, which ${parts.get(lacking)} does not hold.`,
      file: index,
      field: lacking,
      hint: 'Download index and parts of one version again.',
    })
  return { format: `safetensors in ${files.length} parts`, tensors, within: [], beside: [] }
}

/**
 * What a torch.save archive holds, without its numbers; undefined for an archive that torch.save did not write.
 * @throws SemplesError as `readWeights`
 */
export async function torchArchiveValue(path: string): Promise<PickleValue | undefined> {
  const zip = await ZipArchive.open(path, path)
  try {
    const root = torchRoot(zip.paths)
    if (root === undefined) return undefined
    return (await openTorchArchive(zip, root, new PickleBudget(path, zip.sizeOf(root) ?? 0))).value
  } catch (error) {
    throw asCheckpoint(error, path)
  } finally {
    zip.close()
  }
}

/** What a pickle holds, that of torch.save before 1.6 too. @throws SemplesError as `readWeights` */
export async function pickledValue(path: string): Promise<PickleValue> {
  try {
    return readPickle(await readBytes(path), path)
  } catch (error) {
    throw asCheckpoint(error, path)
  }
}

/** The tensors in whatever a checkpoint wraps them in; none where there is none. */
export function shapesOfValue(value: PickleValue, format: string): WeightShapes {
  const found: WeightShapes = { format, tensors: new Map(), within: [], beside: [] }
  let dictionary = value
  while (dictionary instanceof Map && found.within.length < 4) {
    const outer: ReadonlyMap<PickleValue, PickleValue> = dictionary
    const inner = WRAPPERS.find((name) => outer.get(name) instanceof Map)
    if (inner === undefined) break
    found.within.push(inner)
    for (const [name, entry] of outer) if (name !== inner) found.beside.push(besideOf(name, entry))
    dictionary = outer.get(inner)!
  }
  if (!(dictionary instanceof Map)) return found
  for (const [name, entry] of dictionary) {
    const tensor = shapeOfValue(entry)
    if (tensor !== undefined && typeof name === 'string') found.tensors.set(name, tensor)
    else found.beside.push(besideOf(name, entry))
  }
  return found
}

/** Shape and type of a tensor or an array; undefined for everything else. */
export function shapeOfValue(value: PickleValue | undefined): TensorShape | undefined {
  if (value instanceof TorchTensor) return shapeOf(value.shape, value.storage.type)
  return value instanceof PickledArray && value.numbers ? shapeOf(value.numbers.shape, value.numbers.type) : undefined
}

function shapeOf(shape: readonly number[], type: NumberType): TensorShape {
  return { shape: [...shape], dtype: dtypeOf(type), bytes: elementCount(shape) * bytesOf(type) }
}

const KINDS: Readonly<Record<string, string>> = { f: 'float', i: 'int', u: 'uint' }

function dtypeOf(type: NumberType): string {
  return layoutOf(type).tensor?.dtype ?? `${KINDS[type[0]!]}${8 * bytesOf(type)}`
}

/** `int16` of `I16`, `float8_e4m3` of `F8_E4M3`. */
function otherDtype(type: string): string {
  return type.toLowerCase().replace(/^([iufc])(?=\d)/, (kind) => KINDS[kind] ?? 'complex')
}

function besideOf(name: PickleValue, value: PickleValue): { name: string; value?: string } {
  return { name: typeof name === 'object' ? '(an object)' : String(name), ...shortValue(value) }
}

/** Longest text that is shown. */
const SHORT = 40

function shortValue(value: PickleValue): { value?: string } {
  if (typeof value === 'string') return value.length <= SHORT ? { value } : {}
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean')
    return { value: String(value) }
  const many = (size: number) => ({ value: `${size} ${size === 1 ? 'entry' : 'entries'}` })
  if (value instanceof Map || value instanceof Set) return many(value.size)
  if (Array.isArray(value)) return many(value.length)
  if (value instanceof PickledTuple) return many(value.items.length)
  return value instanceof PickledObject ? { value: 'a Python object, not read' } : {}
}
