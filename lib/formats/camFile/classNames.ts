import { numbersOfValue } from '../pickle/torch.js'
import type { PickleValue } from '../pickle/values.js'
import type { FoundMaps } from './found.js'
import { type CamLimits, camFileInvalid, plainName, stackMaps } from './maps.js'

/** Names of a map of the background. */
export const BACKGROUND = /^_*(background|bg)_*$/i

type Dictionary = ReadonlyMap<PickleValue, PickleValue>

/**
 * A dictionary or archive whose arrays are named by classes: `{'bus': [H, W], 'person': [H, W]}`. Undefined without names of
 * classes, and where the names are none.
 *
 * @param names of the arrays that may be maps
 * @throws SemplesError `SEMPLES_CAM_INVALID` where some names are classes and others are not, or two are the same class
 */
export function fromNames(dictionary: Dictionary, names: readonly string[], limits: CamLimits): FoundMaps | undefined {
  const { classNames, file } = limits
  if (classNames === undefined || !looksLikeNames(dictionary, names, limits)) return undefined
  const background = names.filter((name) => BACKGROUND.test(name))
  const others = names.filter((name) => !BACKGROUND.test(name))
  const known = others.filter((name) => Object.hasOwn(classNames, plainName(name)))
  if (known.length === 0 || background.length > 1) return undefined
  if (known.length < others.length) throw namesInvalid(names, limits)
  const classes = known.map((name) => classNames[plainName(name)]!)
  if (new Set(classes).size < classes.length)
    throw camFileInvalid(file, `two of ${names.join(', ')} are the same class`)
  const arrays = [...background, ...known].map((name) => ({
    what: `map ${name}`,
    array: numbersOfValue(dictionary.get(name), file)!,
  }))
  return { classes, maps: stackMaps(arrays, limits), background: background.length > 0, named: true, lookedUp: true }
}

/** Whether every array is one map, as those that are named by classes are. */
export function looksLikeNames(
  dictionary: Dictionary,
  names: readonly (string | number)[],
  { file }: CamLimits,
): boolean {
  return (
    names.length > 0 &&
    names.every((name) => {
      const { shape = [] } = numbersOfValue(dictionary.get(name), file) ?? {}
      return shape.length === 2 || (shape.length === 3 && shape[0] === 1)
    })
  )
}

/** Arrays with names that say no class. */
export function namesInvalid(names: readonly string[], { file, classNames }: CamLimits): Error {
  const list = (some: readonly string[]) => some.slice(0, 12).join(', ')
  const unknown = names.filter((name) => !BACKGROUND.test(name) && !Object.hasOwn(classNames ?? {}, plainName(name)))
  return camFileInvalid(
    file,
    classNames === undefined
      ? `its arrays are named ${list(names)}, and which classes these are is not known`
      : `its arrays are named ${list(names)}, and the class table has no ${list(unknown)}`,
    classNames === undefined
      ? 'Give the class table in which the names are looked up (classTable, --class-table voc2012 or a classes.json), name the one array to take (entry, --entry NAME), or name the arrays by class ids: numpy.savez(path, **{str(class_id): map}).'
      : `Its classes are ${list(Object.keys(classNames))}. Name the arrays so, or by class ids: numpy.savez(path, **{str(class_id): map}).`,
  )
}
