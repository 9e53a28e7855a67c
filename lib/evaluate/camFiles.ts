import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { runInSlices } from '../base/cooperative.js'
import { SemplesError } from '../base/error.js'
import { refuseOtherAxes } from '../formats/camFile/axes.js'
import { type CamFileOptions, readCamFile } from '../formats/camFile/camFile.js'
import { CAM_EXTENSIONS, classMapsOf } from '../formats/camFile/classMaps.js'
import { type ScoreKind, type ScoreWarning, takeScores } from '../formats/camFile/scores.js'
import type { PictureCams } from './sweep.js'

export interface ReadCamsOptions
  extends Pick<CamFileOptions, 'classes' | 'classOffset' | 'classNames' | 'axes' | 'entry'> {
  /** What the numbers are. Default: any numbers, as they are. */
  values?: ScoreKind
  /** Sides that the maps must have: those of the picture. */
  size?: { width: number; height: number }
}

/** Maps of a picture, and what is to be said of them. */
export interface ReadCams extends PictureCams {
  file: string
  warnings: ScoreWarning[]
}

/**
 * Reads the class activation maps of a picture from whatever `readCamFile` reads: `<id>.npz`, `<id>.npy`, `<id>.pkl`,
 * `<id>.pickle`, `<id>.pth` or `<id>.pt`, the first that is there; they are checked and made probabilities as those that are
 * refined. A picture without classes has no map, and then no size.
 *
 * @throws SemplesError `SEMPLES_MASK_MISSING`, `SEMPLES_CAM_INVALID`, and what `readClassMaps` throws
 */
export async function readCams(folder: string, id: string, options: ReadCamsOptions = {}): Promise<ReadCams> {
  const { values, size, ...read } = options
  for (const extension of CAM_EXTENSIONS) {
    const file = join(folder, `${id}${extension}`)
    if (!(await isFile(file))) continue
    const cam = await readCamFile(file, read)
    if (size !== undefined) refuseOtherAxes(cam.maps.shape, read.axes ?? 'chw', size, file)
    const { data, classIds, height, width } = classMapsOf(cam, file, read.classes !== undefined)
    const maps = { values: data, classes: classIds, height, width }
    if (values === undefined) return { file, cams: data, classIds, height, width, warnings: [] }
    const taken = await runInSlices(takeScores(maps, { kind: values, name: file, file, own: true }))
    return { file, cams: taken.maps.values, classIds, height, width, warnings: taken.warnings }
  }
  throw new SemplesError('SEMPLES_MASK_MISSING', {
    message: `There are no class activation maps of the picture ${id} in ${folder}.`,
    file: join(folder, `${id}.npz`),
    expected: CAM_EXTENSIONS.map((extension) => `${id}${extension}`).join(', '),
    hint: (await isFile(join(folder, 'masks.json')))
      ? "These are masks without maps: make them again with maps beside them (cams: 'npz', --npz), into the same folder."
      : undefined,
  })
}

/** Whether there is a file of that name. */
export async function isFile(path: string): Promise<boolean> {
  const status = await stat(path).catch(() => undefined)
  return status?.isFile() === true
}
