import { coco } from './coco.js'
import { cvat } from './cvat.js'
import type { AnnotationFormat } from './format.js'
import { labelme } from './labelme.js'

const formats = { coco, labelme, cvat } satisfies Record<string, AnnotationFormat>

export type AnnotationFormatName = keyof typeof formats

/** `coco`, `labelme`, `cvat` */
export const annotationFormatNames = Object.keys(formats) as AnnotationFormatName[]

/** @returns undefined for a name of none */
export function annotationFormat(name: string): AnnotationFormat | undefined {
  return Object.hasOwn(formats, name) ? formats[name as AnnotationFormatName] : undefined
}
