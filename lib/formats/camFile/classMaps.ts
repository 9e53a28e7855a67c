import { SemplesError } from '../../base/error.js'
import { type CamFileOptions, readCamFile } from './camFile.js'

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
  const { classIds, maps } = await readCamFile(file, options)
  const [, height, width] = maps.shape
  if (classIds === undefined) {
    throw new SemplesError('SEMPLES_CAM_INVALID', {
      message: `${file} does not say which classes its maps belong to.`,
      file,
      field: 'classes',
      value: `an array [${maps.shape.join(', ')}] alone`,
      expected: 'arrays named by class ids, or a list of class ids behind the array',
      hint: 'Give the class id of each map (semples refine --classes 0-20, semples eval --cam-classes 1-20), or save them as numpy.savez(path, **{str(class_id): map}).',
    })
  }
  const wrong = classIds.find((id, index) => !isClassId(id) || classIds.indexOf(id) < index)
  if (wrong === undefined) return { data: maps.data, classIds, height, width }
  throw new SemplesError('SEMPLES_CAM_INVALID', {
    message: `The classes of ${file} are no class ids${isClassId(wrong) ? `: ${wrong} is there twice` : ''}.`,
    file,
    field: 'classes',
    value: classIds,
    expected: 'ids from 0 (background) to 254, each once',
    hint: 'Keys of dictionaries count classes from 0, so that one is added; another distance is an option (classOffset, --class-offset).',
  })
}

function isClassId(id: number): boolean {
  return Number.isInteger(id) && id >= 0 && id <= 254
}
