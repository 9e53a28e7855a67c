import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { count, listed } from '../../base/count.js'
import { SemplesError } from '../../base/error.js'
import { refuseUseless } from '../../base/useless.js'
import { Warnings } from '../../base/warnings.js'
import type { Dataset, DatasetItem } from '../../datasets/dataset.js'
import { CAM_EXTENSIONS } from '../../formats/camFile/classMaps.js'
import type { TargetOptions } from '../options.js'
import { FolderFiles } from './folderFiles.js'
import { maskSource } from './maskSource.js'
import { scoreSource } from './scoreSource.js'
import type { Size, Target, TargetSource } from './source.js'
import { checkTargetSize } from './source.js'
import { truthSource } from './truthSource.js'

/** What a segmentation model is to learn of each picture of a data set. */
export interface Targets {
  /** Number of different labels: the background and the classes. */
  classes: number
  /** What it is, for people: `masks in pseudo`. */
  describe: string
  /** Pictures of the data set that have a target. */
  found: number
  /** Ids of those that have none, and are left out. */
  missing: readonly string[]
  /** What looks like a mistake, one sentence each: known at once, and noticed in what was read so far. */
  readonly warnings: readonly string[]
  has(item: DatasetItem): boolean
  /** sha256 (hex) of ids, names and sizes of the files: tells whether a run saw the same ones. */
  fingerprint(): Promise<string>
  /**
   * Labels of each pixel (index of the class, 0 the background; 255: ignored) and, where there are scores, how sure they are,
   * 0 to 255; row-major.
   *
   * @param size sides of the picture. Without it the target has its own
   * @throws SemplesError `SEMPLES_MASK_SIZE` for a mask of another size, `SEMPLES_MASK_CLASS` for a pixel value that is no
   *   class, `SEMPLES_MASK_MISSING` for a picture that has no target, and what reading the files throws
   */
  read(item: DatasetItem, size?: Size, signal?: AbortSignal): Promise<Target>
}

/**
 * Looks up what there is to learn for the pictures of a data set: which have a mask or scores in the folder, or ground truth.
 * Nothing is read yet.
 *
 * - `masks`: `<id>.png` in `folder`, read as evaluation reads them (indexed, grey, or in the colours of the classes; numbered
 *   otherwise by a masks.json: matched by name). With `confidence`, a folder of scores, also how sure each pixel is.
 * - `scores`: `<id>.npz`, `.npy`, ... in `folder`; the label is the highest of `threshold` (background) and
 *   the maps, the confidence (highest - second) / highest.
 * - `truth`: the masks of the data set.
 *
 * @throws SemplesError `SEMPLES_CONFIG_INVALID`, `SEMPLES_OPTION_INVALID` for options that are missing or have no use,
 *   `SEMPLES_FILE_UNREADABLE` for a folder that is not there, `SEMPLES_MASK_MISSING` or, of ground truth, `SEMPLES_NO_MASKS`
 *   where no picture has a target
 */
export async function openTargets(options: TargetOptions, dataset: Dataset): Promise<Targets> {
  const told = new Warnings()
  const source = await openSource(options, dataset, told)
  const has = new Set<string>()
  for (const item of dataset.items) if (await source.has(item)) has.add(item.id)
  const missing = dataset.items.filter(({ id }) => !has.has(id)).map(({ id }) => id)
  if (has.size === 0) throw noTargets(source, dataset, missing)
  const known = [...source.notices, ...leftOut(source, dataset, missing)]
  return {
    classes: dataset.classes.classes.length + 1,
    describe: source.describe,
    found: has.size,
    missing,
    get warnings() {
      return [...known, ...told.list(), ...(source.counted?.() ?? [])]
    },
    has: ({ id }) => has.has(id),
    fingerprint: () =>
      fingerprintOf(
        source,
        dataset.items.filter(({ id }) => has.has(id)),
      ),
    read: async (item, size, signal) => {
      if (!has.has(item.id)) throw noTarget(source, item)
      signal?.throwIfAborted()
      const target = await source.read(item, size, signal)
      signal?.throwIfAborted()
      checkTargetSize(target, size, item)
      return target
    },
  }
}

/**
 * Refuses folders of targets that are not there, before anything slow is done for them.
 * @throws SemplesError `SEMPLES_FILE_UNREADABLE`
 */
export async function requireTargetFolders({
  from,
  folder,
  confidence,
}: Pick<TargetOptions, 'from' | 'folder' | 'confidence'>): Promise<void> {
  if (folder !== undefined)
    await FolderFiles.open(folder, 'targets.folder', from === 'masks' ? ['.png'] : CAM_EXTENSIONS)
  if (confidence !== undefined) await FolderFiles.open(confidence, 'targets.confidence', CAM_EXTENSIONS)
}

async function fingerprintOf(source: TargetSource, items: readonly DatasetItem[]): Promise<string> {
  const hash = createHash('sha256')
  for (const item of items) {
    const files = source.files(item)
    const sizes = await Promise.all(files.map((file) => stat(file).then(({ size }) => size)))
    hash.update(JSON.stringify([item.id, files.map((file, at) => [basename(file), sizes[at]])]))
  }
  return hash.digest('hex')
}

async function openSource(options: TargetOptions, dataset: Dataset, told: Warnings): Promise<TargetSource> {
  const { from, folder, confidence, threshold, ignoreBelow } = options
  if (from === 'truth') {
    refuseUseless({ 'targets.folder': folder, 'targets.confidence': confidence }, 'with targets.from=truth')
    return truthSource(dataset)
  }
  if (folder === undefined)
    throw new SemplesError('SEMPLES_CONFIG_INVALID', {
      message: `The folder of the ${from} to learn is missing.`,
      field: 'targets.folder',
      value: folder,
      expected: from === 'masks' ? 'a folder of masks, <picture>.png' : 'a folder of scores, <picture>.npz or .npy',
      hint:
        from === 'masks'
          ? 'Masks come from: semples masks RUN --out FOLDER. To learn the ground truth of the data, say so: targets.from=truth.'
          : 'Scores come from: semples masks RUN --npz --out FOLDER.',
    })
  if (from === 'masks') return maskSource({ folder, confidence, threshold, ignoreBelow }, dataset, told)
  refuseUseless(
    { 'targets.confidence': confidence },
    'with targets.from=scores: the scores say themselves how sure they are',
  )
  return scoreSource({ folder, threshold, ignoreBelow }, dataset, told)
}

function leftOut({ expects, where }: TargetSource, { items }: Dataset, missing: readonly string[]): string[] {
  if (missing.length === 0) return []
  const verb = missing.length === 1 ? 'has' : 'have'
  return [
    `${missing.length} of ${count(items.length, 'picture')} ${verb} no ${expects} in ${where}, and ${missing.length === 1 ? 'is' : 'are'} left out: ${listed(missing, 3)}.`,
  ]
}

function noTargets(source: TargetSource, { items, name }: Dataset, missing: readonly string[]): SemplesError {
  const { file, expects, where, there } = source
  if (file === undefined)
    return new SemplesError('SEMPLES_NO_MASKS', {
      message: `No picture of ${name} has ground truth to learn.`,
      field: 'targets.from',
      value: 'truth',
      expected: 'data with masks',
      hint: 'Give the masks of a folder of pictures (--masks FOLDER), or learn masks of your own: targets.from=masks, targets.folder=FOLDER.',
    })
  const files = missing.slice(0, 3).map((id) => file(id))
  return new SemplesError('SEMPLES_MASK_MISSING', {
    message: `None of the ${count(items.length, 'picture')} of ${name} has a ${expects} in ${where}.`,
    file: where,
    field: 'targets.folder',
    expected: `${files.join(', ')}${missing.length > files.length ? ', ...' : ''}`,
    hint: `${there()} Files are named as their pictures.`,
  })
}

function noTarget({ expects, where }: TargetSource, { id }: DatasetItem): SemplesError {
  return new SemplesError('SEMPLES_MASK_MISSING', {
    message: `The picture ${id} has no ${expects} in ${where}.`,
    value: id,
    expected: 'a picture that has a target (has)',
  })
}
