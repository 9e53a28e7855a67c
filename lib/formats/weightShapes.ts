import { type AsideEntry, checkpointEntries } from './checkpointEntries.js'
import { bytesOf, elementCount, layoutOf, type NumberType } from './dtypes.js'
import type { Placeholder } from './pickle/placeholders.js'
import { PickleBudget } from './pickle/refusals.js'
import { openTorchArchive, requireTorchSize, torchRoot } from './pickle/torchFile.js'
import { PickledArray, PickledObject, type PickleValue, TorchTensor } from './pickle/values.js'
import { readSafetensorsHeader } from './safetensors.js'
import { eachPart, type SafetensorsIndex } from './safetensorsIndex.js'
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
  /** For people: `safetensors`. */
  format: string
  /** By name, as the file has it. */
  tensors: Map<string, TensorShape>
  /** Tensors of kinds that are not read at all (quantized, sparse), with what they are. */
  unread: ReadonlyMap<string, string>
  /** Texts about the file, in safetensors. */
  metadata: Readonly<Record<string, string>>
  /** What lies beside the weights (epoch, optimizer). */
  aside: readonly AsideEntry[]
  /** Python objects; nothing of them was run. */
  placeholders: readonly Placeholder[]
}

const NOTHING = { unread: new Map(), metadata: {}, aside: [], placeholders: [] } as const

/** The tensors of a safetensors file; only its header is read. */
export async function safetensorsShapes(path: string): Promise<WeightShapes> {
  const { entries, metadata } = await readSafetensorsHeader(path)
  const tensors = new Map(
    entries.map(({ name, type, shape, begin, end }): [string, TensorShape] => [
      name,
      { shape, dtype: plainDtype(type), bytes: end - begin },
    ]),
  )
  return { ...NOTHING, format: 'safetensors', tensors, metadata }
}

/**
 * The tensors of weights in several parts, by the headers of these.
 * @throws SemplesError as `eachPart`
 */
export async function shardedShapes(path: string, index: SafetensorsIndex): Promise<WeightShapes> {
  const read = { read: safetensorsShapes, namesOf: ({ tensors }: WeightShapes) => tensors.keys() }
  const parts = await eachPart(index, path, read)
  const tensors = new Map(parts.flatMap((part) => [...part.tensors]))
  return { ...NOTHING, format: `safetensors in ${parts.length} parts`, tensors }
}

/**
 * What an archive of torch.save holds, without its numbers; undefined for an archive of something else.
 * @throws SemplesError as `readWeights`
 */
export async function torchArchiveValue(path: string): Promise<PickleValue | undefined> {
  const zip = await ZipArchive.open(path, path)
  try {
    const root = torchRoot(zip.paths)
    if (root === undefined) return undefined
    requireTorchSize(zip, path)
    return (await openTorchArchive(zip, root, new PickleBudget(path, zip.sizeOf(root) ?? 0), true)).value
  } finally {
    zip.close()
  }
}

/**
 * The tensors in whatever a checkpoint wraps them in.
 * @throws SemplesError as `checkpointEntries`
 */
export function shapesOfValue(value: PickleValue, format: string, path: string): WeightShapes {
  const { tensors, unread, aside, placeholders } = checkpointEntries(value, path)
  const shapes = new Map([...tensors].map(([name, tensor]): [string, TensorShape] => [name, shapeOfValue(tensor)!]))
  return { ...NOTHING, format, tensors: shapes, unread, aside, placeholders }
}

/** The tensors of a TorchScript program, by the names of modules that they lie in; its code is not looked at. */
export function shapesOfProgram(value: PickleValue): WeightShapes {
  const tensors = new Map<string, TensorShape>()
  for (const [name, part] of attributesOf(value)) {
    const tensor = shapeOfValue(part)
    if (tensor !== undefined) tensors.set(name, tensor)
  }
  return { ...NOTHING, format: 'TorchScript', tensors }
}

/** No program has a longer path; of modules that lie in each other without end the paths would fill the memory. */
const MAX_PATH = 1000

/** Every attribute of the modules of a program, by its path: `visual.conv1.weight`. */
export function* attributesOf(program: PickleValue): Generator<[path: string, value: PickleValue]> {
  const seen = new Set<PickleValue>()
  const queue: [PickleValue, string][] = [[program, '']]
  for (let at = 0; at < queue.length; at++) {
    const [module, prefix] = queue[at]!
    if (!(module instanceof PickledObject) || !(module.state instanceof Map) || seen.has(module)) continue
    seen.add(module)
    for (const [name, part] of module.state as Map<PickleValue, PickleValue>) {
      const path = `${prefix}${String(name)}`
      yield [path, part]
      if (path.length < MAX_PATH) queue.push([part, `${path}.`])
    }
  }
}

/** Shape and type of a tensor or an array; undefined for everything else. */
export function shapeOfValue(value: PickleValue | undefined): TensorShape | undefined {
  if (value instanceof TorchTensor) return shapeOf(value.shape, value.type)
  return value instanceof PickledArray && value.numbers ? shapeOf(value.numbers.shape, value.numbers.type) : undefined
}

function shapeOf(shape: readonly number[], type: NumberType): TensorShape {
  return { shape: [...shape], dtype: plainDtype(layoutOf(type).name), bytes: elementCount(shape) * bytesOf(type) }
}

const KINDS: Readonly<Record<string, string>> = { f: 'float', bf: 'bfloat', i: 'int', u: 'uint', c: 'complex' }

/** The type as NumPy and torch call it: `int16` of the `I16` of safetensors, `float8_e4m3` of `F8_E4M3`. */
function plainDtype(name: string): string {
  return name.toLowerCase().replace(/^(bf|[iufc])(?=\d)/, (kind) => KINDS[kind]!)
}
