import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { SemplesError } from '../base/error.js'
import type { TensorData } from '../base/tensor.js'
import type { ClassTable } from '../datasets/dataset.js'
import { readNpy } from '../formats/npy.js'
import { readNpz } from '../formats/npz.js'
import type { PictureCams } from './sweep.js'

/**
 * Reads the class activation maps of a picture, float32 or float64:
 * - `<id>.npz`: one array `[height, width]` a class, named by the class id (its pixel value); an archive without arrays
 *   has no map, and then no size;
 * - `<id>.npy`: one array `[maps, height, width]` with a map for every class of the table in its order, or for the
 *   picture's labels in that order, where `labels` (indices into the table) are known.
 *
 * @throws SemplesError `SEMPLES_CAM_MISSING`, `SEMPLES_CAM_INVALID` naming the file, and what reading it throws
 */
export async function readCams(
  folder: string,
  id: string,
  { classes }: ClassTable,
  labels?: readonly number[],
): Promise<PictureCams & { file: string }> {
  const [npz, npy] = [join(folder, `${id}.npz`), join(folder, `${id}.npy`)]
  if (await isFile(npz)) return { file: npz, ...fromNamed(npz, await readNpz(npz)) }
  if (!(await isFile(npy))) {
    throw new SemplesError('SEMPLES_CAM_MISSING', {
      message: `There are no class activation maps ${npy} or ${npz} for the picture ${id}.`,
      file: npy,
    })
  }
  const array = await readNpy(npy)
  const [maps = -1, height = 0, width = 0] = array.shape
  const ids = mapIds(maps)
  if (array.shape.length !== 3 || ids === undefined) {
    throw invalid(npy, `[${array.shape.join(', ')}]`, expectedShape())
  }
  return { file: npy, cams: toFloat32(npy, array), classIds: ids, height, width }

  function mapIds(count: number): number[] | undefined {
    if (count === classes.length) return classes.map((entry) => entry.id)
    if (labels === undefined || count !== labels.length) return undefined
    return labels.map((label) => classes[label]?.id ?? 0)
  }

  function expectedShape(): string {
    const ofLabels = labels === undefined ? '' : ` or [${labels.length}, height, width] (the picture's labels)`
    return `[${classes.length}, height, width] (the class table)${ofLabels}`
  }
}

/** Whether there is a file of that name. */
export async function isFile(path: string): Promise<boolean> {
  const status = await stat(path).catch(() => undefined)
  return status?.isFile() === true
}

function fromNamed(file: string, arrays: Record<string, TensorData>): PictureCams {
  // Ties go to the earlier map, so the order must not depend on the archive.
  const entries = Object.entries(arrays).sort(([one], [other]) => Number(one) - Number(other))
  const [height = 0, width = 0] = entries[0]?.[1].shape ?? []
  const cams = new Float32Array(entries.length * height * width)
  const classIds = entries.map(([name, array], map) => {
    if (!/^\d+$/.test(name)) throw invalid(file, name, 'arrays named by class ids')
    if (array.shape.length !== 2 || array.shape[0] !== height || array.shape[1] !== width) {
      throw invalid(file, `${name} [${array.shape.join(', ')}]`, `[${height}, ${width}] for every class`)
    }
    cams.set(toFloat32(file, array), map * height * width)
    return Number(name)
  })
  return { cams, classIds, height, width }
}

function toFloat32(file: string, { dtype, data }: TensorData): Float32Array {
  if (data instanceof Float32Array) return data
  if (data instanceof Float64Array) return Float32Array.from(data)
  throw invalid(file, dtype, 'float32 or float64')
}

function invalid(file: string, value: string, expected: string): SemplesError {
  const message = `${file} does not hold class activation maps as they are read here.`
  return new SemplesError('SEMPLES_CAM_INVALID', { message, file, value, expected })
}
