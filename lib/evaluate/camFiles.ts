import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { SemplesError } from '../base/error.js'
import type { CamFileOptions } from '../formats/camFile/camFile.js'
import { CAM_EXTENSIONS, readClassMaps } from '../formats/camFile/classMaps.js'
import type { PictureCams } from './sweep.js'

/**
 * Reads the class activation maps of a picture from whatever `readCamFile` reads: `<id>.npz`, `<id>.npy`, `<id>.pkl`,
 * `<id>.pickle`, `<id>.pth` or `<id>.pt`, the first that is there. A picture without classes has no map, and then no size.
 *
 * @throws SemplesError `SEMPLES_MASK_MISSING`, and what `readClassMaps` throws
 */
export async function readCams(
  folder: string,
  id: string,
  options: Pick<CamFileOptions, 'classes' | 'classOffset'> = {},
): Promise<PictureCams & { file: string }> {
  for (const extension of CAM_EXTENSIONS) {
    const file = join(folder, `${id}${extension}`)
    if (!(await isFile(file))) continue
    const { data, classIds, height, width } = await readClassMaps(file, options)
    return { file, cams: data, classIds, height, width }
  }
  throw new SemplesError('SEMPLES_MASK_MISSING', {
    message: `There are no class activation maps of the picture ${id} in ${folder}.`,
    file: join(folder, `${id}.npz`),
    expected: CAM_EXTENSIONS.map((extension) => `${id}${extension}`).join(', '),
  })
}

/** Whether there is a file of that name. */
export async function isFile(path: string): Promise<boolean> {
  const status = await stat(path).catch(() => undefined)
  return status?.isFile() === true
}
