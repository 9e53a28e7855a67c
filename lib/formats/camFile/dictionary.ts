import { SemplesError } from '../../base/error.js'
import { numbersOfValue } from '../pickle/torch.js'
import type { PickleValue } from '../pickle/values.js'
import { type CamLimits, type CamMaps, camFileInvalid, idsOf, mapsOf, stackMaps } from './maps.js'

/** The maps of a file with the classes as it says them. */
export interface FoundMaps {
  /**
   * The classes exactly as the file says, in its order. Undefined where the file has only an array. One fewer than
   * there are maps where the first map is the background and has no class of its own.
   */
  classes?: number[]
  maps: CamMaps
  /** Which array of the file was taken; undefined where it is the only one, or a dictionary of classes was stacked. */
  entry?: string
  /**
   * Whether the first map is certainly the background: there is one map more than `keys`, its class is -1, or it was
   * saved as `background` or `bg`. A first class 0 may be either, and is not taken for it.
   */
  background: boolean
  /**
   * The classes are class ids: names of arrays (`15` in a .npz file, texts as keys of a dictionary), or the ids behind
   * the maps of a .npy file. Numbers as keys and `keys` count classes from 0 without the background.
   */
  named: boolean
}

/** Arrays that hold the maps of all `keys`; those of the picture's own size first. */
const ENTRIES = 'attn_highres high_res highres highres_cam maps scores probs logits cams cam'.split(' ')
const KEYS = 'keys'
const BACKGROUND = /^(background|bg)$/i
const CLASS_ID = /^(?:class_?|cls_?|label_?)?(-?\d{1,9})$/i

type Dictionary = ReadonlyMap<PickleValue, PickleValue>

/**
 * Chooses the maps of a dictionary or archive.
 *
 * @param wanted name of the array to take
 * @throws SemplesError `SEMPLES_CAM_INVALID`, `SEMPLES_FILE_TOO_LARGE`
 */
export function fromDictionary(dictionary: Dictionary, wanted: string | undefined, limits: CamLimits): FoundMaps {
  // A picture that shows no class: WeakTr writes `{}`, `semples masks --npz` an archive without arrays.
  if (dictionary.size === 0 && wanted === undefined) {
    return {
      classes: [],
      maps: { dtype: 'float32', shape: [0, 0, 0], data: new Float32Array(0) },
      background: false,
      named: false,
    }
  }
  const names = [...dictionary.keys()].filter((key) => typeof key === 'string' || typeof key === 'number')
  const holdsMaps = (key: PickleValue) => (numbersOfValue(dictionary.get(key), limits.file)?.shape.length ?? 0) >= 2
  if (wanted !== undefined) {
    const key = names.find((name) => String(name) === wanted && numbersOfValue(dictionary.get(name), limits.file))
    if (key === undefined) throw noEntry(wanted, names.map(String), limits.file)
    return fromEntry(dictionary, key, limits)
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
  if (ids.length === 0 && others.length === 1) return fromEntry(dictionary, others[0]!, limits)
  const seen = names.slice(0, 12).join(', ')
  throw camFileInvalid(
    limits.file,
    names.length === 0
      ? 'no key of its dictionary is a text or a number'
      : `which of ${seen} are the maps is not clear`,
    names.length === 0 ? undefined : 'Name the array in `entry`.',
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
  if (keys === undefined || keys === null) return { maps, entry, background: false, named: false }
  const classes = idsOf(keys, limits.file)
  const count = maps.shape[0]
  if (classes === undefined || new Set(classes).size !== classes.length) {
    throw camFileInvalid(limits.file, 'keys are not class ids, each once')
  }
  if (classes.length !== count && classes.length !== count - 1) {
    throw camFileInvalid(limits.file, `${entry} has ${count} maps, keys has ${classes.length} classes`)
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
    message: `${file} holds no array named ${JSON.stringify(entry)}.`,
    file,
    field: 'entry',
    value: entry,
    expected:
      names.length === 0
        ? 'no entry: the file holds one array without a name'
        : `one of ${names.slice(0, 12).join(', ')}`,
  })
}
