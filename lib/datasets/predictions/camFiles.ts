import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { runInSlices } from '../../base/cooperative.js'
import { SemplesError } from '../../base/error.js'
import { refuseOtherAxes, warnOfExchanged } from '../../formats/camFile/axes.js'
import { type CamFileOptions, readCamFile } from '../../formats/camFile/camFile.js'
import { CAM_EXTENSIONS, classMapsOf } from '../../formats/camFile/classMaps.js'
import { countedKeysOf } from '../../formats/camFile/countedKeys.js'
import { keepClasses } from '../../formats/camFile/keptClasses.js'
import { resizeMaps } from '../../formats/camFile/resize.js'
import {
  probabilitiesOf,
  type ScoreKind,
  type ScoreMaps,
  type ScoreWarning,
  takeScores,
} from '../../formats/camFile/scores.js'
import type { CamsToMask } from '../../masks/threshold.js'
import type { ImageLabels } from '../imageLabels.js'

export interface ReadCamsOptions
  extends Pick<CamFileOptions, 'classes' | 'classOffset' | 'classNames' | 'axes' | 'entry'> {
  /** What the numbers are. Default: any numbers, as they are. */
  values?: ScoreKind
  /** Class ids that there are. Default: any. */
  known?: readonly number[]
  /** Labels of the pictures: the maps of other classes are left out. Default: all maps are kept. */
  imageLabels?: ImageLabels
  /** Sides of the picture, to which the maps are resized. Default: they stay as they are. */
  size?: Sides
}

interface Sides {
  width: number
  height: number
}

/** Maps of a picture, and what is to be said of them. */
export interface ReadCams extends Omit<CamsToMask, 'threshold'> {
  file: string
  /** Keys of the file to which one was added by default. */
  countedKeys: number[]
  warnings: ScoreWarning[]
}

/**
 * Reads the class activation maps of a picture from whatever `readCamFile` reads: `<id>.npz`, `<id>.npy`, `<id>.pkl`,
 * `<id>.pickle`, `<id>.pth` or `<id>.pt`, the first that is there; they are checked, made probabilities and brought to the
 * size of the picture as those that are refined. A picture without classes has no map, and then no size.
 *
 * @throws SemplesError `SEMPLES_MASK_MISSING`, `SEMPLES_CAM_INVALID`, and what `readClassMaps` throws; of `imageLabels` what
 *   finding the picture throws
 */
export async function readCams(folder: string, id: string, options: ReadCamsOptions = {}): Promise<ReadCams> {
  const { values: kind, size, known, imageLabels, ...read } = options
  const file = await camFileOf(folder, id)
  const cam = await readCamFile(file, read)
  if (size !== undefined) refuseOtherAxes(cam.maps.shape, read.axes ?? 'chw', size, file)
  const { data, classIds, height, width } = classMapsOf(cam, file, { given: read.classes !== undefined, known })
  const all: ScoreMaps = { values: data, classes: classIds, height, width }
  const turned = size === undefined || classIds.length === 0 ? [] : warnOfTurned(all, size, file)
  const { maps, warnings } =
    imageLabels === undefined ? { maps: all, warnings: [] } : keepClasses(all, imageLabels.idsOf({ name: id }))
  const taken = await runInSlices(scoresAt(maps, kind, size, file))
  return {
    file,
    cams: taken.maps.values,
    classIds: taken.maps.classes,
    height: taken.maps.height,
    width: taken.maps.width,
    countedKeys: countedKeysOf(cam, read),
    warnings: [...turned, ...warnings, ...taken.warnings],
  }
}

/** Scores at the size of their picture. As in refinement, energies are resized as such, all others as probabilities. */
function* scoresAt(
  maps: ScoreMaps,
  kind: ScoreKind | undefined,
  size: Sides | undefined,
  file: string,
): Generator<undefined, { maps: ScoreMaps; warnings: ScoreWarning[] }> {
  const taken =
    kind === undefined
      ? { maps, warnings: [] }
      : yield* takeScores(maps, { kind, name: file, file, own: true, keepEnergies: true })
  const sized = size === undefined ? taken.maps : yield* resizeMaps(taken.maps, size)
  const scores = kind === 'energies' ? yield* probabilitiesOf(sized, kind, true) : sized
  return { maps: scores, warnings: taken.warnings }
}

/**
 * Sides that are exchanged: at full size the picture was turned for one of the two; at another they may be meant so.
 * @throws SemplesError `SEMPLES_MASK_SIZE`
 */
function warnOfTurned(maps: Sides, size: Sides, file: string): ScoreWarning[] {
  const isTurned = maps.width === size.height && maps.height === size.width && size.width !== size.height
  if (!isTurned) return warnOfExchanged(maps, size)
  throw new SemplesError('SEMPLES_MASK_SIZE', {
    message: `The maps in ${file} are ${maps.width}x${maps.height}, and the picture is ${size.width}x${size.height}: the sides are exchanged.`,
    file,
    hint: 'Were the maps saved transposed (numpy: cam.transpose(0, 2, 1))? Or were the pictures turned by their EXIF orientation for one of the two? With --data, --exif tells which (exif of the data).',
  })
}

/** @throws SemplesError `SEMPLES_MASK_MISSING` */
async function camFileOf(folder: string, id: string): Promise<string> {
  for (const extension of CAM_EXTENSIONS) {
    const file = await fileNamed(folder, `${id}${extension}`)
    if (file !== undefined) return file
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

/** The file of that name in a folder, or of the same letters in another Unicode form, as macOS writes them. */
export async function fileNamed(folder: string, name: string): Promise<string | undefined> {
  for (const form of new Set([name, name.normalize('NFC'), name.normalize('NFD')]))
    if (await isFile(join(folder, form))) return join(folder, form)
  return undefined
}

/** Whether there is a file of that name. */
export async function isFile(path: string): Promise<boolean> {
  const status = await stat(path).catch(() => undefined)
  return status?.isFile() === true
}
