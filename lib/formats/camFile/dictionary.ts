import { SemplesError } from '../../base/error.js'
import { elementCount } from '../dtypes.js'
import { numbersOfValue } from '../pickle/torch.js'
import { PickledTuple, type PickleValue } from '../pickle/values.js'
import { BACKGROUND, fromNames, looksLikeNames, namesInvalid } from './classNames.js'
import type { FoundMaps } from './found.js'
import { type CamLimits, camFileInvalid, idsOf, isLabelMap, mapsOf, stackMaps } from './maps.js'

/** Arrays that hold the maps of all `keys`; those of the picture's own size first. */
export const ENTRIES = 'attn_highres high_res highres highres_cam hr_cam maps scores probs logits cams cam'.split(' ')
export const KEYS = 'keys'
export const CLASS_ID = /^(?:class_?|cls_?|label_?)?(-?\d{1,9})$/i

type Dictionary = ReadonlyMap<PickleValue, PickleValue>

/**
 * Chooses the maps of a dictionary or archive.
 *
 * @param wanted name of the array to take
 * @throws SemplesError `SEMPLES_CAM_INVALID`, `SEMPLES_FILE_TOO_LARGE`
 */
export function fromDictionary(dictionary: Dictionary, wanted: string | undefined, limits: CamLimits): FoundMaps {
  const names = [...dictionary.keys()].filter((key) => typeof key === 'string' || typeof key === 'number')
  const holdsMaps = (key: PickleValue) => (numbersOfValue(dictionary.get(key), limits.file)?.shape.length ?? 0) >= 2
  if (wanted !== undefined) {
    const key = names.find((name) => String(name) === wanted && numbersOfValue(dictionary.get(name), limits.file))
    if (key === undefined) throw noEntry(wanted, names.map(String), limits.file)
    return fromEntry(dictionary, key, limits)
  }
  if (showsNothing(dictionary, limits)) {
    return {
      classes: [],
      maps: { dtype: 'float32', shape: [0, 0, 0], data: new Float32Array(0) },
      background: false,
      named: false,
    }
  }
  const known = ENTRIES.find(holdsMaps)
  if (known !== undefined) return fromEntry(dictionary, known, limits)
  const ids = names.filter((key) => classOf(key) !== undefined)
  const others = names.filter((key) => classOf(key) === undefined && key !== KEYS && holdsMaps(key))
  if (new Set(ids.map((key) => typeof key)).size > 1) {
    throw camFileInvalid(limits.file, 'some of its classes are numbers, some are texts')
  }
  if (ids.length > 0 && others.every((key) => BACKGROUND.test(String(key))) && others.length <= 1) {
    return fromClasses(dictionary, ids, others, limits)
  }
  const inOrder = ids.length === 0 ? withoutNames(dictionary, limits) : undefined
  if (inOrder !== undefined) return inOrder
  const named = ids.length === 0 ? fromNames(dictionary, others.map(String), limits) : undefined
  if (named !== undefined) return named
  if (ids.length === 0 && others.length === 1) return fromEntry(dictionary, others[0]!, limits)
  if (ids.length === 0 && looksLikeNames(dictionary, others, limits)) throw namesInvalid(others.map(String), limits)
  const seen = names.slice(0, 12).join(', ')
  throw camFileInvalid(
    limits.file,
    names.length === 0
      ? 'no key of its dictionary is a text or a number'
      : `which of ${seen} are the maps is not clear`,
    names.length === 0
      ? undefined
      : 'Name the array in `entry` (--entry NAME), or save it as cam, and its classes as keys: numpy.savez(path, keys=class_indices, cam=maps).',
  )
}

/** A picture without a class: `{}` (WeakTr), an archive without arrays (semples), or no `keys` and no maps (IRN). */
function showsNothing(dictionary: Dictionary, { file }: CamLimits): boolean {
  if (dictionary.size === 0) return true
  const keys = dictionary.get(KEYS)
  if (keys === undefined || keys === null || idsOf(keys, file)?.length !== 0) return false
  return [...dictionary.values()].every((value) => {
    const array = numbersOfValue(value, file)
    if (array !== undefined) return elementCount(array.shape) === 0
    const list = value instanceof PickledTuple ? value.items : value
    return !(list instanceof Map) && (!Array.isArray(list) || list.length === 0)
  })
}

/** `numpy.savez(path, maps, class_ids)`, whose arrays are called `arr_0` and `arr_1`. */
function withoutNames(dictionary: Dictionary, limits: CamLimits): FoundMaps | undefined {
  const keys = [...dictionary.keys()]
  if (keys.length < 2 || !keys.every((key) => typeof key === 'string' && /^arr_\d+$/.test(key))) return undefined
  const { file } = limits
  const arrays = keys.map((key) => ({ key: String(key), array: numbersOfValue(dictionary.get(key), file) }))
  const maps = arrays.find(({ array }) => (array?.shape.length ?? 0) >= 2)
  const list = arrays.find(({ array }) => array?.shape.length === 1)
  const classes = list && idsOf(dictionary.get(list.key), file)
  if (keys.length === 2 && maps?.array !== undefined && classes !== undefined) {
    const found = mapsOf(maps.array, maps.key, limits)
    if (found.shape[0] === classes.length && new Set(classes).size === classes.length) {
      return { classes, maps: found, entry: maps.key, background: classes[0] === -1, named: true }
    }
  }
  const shapes = arrays.map(({ key, array }) => `${key} [${array?.shape.join(', ') ?? 'no numbers'}]`)
  throw camFileInvalid(
    file,
    `of its arrays without names, ${shapes.join(', ')}, one must be the maps and the other a list of a class id a map`,
    'Name them: numpy.savez(path, keys=class_indices, cam=maps), or numpy.savez(path, **{str(class_id): map}).',
  )
}

/** One array, and the classes of its maps where `keys` lists them. */
function fromEntry(dictionary: Dictionary, key: string | number, limits: CamLimits): FoundMaps {
  const array = numbersOfValue(dictionary.get(key), limits.file)!
  const entry = String(key)
  const maps = mapsOf(array, entry, limits)
  const keys = dictionary.get(KEYS)
  const own = classOf(key)
  if (own !== undefined) return { classes: [own], maps, entry, background: own === -1, named: typeof key === 'string' }
  if (keys === undefined || keys === null) {
    return { maps, entry, background: false, named: false, ...(isLabelMap(array) ? { labelMap: true as const } : {}) }
  }
  const classes = idsOf(keys, limits.file)
  const count = maps.shape[0]
  if (classes === undefined || new Set(classes).size !== classes.length) {
    throw camFileInvalid(limits.file, 'keys are not class ids, each once')
  }
  if (classes.length !== count && classes.length !== count - 1) {
    const sides = limits.axes === 'chw' ? array.shape.at(-1) : array.shape.at(-3)
    const other = limits.axes === 'chw' ? 'hwc' : 'chw'
    const hint =
      sides === classes.length
        ? `If its other axis counts the maps, say so: axes: '${other}' (--axes ${other}).`
        : undefined
    const seen = `${entry} has ${count} maps, keys has ${classes.length} classes; ${entry} is [${array.shape.join(', ')}]`
    throw camFileInvalid(limits.file, seen, hint)
  }
  return { classes, maps, entry, background: classes.length < count || classes[0] === -1, named: false }
}

/** A dictionary of one map a class. */
function fromClasses(
  dictionary: Dictionary,
  ids: readonly (string | number)[],
  background: readonly (string | number)[],
  limits: CamLimits,
): FoundMaps {
  const classes = ids.map((key) => classOf(key)!)
  const once = new Set(classes)
  const twice = classes.find((id) => !once.delete(id))
  if (twice !== undefined) throw camFileInvalid(limits.file, `class ${twice} is there twice`)
  const entries = [...background, ...ids].map((key) => [key, dictionary.get(key)!] as const)
  const maps = stackMaps(arraysOf(entries, limits), limits)
  const named = ids.every((key) => typeof key === 'string')
  return { classes, maps, background: background.length > 0 || classes[0] === -1, named }
}

export function arraysOf(entries: readonly (readonly [string | number, PickleValue])[], { file }: CamLimits) {
  return entries.map(([key, value]) => {
    const array = numbersOfValue(value, file)
    if (array === undefined) throw camFileInvalid(file, `${key} is no array of numbers`)
    return { what: `map ${key}`, array }
  })
}

/** The class that a key of a dictionary or the name of an array stands for: 15, "15", "class_15"; -1 and up. */
function classOf(key: string | number): number | undefined {
  const id = typeof key === 'number' ? key : Number(CLASS_ID.exec(key)?.[1])
  return Number.isSafeInteger(id) && id >= -1 ? id : undefined
}

export function noEntry(entry: string, names: readonly string[], file: string): SemplesError {
  return new SemplesError('SEMPLES_CAM_INVALID', {
    message: `${file} holds no array named ${JSON.stringify(entry)} (entry, --entry).`,
    file,
    field: 'entry',
    value: entry,
    expected:
      names.length === 0
        ? 'no entry: the file holds one array without a name'
        : `one of ${names.slice(0, 12).join(', ')}`,
  })
}
