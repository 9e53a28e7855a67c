import { MAX_CLASSES } from '../../datasets/classes/classTableFile.js'
import { CLASS_ID, ENTRIES, KEYS } from '../../formats/camFile/dictionary.js'
import { isOptimizer, WRAPPERS } from '../../formats/checkpointEntries.js'
import type { PickleValue } from '../../formats/pickle/values.js'
import { PickledObject, PickledTuple } from '../../formats/pickle/values.js'
import { shapeOfValue } from '../../formats/weightShapes.js'

/**
 * What the content of a pickle, an archive or a file of torch.save is: weights have names of modules, maps have class ids or
 * names that programs of the field give them, labels are vectors of one length by the names of pictures.
 */
export function contentKind(value: PickleValue): 'weights' | 'maps' | 'labels' {
  // A pickled model, or a dictionary of a class of its own.
  if (value instanceof PickledObject) return 'weights'
  if (!(value instanceof Map) || value.size === 0) return 'maps'
  if (isOptimizer(value) || [...value.values()].some((entry) => entry instanceof Map && isOptimizer(entry)))
    return 'weights'
  const keys = [...value.keys()]
  // A file may name the same long list in every entry.
  const known = new Map([...new Set(value.values())].map((each) => [each, rankOf(each)]))
  const ranks = keys.map((key) => known.get(value.get(key)!))
  if (keys.includes(KEYS) || ENTRIES.some((name) => (rankOf(value.get(name)) ?? 0) >= 2)) return 'maps'
  const areIds = keys.every((key) => typeof key === 'number' || (typeof key === 'string' && CLASS_ID.test(key)))
  if (ranks.every((rank) => rank === 1) && !keys.some((key) => /\.(weight|bias)$/.test(String(key)))) {
    const lengths = new Set([...value.values()].map(lengthOf))
    const [length = 0] = lengths
    if (lengths.size === 1 && length <= MAX_CLASSES) return 'labels'
  }
  if (areIds) return 'maps'
  const isWrapped = WRAPPERS.some((name) => value.get(name) instanceof Map || value.get(name) instanceof PickledObject)
  const names = keys.filter((_, index) => ranks[index] !== undefined)
  if (isWrapped || names.some((key) => String(key).includes('.'))) return 'weights'
  return ranks.every((rank) => rank === undefined || rank === 2) ? 'maps' : 'weights'
}

/** Axes of an array or a list of numbers; undefined for everything else. */
function rankOf(value: PickleValue | undefined): number | undefined {
  const array = shapeOfValue(value)
  if (array !== undefined) return array.shape.length
  const items = value instanceof PickledTuple ? value.items : value
  return Array.isArray(items) && items.length > 0 && items.every((item) => typeof item === 'number') ? 1 : undefined
}

function lengthOf(value: PickleValue): number | undefined {
  const items = value instanceof PickledTuple ? value.items : value
  return shapeOfValue(value)?.shape[0] ?? (Array.isArray(items) ? items.length : undefined)
}
