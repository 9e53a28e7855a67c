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
  return classMapsOf(await readCamFile(file, options), file, options.classes !== undefined)
}

/**
 * The maps of a file with class ids.
 *
 * @param given whether the classes were given instead of read
 * @throws SemplesError `SEMPLES_CAM_INVALID`
 */
export function classMapsOf(cam: CamFile, file: string, given: boolean): ClassMaps {
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
        : 'Give the class id of each map (semples refine --classes 0-20, semples eval --cam-classes 1-20), or save them as numpy.savez(path, **{str(class_id): map}).',
  })
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
