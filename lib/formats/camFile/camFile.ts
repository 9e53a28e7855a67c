import { SemplesError } from '../../base/error.js'
import { readBytes } from '../../base/files.js'
import { numbersOfValue } from '../pickle/torch.js'
import { PickledArray, PickledTuple } from '../pickle/values.js'
import { type CamContent, readContent } from './content.js'
import { arraysOf, fromDictionary, noEntry } from './dictionary.js'
import type { FoundMaps } from './found.js'
import {
  type AxesOrder,
  axesOrders,
  type CamLimits,
  type ClassNames,
  camFileInvalid,
  idsOf,
  isLabelMap,
  mapsOf,
  plainName,
  stackMaps,
} from './maps.js'

/** The maps of one picture, as semples or another program wrote them. */
export interface CamFile extends FoundMaps {
  /**
   * Class id (pixel value in masks) of every map, in map order; 0 is the background. By the rule at `readCamFile`;
   * undefined where the file has only an array, and `options.classes` does not say what its maps are.
   */
  classIds?: number[]
}

export interface CamFileOptions {
  /** Name of the array to take; default the first that is there of the list at `readCamFile`. */
  entry?: string
  /** Most numbers in the maps; default 2^28 (1 GiB as float32). */
  maxElements?: number
  /** Class id of each map, in map order, instead of what the file says. */
  classes?: readonly number[]
  /** What is added to the classes of the file to get class ids; default by the rule at `readCamFile`. */
  classOffset?: number
  /** Order of the axes of an array of several maps: `chw` (default) is [maps, H, W], `hwc` is [H, W, maps]. */
  axes?: AxesOrder
  /** Class ids by name, for files whose arrays are named by classes; without it such files are refused. */
  classNames?: Readonly<Record<string, number>>
}

/** `readCamFile` of the public API, documented in lib/api/files.ts. */
export async function readCamFile(file: string, options: CamFileOptions = {}): Promise<CamFile> {
  return decodeCamFile(await readBytes(file), file, options)
}

/** `readCamFile` on bytes already in memory; `name` is what errors call them. */
export async function decodeCamFile(bytes: Uint8Array, name: string, options: CamFileOptions = {}): Promise<CamFile> {
  const { axes = 'chw', classNames, maxElements = 2 ** 28 } = options
  if (!axesOrders.includes(axes)) throw unknownAxes(axes)
  const limits = { file: name, maxElements, axes, classNames: classNames && plainNames(classNames) }
  const content = await readContent(bytes, name, 8 * limits.maxElements + 2 ** 20)
  const found = foundIn(content, options.entry, limits)
  const classIds = classIdsOf(found, options, name)
  return classIds === undefined ? found : { ...found, classIds }
}

function foundIn({ value, classIds }: CamContent, entry: string | undefined, limits: CamLimits): FoundMaps {
  const { file } = limits
  if (value instanceof Map) return fromDictionary(value, entry, limits)
  if (entry !== undefined) throw noEntry(entry, [], file)
  const array = numbersOfValue(value, file)
  if (array !== undefined) {
    const maps = mapsOf(array, 'the array', limits)
    if (classIds === undefined)
      return { maps, background: false, named: false, ...(isLabelMap(array) ? LABEL_MAP : {}) }
    const numbers = new PickledArray()
    numbers.numbers = classIds
    const classes = classIds.shape.length === 1 ? idsOf(numbers, file) : undefined
    if (classes?.length !== maps.shape[0]) throw secondArray(maps.shape[0], classIds.shape, file)
    return { classes, maps, background: classes[0] === -1, named: true }
  }
  const list = value instanceof PickledTuple ? value.items : value
  if (!Array.isArray(list)) throw camFileInvalid(file, 'there is no array in it')
  return { maps: stackMaps(arraysOf([...list.entries()], limits), limits), background: false, named: false }
}

const LABEL_MAP = { labelMap: true } as const

/** `numpy.save` twice into an open file; `numpy.load` gives the first array alone. */
function secondArray(maps: number, second: readonly number[], file: string): SemplesError {
  return camFileInvalid(
    file,
    `behind its ${maps} maps a second array [${second.join(', ')}] follows in the same file, and is no list of as many class ids`,
    'numpy.load reads the first alone: save each array into a file of its own (numpy.save(path, array) with a path), or all of them by name (numpy.savez).',
  )
}

function plainNames(names: Readonly<Record<string, number>>): ClassNames {
  return Object.fromEntries(Object.entries(names).map(([name, id]) => [plainName(name), id]))
}

function unknownAxes(value: unknown): SemplesError {
  return new SemplesError('SEMPLES_ARGUMENT_INVALID', {
    message: 'Unknown order of axes.',
    field: 'axes',
    value,
    expected: 'chw or hwc',
  })
}

/** The one rule of what the classes of a file are. */
function classIdsOf(found: FoundMaps, options: CamFileOptions, file: string): number[] | undefined {
  const { maps, classes, background, named, lookedUp } = found
  const [count] = maps.shape
  if (options.classes !== undefined) {
    if (options.classes.length === count) return [...options.classes]
    const [other, otherCount] = options.axes === 'hwc' ? ['chw', maps.shape[1]] : ['hwc', maps.shape[2]]
    const hint =
      otherCount === options.classes.length && count > 1
        ? `Taken in the other order of axes there are ${otherCount} maps: axes: '${other}' (--axes ${other}).`
        : undefined
    throw camFileInvalid(file, `it has ${count} maps, and ${options.classes.length} classes were given for them`, hint)
  }
  if (classes === undefined) return count === 0 ? [] : undefined
  const offset = lookedUp ? 0 : (options.classOffset ?? (named ? 0 : 1))
  const ids = classes.map((key) => (key === -1 ? 0 : key + offset))
  return background && ids.length === count - 1 ? [0, ...ids] : ids
}
