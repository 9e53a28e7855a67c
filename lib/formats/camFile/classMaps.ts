import { SemplesError } from '../../base/error.js'
import { type CamFile, type CamFileOptions, readCamFile } from './camFile.js'

/** The maps of one picture and what they are of. */
export interface ClassMaps {
  /** [maps, height, width] */
  data: Float32Array
  /** Class id (pixel value in masks) of each map, in map order; 0 is the background. */
  classIds: readonly number[]
  height: number
  width: number
}

/** Extensions of the files of maps that are looked for in folders, the better one first where a picture has several. */
export const CAM_EXTENSIONS: readonly string[] = ['.npz', '.npy', '.pkl', '.pickle', '.pth', '.pt']

/**
 * `readCamFile` where the classes must be known: each map has a class id from 0 to 254, each id once.
 *
 * @throws SemplesError what `readCamFile` throws; `SEMPLES_CAM_INVALID` also for a file that does not say which
 *   classes its maps belong to
 */
export async function readClassMaps(file: string, options: CamFileOptions = {}): Promise<ClassMaps> {
  return classMapsOf(await readCamFile(file, options), file, { given: options.classes !== undefined })
}

/**
 * The maps of a file with class ids.
 *
 * @param of.given whether the classes were given instead of read
 * @param of.known the class ids that there are, where a class table says so
 * @throws SemplesError `SEMPLES_CAM_INVALID`
 */
export function classMapsOf(
  cam: CamFile,
  file: string,
  { given, known }: { given: boolean; known?: readonly number[] },
): ClassMaps {
  const { classIds, maps } = cam
  const [, height, width] = maps.shape
  if (classIds === undefined) throw classesUnknown(cam, file)
  const wrong = classIds.find((id, index) => !isClassId(id) || classIds.indexOf(id) < index)
  if (wrong !== undefined) {
    throw new SemplesError('SEMPLES_CAM_INVALID', {
      message: `The classes of ${file} are no class ids${isClassId(wrong) ? `: ${wrong} is there twice` : ''}.`,
      file,
      field: 'classes',
      value: classIds,
      expected: 'ids from 0 (background) to 254, each once',
      hint: 'Keys of dictionaries count classes from 0, so that one is added; another distance is an option (classOffset, --class-offset).',
    })
  }
  const unknown = known === undefined ? [] : classIds.filter((id) => id !== 0 && !known.includes(id))
  if (unknown.length > 0) throw notInTable(cam, file, unknown, known!)
  // Refined scores of a picture without a class are of the background alone, 1 everywhere.
  const alone = !given && classIds.length === 1 && classIds[0] === 0
  if (alone && maps.data.some((score) => score !== maps.data[0])) throw backgroundAlone(file)
  return { data: maps.data, classIds, height, width }
}

function classesUnknown({ maps, entry, labelMap }: CamFile, file: string): SemplesError {
  const [count, height, width] = maps.shape
  const one = count === 1
  const name = entry === undefined ? '' : ` named ${entry}`
  return new SemplesError('SEMPLES_CAM_INVALID', {
    message: labelMap
      ? `${file} holds a label map${name}, one whole number a pixel, and no scores.`
      : `${file} does not say which ${one ? 'class its map belongs' : 'classes its maps belong'} to.`,
    file,
    field: 'classes',
    value: `an array${name} [${count}, ${height}, ${width}] alone`,
    expected: 'arrays named by class ids, or a list of class ids behind the array',
    hint: labelMap
      ? "Class ids of pixels are a mask: save them as a PNG (PIL.Image.fromarray(mask.astype('uint8')).save(path)), and evaluate with --masks. If they are the scores of one class, say which (semples refine --classes 1, semples eval --cam-classes 1)."
      : one
        ? `Give its class id (semples refine --classes 1, semples eval --cam-classes 1); the background comes from the threshold.${entry === undefined ? '' : ` If ${entry} is a class, give the class table (semples refine --class-table TABLE).`} Or save it as numpy.savez(path, **{str(class_id): map}).`
        : `Give the class id of each map: ${rangesFor(count)}. Or save them as numpy.savez(path, **{str(class_id): map}).`,
  })
}

/** Numbers of classes of VOC and COCO. */
const KNOWN_COUNTS = [20, 80, 90]

/** What so many maps most likely are of; undefined where that is not clear. */
export function likelyClasses(maps: number): { text: string; ids: string } | undefined {
  if (KNOWN_COUNTS.includes(maps)) return { text: `${maps} classes without the background`, ids: `1-${maps}` }
  if (!KNOWN_COUNTS.includes(maps - 1)) return undefined
  return { text: `the background and ${maps - 1} classes`, ids: `0-${maps - 1}` }
}

/** What to type where so many maps are those of all classes, with or without the background. */
function rangesFor(maps: number): string {
  const typed = (ids: string) => `semples refine --classes ${ids} (semples eval --cam-classes ${ids})`
  const likely = likelyClasses(maps)
  if (likely !== undefined) return `for ${likely.text} ${typed(likely.ids)}`
  return `${typed(`0-${maps - 1}`)} where the first is the background, else 1-${maps}`
}

/** Most often keys that are class ids already, to which one was added. */
function notInTable(
  { classes = [], classIds = [] }: CamFile,
  file: string,
  unknown: readonly number[],
  known: readonly number[],
): SemplesError {
  const keys = classes.filter((key) => key !== -1)
  const added = (classIds.at(-1) ?? 0) - (classes.at(-1) ?? 0)
  const areIds = added > 0 && keys.every((key) => known.includes(key))
  return new SemplesError('SEMPLES_CAM_INVALID', {
    message: `${file} has maps of classes that the class table does not have: ${unknown.slice(0, 8).join(', ')}.`,
    file,
    field: 'classes',
    value: unknown.slice(0, 8).join(', '),
    expected: idsExpected(known),
    hint: areIds
      ? `Its keys were taken to count classes from 0, and ${added} was added. If they are class ids, say so: classOffset: 0 (--class-offset 0).`
      : 'Give the class table that the maps were made with, or the class id of each map.',
  })
}

/** The class ids of a table, for messages. */
export function idsExpected(known: readonly number[]): string {
  const ids = known.filter((id) => id !== 0).sort((one, other) => one - other)
  const [first = 0, last = 0] = [ids[0], ids.at(-1)]
  return `class ids ${last - first === ids.length - 1 && ids.length > 2 ? `${first} to ${last}` : ids.slice(0, 12).join(', ')}`
}

/** A file of the background's map and no other is written by nobody: keys were counted otherwise. */
function backgroundAlone(file: string): SemplesError {
  return new SemplesError('SEMPLES_CAM_INVALID', {
    message: `The one map of ${file} is of class 0, the background, alone.`,
    file,
    field: 'classes',
    value: [0],
    expected: 'class ids from 1, for the background comes from the threshold',
    hint: 'Where names of arrays count classes from 0, add one (classOffset: 1, --class-offset 1); if it is a class, say which (classes: [1], --classes 1).',
  })
}

function isClassId(id: number): boolean {
  return Number.isInteger(id) && id >= 0 && id <= 254
}
