import { join } from 'node:path'
import type { Dataset } from '../../datasets/dataset.js'
import { pictureFile } from '../../datasets/export/names.js'
import type { Orientation } from '../../masks/orientation.js'
import { exportPairs, requireWritable } from './exportMasks.js'
import type { AnnotationFormatName } from './formats.js'
import type { ExportMasksResult } from './options.js'

/** Names of annotations in the folder of a run's masks. */
const NAMES: Readonly<Record<AnnotationFormatName, string>> = {
  coco: 'annotations.json',
  cvat: 'annotations.xml',
  labelme: 'labelme',
}

export interface RunAnnotations {
  dataset: Dataset
  /** Of the masks. */
  orientation: Orientation
  /** Folder of the masks. */
  out: string
  signal: AbortSignal | undefined
}

/** @throws SemplesError `SEMPLES_OPTION_INVALID`, `SEMPLES_OUTPUT_EXISTS`, before masks are made */
export async function requireAnnotations(format: AnnotationFormatName | undefined, out: string): Promise<void> {
  if (format !== undefined) await requireWritable({ format, out: join(out, NAMES[format] ?? '.') })
}

/** The finished masks of a run as annotations, beside them, where they are wanted. */
export async function annotateRun(
  format: AnnotationFormatName | undefined,
  { dataset, orientation, out, signal }: RunAnnotations,
): Promise<{ annotations?: ExportMasksResult }> {
  if (format === undefined) return {}
  const masks = dataset.items.map((item) => ({
    mask: join(out, `${item.id}.png`),
    image: item.image,
    file: pictureFile(item),
  }))
  const exif = orientation === 'applied' ? 'apply' : 'ignore'
  const result = await exportPairs(masks, dataset.classes, { format, exif, out: join(out, NAMES[format]), signal })
  return { annotations: { ...result, withoutMask: 0 } }
}
