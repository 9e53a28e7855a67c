import { deniedReason } from './denied.js'
import { TORCH_PLACEHOLDERS } from './torchPlaceholders.js'
import { PickledArray, PickledClass, PickledGlobal, PickledObject, PickledTuple, type PickleValue } from './values.js'

const KNOWN: ReadonlyMap<string, PickledGlobal> = new Map(
  [
    ...TORCH_PLACEHOLDERS,
    // How the oldest protocols make an object of any class: the first argument is the class.
    ...['copyreg._reconstructor', 'copy_reg._reconstructor', 'copyreg.__newobj__', 'copy_reg.__newobj__'].map(
      (path) => new PickledGlobal(path, ({ args: [made, ...args] }) => objectOf(made, path, args)),
    ),
  ].map((entry) => [entry.path, entry]),
)

/**
 * What stands for a Python name that is in no table: a class whose objects are inert. Undefined for names that do
 * something when they are called.
 */
export function placeholderOf(module: string, name: string): PickledGlobal | undefined {
  const path = `${module}.${name}`
  const known = KNOWN.get(path)
  if (known !== undefined) return known
  if (module === '' || deniedReason(path) !== undefined) return undefined
  return new PickledClass(path, ({ args }) => new PickledObject(path, args))
}

function objectOf(made: PickleValue | undefined, path: string, args: readonly PickleValue[]): PickledObject {
  return new PickledObject(made instanceof PickledGlobal ? made.path : path, args)
}

/** A placeholder that was met while reading, and where. */
export interface Placeholder {
  /** The Python class: `argparse.Namespace`. */
  path: string
  /** How many objects of it, and places that name the class. */
  count: number
  /** The first place: `optimizer.param_groups[0]`; empty for the whole. */
  where: string
}

/** The placeholders within a value, in the order in which they are met, those of outer levels first. */
export function placeholdersIn(root: PickleValue): Placeholder[] {
  const found = new Map<string, Placeholder>()
  const seen = new Set<object>()
  const queue: [value: PickleValue, where: string][] = [[root, '']]
  for (let at = 0; at < queue.length; at++) {
    const [value, where] = queue[at]!
    if (typeof value !== 'object' || value === null || seen.has(value)) continue
    seen.add(value)
    if (value instanceof PickledObject || value instanceof PickledClass) {
      const known = found.get(value.path)
      if (known === undefined) found.set(value.path, { path: value.path, count: 1, where })
      else known.count += 1
    }
    for (const [key, inner] of partsOf(value)) queue.push([inner, placeOf(where, key)])
  }
  return [...found.values()]
}

/** What a value holds: by key, by index, or by attribute. */
function partsOf(value: object): Iterable<readonly [key: PickleValue, value: PickleValue]> {
  if (value instanceof Map) return value as Map<PickleValue, PickleValue>
  if (Array.isArray(value)) return value.entries()
  if (value instanceof Set) return [...(value as Set<PickleValue>)].entries()
  if (value instanceof PickledTuple) return value.items.entries()
  if (value instanceof PickledArray) return (value.objects?.items ?? []).entries()
  if (!(value instanceof PickledObject)) return []
  const { args, entries, items = [], state } = value
  const attributes = state instanceof Map ? [...state] : state === undefined ? [] : [['state', state] as const]
  return [...args.entries(), ...items.entries(), ...(entries ?? []), ...attributes]
}

/** No checkpoint has a longer place; of values that lie in each other without end the places would fill the memory. */
const MAX_PLACE = 1000

function placeOf(where: string, key: PickleValue): string {
  if (where.length >= MAX_PLACE) return where
  if (typeof key === 'string') return `${where === '' ? '' : `${where}.`}${key.slice(0, MAX_PLACE)}`
  return `${where}[${typeof key === 'number' || typeof key === 'bigint' ? key : '…'}]`
}
