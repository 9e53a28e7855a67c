import { encode } from 'html-entities'
import { SemplesError } from '../../base/error.js'
import type { AnnotatedObject, AnnotationFormat, AnnotationShapes } from './format.js'

/**
 * "CVAT for images 1.1" (https://docs.cvat.ai/docs/other/xml_format). A polygon has no holes: a part with holes is a mask,
 * as all are where masks are asked for. A mask is run lengths row by row within its box, beginning with those outside.
 * Parts of one object have a `group_id` in common.
 */
export const cvat = {
  name: 'cvat',
  hasMasks: true,
  kind: 'file',
  ending: '.xml',
  checkName,
  async *text(pictures, classes, shapes) {
    yield '<?xml version="1.0" encoding="utf-8"?>\n<annotations>\n<version>1.1</version>\n<meta><task><labels>\n'
    for (const { label } of classes) yield `<label><name>${escaped(label)}</name><attributes></attributes></label>\n`
    yield '</labels></task></meta>\n'
    let id = 0
    for await (const picture of pictures) {
      const { file, width, height, objects } = picture
      yield `<image id="${id++}" name="${escaped(file)}" width="${width}" height="${height}">\n`
      for (const [index, object] of objects.entries()) yield elements(object, index + 1, shapes)
      yield '</image>\n'
    }
    yield '</annotations>\n'
  },
} satisfies AnnotationFormat

function elements(object: AnnotatedObject, group: number, shapes: AnnotationShapes): string {
  const { label, outlines, box, rows } = object
  const common = `label="${escaped(label)}" source="auto" occluded="0"`
  if (shapes === 'masks' || outlines.some(({ holes }) => holes.length > 0)) {
    const { left, top, right, bottom } = box
    const place = `left="${left}" top="${top}" width="${right - left}" height="${bottom - top}"`
    return `<mask ${common} rle="${rows().join(', ')}" ${place} z_order="0"></mask>\n`
  }
  const grouped = outlines.length > 1 ? ` group_id="${group}"` : ''
  return outlines
    .map(({ outer }) => `<polygon ${common} points="${pointsOf(outer)}" z_order="0"${grouped}></polygon>\n`)
    .join('')
}

/** `x,y;x,y` */
function pointsOf(ring: readonly number[]): string {
  const pairs: string[] = []
  for (let i = 0; i < ring.length; i += 2) pairs.push(`${ring[i]},${ring[i + 1]}`)
  return pairs.join(';')
}

/** What XML 1.0 has no way to write: control characters, halves of surrogate pairs, and two that are none. */
const UNWRITABLE = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/u

/** @throws SemplesError `SEMPLES_NAME_INVALID` for characters that XML cannot hold */
function checkName(text: string): void {
  if (!UNWRITABLE.test(text)) return
  throw new SemplesError('SEMPLES_NAME_INVALID', {
    message: 'A name has a control character, which XML cannot hold.',
    value: text,
    hint: 'Rename the file or the class, or write COCO or LabelMe files (format, --format).',
  })
}

/** Readers take tabs and line breaks in an attribute for blanks, so they are written as numbers. */
function escaped(text: string): string {
  return encode(text, { level: 'xml' }).replace(/[\t\n\r]/g, (character) => `&#${character.charCodeAt(0)};`)
}
