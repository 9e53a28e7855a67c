import { listed } from '../base/count.js'
import { type Placeholder, placeholdersIn } from './pickle/placeholders.js'
import {
  PickledArray,
  PickledObject,
  PickledTuple,
  type PickleValue,
  TorchTensor,
  UnreadTensor,
} from './pickle/values.js'
import { noWeights, wholeModel } from './weightsErrors.js'

/** Under what checkpoints of a training keep the weights; DeiT's has `model`. */
export const WRAPPERS = ['model', 'state_dict', 'model_state_dict', 'module']
const MAX_WRAPPERS = 4

/** An entry of a checkpoint beside its weights: `epoch`, `optimizer`. */
export interface AsideEntry {
  /** With the entries that it lies in: `state_dict.epoch`. */
  name: string
  /** For people: `299`, `dictionary of 2 entries`, `argparse.Namespace`. */
  what: string
}

/** A checkpoint, with its tensors found. */
export interface CheckpointEntries {
  tensors: Map<string, TorchTensor | PickledArray>
  /** Tensors whose numbers are not read, with what they are. */
  unread: Map<string, string>
  aside: AsideEntry[]
  placeholders: Placeholder[]
}

type Dictionary = ReadonlyMap<PickleValue, PickleValue>

/**
 * The tensors and arrays by name, out of whatever a checkpoint wraps them in, and what lies beside them.
 *
 * @throws SemplesError `SEMPLES_CHECKPOINT_INVALID` where there are none, `SEMPLES_PICKLE_REFUSED` for a pickled model
 */
export function checkpointEntries(root: PickleValue, path: string): CheckpointEntries {
  if (isModel(root)) throw wholeModel(path, root.path, '')
  const outermost = dictionaryOf(root)
  if (outermost === undefined) {
    const what =
      root instanceof TorchTensor || root instanceof PickledArray ? 'is a single tensor' : `is ${kindOf(root)}`
    throw noWeights(
      path,
      `what it holds is no dictionary of tensors, it ${what}`,
      'Save them by name: torch.save(model.state_dict(), "weights.pth").',
    )
  }
  const levels = levelsOf(outermost)
  const { dictionary } = levels.at(-1)!
  // Beside a pickled model a lone tensor is no weights (`best`).
  const isModelAlone = WRAPPERS.some((name) => isModel(dictionary.get(name) ?? null))
  if (isModelAlone || !holdsTensors(dictionary)) throw withoutTensors(levels, path)
  const entries: CheckpointEntries = {
    tensors: new Map(),
    unread: new Map(),
    aside: asideOf(levels),
    placeholders: placeholdersIn(root),
  }
  for (const [name, entry] of dictionary) {
    if (typeof name !== 'string') continue
    if (isTensor(entry)) entries.tensors.set(name, entry)
    else {
      const type = unreadType(entry)
      if (type !== undefined) entries.unread.set(name, type)
    }
  }
  return entries
}

interface Level {
  dictionary: Dictionary
  /** Name of the entry that it is, with those around it; empty for the whole. */
  place: string
  /** The entry of it that is the next level. */
  inner?: string
}

/** The dictionaries from the outermost to that of the tensors: the first entry of a known name that has some within. */
function levelsOf(outermost: Dictionary): Level[] {
  const levels: Level[] = [{ dictionary: outermost, place: '' }]
  for (let depth = 0; depth < MAX_WRAPPERS; depth++) {
    const level = levels.at(-1)!
    const inner = WRAPPERS.find((name) => {
      const wrapped = dictionaryOf(level.dictionary.get(name))
      return wrapped !== undefined && leadsToTensors(wrapped, MAX_WRAPPERS - depth - 1)
    })
    if (inner === undefined) break
    level.inner = inner
    const place = level.place === '' ? inner : `${level.place}.${inner}`
    levels.push({ dictionary: dictionaryOf(level.dictionary.get(inner))!, place })
  }
  return levels
}

function leadsToTensors(dictionary: Dictionary, depth: number): boolean {
  if (holdsTensors(dictionary)) return true
  return (
    depth > 0 &&
    WRAPPERS.some((name) => {
      const inner = dictionaryOf(dictionary.get(name))
      return inner !== undefined && leadsToTensors(inner, depth - 1)
    })
  )
}

/** A dictionary, or an object of a class that is one. */
function dictionaryOf(value: PickleValue | undefined): Dictionary | undefined {
  if (value instanceof Map) return value
  return value instanceof PickledObject ? value.entries : undefined
}

/** A file may name the same large dictionary in every entry of another: each is looked through once. */
const looked = new WeakMap<Dictionary, boolean>()

function holdsTensors(dictionary: Dictionary): boolean {
  let holds = looked.get(dictionary)
  if (holds === undefined) {
    holds = [...dictionary].some(
      ([name, entry]) => typeof name === 'string' && (isTensor(entry) || unreadType(entry) !== undefined),
    )
    looked.set(dictionary, holds)
  }
  return holds
}

function isTensor(entry: PickleValue): entry is TorchTensor | PickledArray {
  return entry instanceof TorchTensor || (entry instanceof PickledArray && entry.numbers !== undefined)
}

/** What a tensor is whose numbers are not read; also that of a class of another program. */
function unreadType(entry: PickleValue): string | undefined {
  if (entry instanceof UnreadTensor) return entry.type
  if (!(entry instanceof PickledObject)) return undefined
  const { args, path, state } = entry
  if (!/tensor|parameter/i.test(path.slice(path.lastIndexOf('.') + 1))) return undefined
  const attributes = state instanceof Map ? [...state.values()] : state instanceof PickledTuple ? state.items : []
  return [...args, ...attributes].some((part) => isTensor(part) || part instanceof UnreadTensor) ? path : undefined
}

/** A `torch.nn.Module`, by the attributes that all of them have. */
function isModel(value: PickleValue): value is PickledObject {
  return (
    value instanceof PickledObject &&
    value.state instanceof Map &&
    value.state.has('_modules') &&
    value.state.has('_parameters')
  )
}

/** Everything beside the tensors, of all levels. */
function asideOf(levels: readonly Level[]): AsideEntry[] {
  return levels.flatMap(({ dictionary, place, inner }, depth) =>
    [...dictionary]
      .filter(([name, entry]) => {
        if (depth < levels.length - 1) return name !== inner
        return typeof name !== 'string' || !(isTensor(entry) || unreadType(entry) !== undefined)
      })
      .map(([key, entry]) => {
        const name = typeof key === 'string' || typeof key === 'number' ? String(key) : kindOf(key)
        return { name: place === '' ? name : `${place}.${name}`, what: kindOf(entry) }
      }),
  )
}

function withoutTensors(levels: readonly Level[], path: string): unknown {
  const { dictionary, place } = levels.at(-1)!
  const named = [...dictionary].filter((entry): entry is [string, PickleValue] => typeof entry[0] === 'string')
  const model = named.find(([, entry]) => isModel(entry))
  if (model !== undefined) {
    const [name, entry] = model
    return wholeModel(path, (entry as PickledObject).path, place === '' ? name : `${place}.${name}`)
  }
  const names = [...dictionary.keys()].map((key) => (typeof key === 'object' ? kindOf(key) : String(key)))
  const within = named.filter(([, entry]) => {
    const inner = dictionaryOf(entry)
    return inner !== undefined && leadsToTensors(inner, MAX_WRAPPERS)
  })
  const why = `there is no tensor in its dictionary (${names.length === 0 ? 'it is empty' : listed(names, 8)})`
  const [first] = within
  const optimizer = optimizerIn(dictionary)
  if (optimizer !== undefined && (optimizer === '' || within.every(([name]) => name === optimizer)))
    return noWeights(
      path,
      `it is the state of an optimiser${optimizer === '' ? '' : ` (${optimizer})`}, and the network is not in it`,
      'Give the file of the network: torch.save(model.state_dict(), "weights.pth").',
    )
  if (first === undefined) return noWeights(path, why)
  return noWeights(
    path,
    `${why}; there are some in ${listed(within.map(([name]) => name))}, and it does not say which are the weights`,
    `Save those that you want: torch.save(torch.load(${JSON.stringify(path)})[${JSON.stringify(first[0])}], "weights.pth").`,
  )
}

/** The entry that is an optimiser's `state_dict()`; empty where the dictionary itself is one. */
function optimizerIn(dictionary: Dictionary): string | undefined {
  if (isOptimizer(dictionary)) return ''
  const found = [...dictionary].find(([, entry]) => isOptimizer(dictionaryOf(entry)))
  return found === undefined ? undefined : String(found[0])
}

/** Whether a dictionary is what `torch.optim` saves. */
export function isOptimizer(dictionary: Dictionary | undefined): boolean {
  return dictionary?.has('param_groups') === true && dictionary.has('state')
}

/** A value for people. */
function kindOf(value: PickleValue): string {
  const entries = (number: number) => `${number} ${number === 1 ? 'entry' : 'entries'}`
  if (value === null) return 'None'
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  if (typeof value === 'number' || typeof value === 'bigint') return String(value)
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value)
  if (value instanceof Map) return `a dictionary of ${entries(value.size)}`
  if (Array.isArray(value)) return `a list of ${entries(value.length)}`
  if (value instanceof PickledTuple) return `a tuple of ${entries(value.items.length)}`
  if (value instanceof Set) return `a set of ${entries(value.size)}`
  if (value instanceof TorchTensor) return `a tensor [${value.shape.join(', ')}]`
  if (value instanceof UnreadTensor) return 'a tensor'
  if (value instanceof PickledArray) return 'a NumPy array'
  if (value instanceof Uint8Array) return `${value.length} bytes`
  return 'path' in value ? value.path : 'a value'
}
