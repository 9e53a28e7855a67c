import { SemplesError } from '../../base/error.js'
import { readBytes } from '../../base/files.js'
import { PickledTuple, type PickleValue } from '../pickle/values.js'
import { readContent } from './content.js'
import { camFileInvalid } from './errors.js'
import { arrayOf, type CamLimits, type CamMaps, idsOf, mapsOf, stackMaps } from './maps.js'

/** The maps of one picture, as another program wrote them. */
export interface CamFile {
  /**
   * The classes exactly as the file says, in its order: most programs count from 0 without the background, some from
   * 1 with it. Undefined where the file has only an array. One fewer than there are maps where the first map is the
   * background and has no class of its own.
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
  /** The classes are names of arrays, as in a .npz file. Such are class ids by convention; numbers and `keys` count from 0. */
  named: boolean
}

export interface CamFileOptions {
  /** Name of the array to take; default the first that is there of the list at `readCamFile`. */
  entry?: string
  /** Most numbers in the maps; default 2^28 (1 GiB as float32). */
  maxElements?: number
}

/** Arrays that hold the maps of all `keys`; those of the picture's own size first. */
const ENTRIES = 'attn_highres high_res highres highres_cam maps scores probs logits cams cam'.split(' ')
const KEYS = 'keys'
const BACKGROUND = /^(background|bg)$/i
const CLASS_ID = /^(?:class_?|cls_?|label_?)?(-?\d{1,9})$/i

/**
 * Reads the CAMs or score maps of one picture from any of the files that programs of the field write. No code of the
 * file is ever run: pickles are read as data (`readPickle`).
 *
 * | file | holds | written by |
 * | --- | --- | --- |
 * | .npy | an array [C, H, W], [H, W] or [1, C, H, W] | `numpy.save(path, cam)` |
 * | .npy | a dictionary {class: [H, W]} | WeakTr: `numpy.save(path, {class: cam, ...})` |
 * | .npy | a dictionary of `keys` and `cam`, `high_res` | IRN: arrays or torch tensors |
 * | .npy | a dictionary of `keys` and `attn_highres` | CLIP-ES: float16 |
 * | .npz | one array, or arrays named `0`, `15`, `class_15` | `numpy.savez`, `numpy.savez_compressed` |
 * | .npz | `keys` and one of the arrays below | the same |
 * | .pkl | any of these as a pickle; a list of [H, W] | `pickle.dump` |
 * | .pt, .pth | any of these | `torch.save` |
 *
 * A dictionary or archive without arrays is a picture without classes: no maps, of no size.
 *
 * Of several arrays the first of `attn_highres`, `high_res`, `highres`, `highres_cam`, `maps`, `scores`, `probs`,
 * `logits`, `cams`, `cam` is taken, or that of `options.entry`. All kinds of numbers (float16, bfloat16, float32,
 * float64, integers, booleans), either byte order and Fortran order become float32 in C order. What kind of file it
 * is its first bytes say, not its name.
 *
 * @throws SemplesError `SEMPLES_FILE_UNREADABLE`; `SEMPLES_NPY_INVALID`, `SEMPLES_NPY_DTYPE`, `SEMPLES_NPZ_INVALID`;
 *   `SEMPLES_PICKLE_REFUSED` (naming what the file asks for, `os.system`), `SEMPLES_PICKLE_INVALID`,
 *   `SEMPLES_PICKLE_TOO_LARGE`; `SEMPLES_CAM_FILE_INVALID` (maps of different sizes, keys that do not fit, nothing or
 *   too much to choose from, no array `options.entry`), `SEMPLES_CAM_FILE_TOO_LARGE`
 */
export async function readCamFile(file: string, options: CamFileOptions = {}): Promise<CamFile> {
  return decodeCamFile(await readBytes(file), file, options)
}

/** `readCamFile` on bytes already in memory; `name` is what errors call them. */
export async function decodeCamFile(bytes: Uint8Array, name: string, options: CamFileOptions = {}): Promise<CamFile> {
  const limits = { file: name, maxElements: options.maxElements ?? 2 ** 28 }
  const content = await readContent(bytes, name, 8 * limits.maxElements + 2 ** 20)
  if (content instanceof Map) return fromDictionary(content, options.entry, limits)
  if (options.entry !== undefined) throw noEntry(options.entry, [], name)
  const array = arrayOf(content, name)
  if (array !== undefined) return { maps: mapsOf(array, 'the array', limits), background: false, named: false }
  const list = content instanceof PickledTuple ? content.items : content
  if (Array.isArray(list))
    return { maps: stackMaps(arraysOf([...list.entries()], limits), limits), background: false, named: false }
  throw camFileInvalid(name, 'there is no array in it')
}

type Dictionary = ReadonlyMap<PickleValue, PickleValue>

function fromDictionary(dictionary: Dictionary, wanted: string | undefined, limits: CamLimits): CamFile {
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
  const holdsMaps = (key: PickleValue) => (arrayOf(dictionary.get(key), limits.file)?.shape.length ?? 0) >= 2
  if (wanted !== undefined) {
    const key = names.find((name) => String(name) === wanted && arrayOf(dictionary.get(name), limits.file))
    if (key === undefined) throw noEntry(wanted, names.map(String), limits.file)
    return fromEntry(dictionary, key, limits)
  }
  const known = ENTRIES.find(holdsMaps)
  if (known !== undefined) return fromEntry(dictionary, known, limits)
  const ids = names.filter((key) => classOf(key) !== undefined)
  const others = names.filter((key) => classOf(key) === undefined && key !== KEYS && holdsMaps(key))
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
function fromEntry(dictionary: Dictionary, key: string | number, limits: CamLimits): CamFile {
  const array = arrayOf(dictionary.get(key), limits.file)!
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
): CamFile {
  const classes = ids.map((key) => classOf(key)!)
  const once = new Set(classes)
  const twice = classes.find((id) => !once.delete(id))
  if (twice !== undefined) throw camFileInvalid(limits.file, `class ${twice} is there twice`)
  const entries = [...background, ...ids].map((key) => [key, dictionary.get(key)!] as const)
  const maps = stackMaps(arraysOf(entries, limits), limits)
  const named = ids.every((key) => typeof key === 'string')
  return { classes, maps, background: background.length > 0 || classes[0] === -1, named }
}

function arraysOf(entries: readonly (readonly [string | number, PickleValue])[], { file }: CamLimits) {
  return entries.map(([key, value]) => {
    const array = arrayOf(value, file)
    if (array === undefined) throw camFileInvalid(file, `${key} is no array of numbers`)
    return { what: `map ${key}`, array }
  })
}

/** The class that a key of a dictionary or the name of an array stands for: 15, "15", "class_15"; -1 and up. */
function classOf(key: string | number): number | undefined {
  const id = typeof key === 'number' ? key : Number(CLASS_ID.exec(key)?.[1])
  return Number.isSafeInteger(id) && id >= -1 ? id : undefined
}

function noEntry(entry: string, names: readonly string[], file: string): SemplesError {
  return new SemplesError('SEMPLES_CAM_FILE_INVALID', {
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
