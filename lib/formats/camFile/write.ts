import { writeAtomic } from '../../base/atomic.js'
import type { TensorData } from '../../base/tensor.js'
import { encodeNpy } from '../npy.js'
import { writeNpz } from '../npz.js'
import type { ClassMaps } from './classMaps.js'

/**
 * Writes the maps of one picture with their class ids, float32, atomically: what `semples masks` and `semples refine`
 * write, and `readCamFile` reads with the same classes in the same order.
 *
 * - `npz`: an array [H, W] for each map, named by its class id; without a map an archive without arrays.
 * - `npy`: an array [C, H, W] and behind it an int64 array [C] of the class ids, as NumPy writes several arrays into one
 *   file. `numpy.load(path)` gives the maps; `with open(path, 'rb') as file: maps, ids = numpy.load(file),
 *   numpy.load(file)` both.
 *
 * @param file path; its extension is the format's
 * @param comment noted in an .npz archive, where readers of arrays pass over it
 * @throws SemplesError `SEMPLES_ARGUMENT_INVALID` where maps and classes do not fit, `SEMPLES_WRITE_FAILED`
 */
export async function writeCamFile(
  file: string,
  maps: ClassMaps,
  format: 'npy' | 'npz',
  comment?: string,
): Promise<void> {
  const { data, classIds, height, width } = maps
  if (format === 'npy') {
    const ids = BigInt64Array.from(classIds, BigInt)
    await writeAtomic(file, [
      encodeNpy({ dtype: 'float32', shape: [classIds.length, height, width], data }),
      encodeNpy({ dtype: 'int64', shape: [ids.length], data: ids }),
    ])
    return
  }
  const size = height * width
  const arrays = classIds.map((id, map): [string, TensorData] => [
    String(id),
    { dtype: 'float32', shape: [height, width], data: data.subarray(map * size, (map + 1) * size) },
  ])
  await writeNpz(file, new Map(arrays), { comment })
}
