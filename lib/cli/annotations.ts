import { count } from '../base/count.js'
import type { AnnotationFormatName } from '../runs/annotations/formats.js'
import type { ExportMasksResult } from '../runs/annotations/options.js'
import { failureLines } from './output.js'

/** What was written, and what was not. */
export function annotationLines(result: ExportMasksResult): string[] {
  const { out, format, pictures, kept, objects, small, withoutMask, failed } = result
  const failures = failed.map(({ mask, error }) => ({ name: mask, error }))
  return [
    ...failureLines(failures),
    ...(failed.length > 0 ? [`${count(failed.length, 'mask')} could not be written.`] : []),
    ...(kept > 0
      ? [`${count(kept, 'file')} of an earlier call ${kept === 1 ? 'stays as it is' : 'stay as they are'}.`]
      : []),
    ...(small > 0
      ? [`${count(small, 'part')} of fewer pixels than --min-area ${small === 1 ? 'was' : 'were'} left out.`]
      : []),
    ...(withoutMask > 0
      ? [`${count(withoutMask, 'picture')} of the folder ${withoutMask === 1 ? 'has' : 'have'} no mask.`]
      : []),
    `${count(objects, 'object')} of ${count(pictures, 'picture')} ${objects === 1 ? 'is' : 'are'} in ${out} (${format})`,
    ...nextSteps[format](out),
  ]
}

/** Where the file is opened. */
const nextSteps: Record<AnnotationFormatName, (out: string) => string[]> = {
  coco: () => [],
  cvat: () => [
    'In CVAT: make a task with the pictures and labels of these names, then Upload annotations, "CVAT 1.1".',
  ],
  labelme: (out) => [`In LabelMe: labelme PICTURES --output ${out}`],
}

/** The same with errors as code and message. */
export function annotationsForPrograms(result: ExportMasksResult) {
  const failed = result.failed.map(({ mask, error: { code, message } }) => ({ mask, code, message }))
  return { ...result, failed }
}
