import { resolve } from 'node:path'
import { writeAtomic } from '../../base/atomic.js'
import type { ClassTable } from '../../datasets/dataset.js'
import type { StatedTable } from '../../datasets/predictions/classTables.js'
import { annotate } from './annotate.js'
import { checkedFormat, requireFreeFile } from './check.js'
import { classesOfMasks } from './classes.js'
import { type MaskOfPicture, masksOfFolders } from './masksOf.js'
import type { ExportMasksOptions, ExportMasksResult, ExportPairsOptions } from './options.js'
import { Writing, writeFiles } from './writing.js'

/** `exportMasks` of the public API, documented in lib/api/masks.ts. */
export async function exportMasks(options: ExportMasksOptions): Promise<ExportMasksResult> {
  options.signal?.throwIfAborted()
  await requireWritable(options)
  const classes = await classesOfMasks(options.masks, options.classes)
  const { masks, without } = await masksOfFolders(options)
  return { ...(await exportPairs(masks, classes, options)), withoutMask: without }
}

/**
 * What can be said before the masks are there.
 * @throws SemplesError `SEMPLES_OPTION_INVALID`, `SEMPLES_OUTPUT_EXISTS`
 */
export async function requireWritable(options: ExportPairsOptions): Promise<void> {
  const format = checkedFormat(options)
  if (format.kind === 'file') await requireFreeFile(resolve(options.out), format)
}

/** Masks whose pictures are known. */
export async function exportPairs(
  masks: readonly MaskOfPicture[],
  classes: ClassTable | StatedTable,
  options: ExportPairsOptions,
): Promise<Omit<ExportMasksResult, 'withoutMask'>> {
  const { exif, shapes = 'polygons', tolerance = 1, minArea = 1, perClass = false, signal } = options
  const format = checkedFormat(options)
  const out = resolve(options.out)
  const labels = classes.classes.map(({ label }) => label)
  for (const label of labels) format.checkName?.(label)
  const writing = new Writing(masks.length, options.onProgress?.bind(options))
  const pictures = (some: readonly MaskOfPicture[]) =>
    writing.counted(
      annotate(some, {
        classes,
        exif: exif === undefined ? undefined : exif === 'apply' ? 'applied' : 'stored',
        tolerance: shapes === 'masks' ? 0 : tolerance,
        minArea,
        perClass,
        checkName: (file) => format.checkName?.(file),
        signal,
      }),
    )
  if (format.kind === 'folder') await writeFiles(format, { out, masks, writing, pictures })
  else
    await writeAtomic(out, format.text(pictures(masks), classes.classes, shapes)).catch((error: unknown) => {
      signal?.throwIfAborted()
      throw error
    })
  return { out, format: options.format, ...writing.result, classes: labels }
}
