import { lstat } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { oneOf } from '../../base/count.js'
import { SemplesError } from '../../base/error.js'
import { outputExists } from '../../base/outputs.js'
import { refuseUseless } from '../../base/useless.js'
import type { AnnotationFormat } from './format.js'
import { annotationFormat, annotationFormatNames } from './formats.js'
import type { ExportPairsOptions } from './options.js'

/** @throws SemplesError `SEMPLES_OPTION_INVALID` naming the option */
export function checkedFormat(options: ExportPairsOptions): AnnotationFormat {
  const { format: name, out, shapes, tolerance, minArea } = options
  const format = annotationFormat(name)
  if (format === undefined) throw invalid('format', name, oneOf(annotationFormatNames))
  if (typeof out !== 'string' || out === '') throw invalid('out', out, 'a path')
  if (shapes !== undefined && shapes !== 'polygons' && shapes !== 'masks')
    throw invalid('shapes', shapes, 'polygons or masks')
  if (tolerance !== undefined && !(tolerance >= 0 && tolerance <= 100))
    throw invalid('tolerance', tolerance, '0 to 100, in pixels; 0 is exact')
  if (minArea !== undefined && !(Number.isSafeInteger(minArea) && minArea >= 0))
    throw invalid('minArea', minArea, 'a number of pixels, 0 or more')
  if (options.exif !== undefined && options.exif !== 'apply' && options.exif !== 'ignore')
    throw invalid('exif', options.exif, 'apply or ignore')
  if (shapes === 'masks') {
    if (!format.hasMasks)
      throw invalid(
        'shapes',
        shapes,
        `polygons: files of ${name} have no run lengths`,
        'tolerance: 0 (--tolerance 0) makes polygons that are exact.',
      )
    refuseUseless({ tolerance }, "with shapes: 'masks' (--shapes masks), which are exact")
  }
  return format
}

function invalid(field: string, value: unknown, expected: string, hint?: string): SemplesError {
  return new SemplesError('SEMPLES_OPTION_INVALID', {
    message: `The value of ${field} cannot be used.`,
    field,
    value,
    expected,
    hint,
  })
}

/**
 * Annotations may be corrected: none take the place of others, not even of the same command.
 * @throws SemplesError `SEMPLES_OUTPUT_EXISTS`, `SEMPLES_OPTION_INVALID` for another ending
 */
export async function requireFreeFile(
  out: string,
  { name, ending }: Extract<AnnotationFormat, { kind: 'file' }>,
): Promise<void> {
  const status = await lstat(out).catch(() => undefined)
  if (status?.isDirectory())
    throw outputExists(`The file to write, ${out}, is a folder: ${name} is one file for all pictures.`, out, {
      hint: `Name the file: out: '${join(out, `annotations${ending}`)}' (--out ${join(out, `annotations${ending}`)}).`,
    })
  if (status !== undefined)
    throw outputExists(`${out} is there already.`, out, {
      hint: 'Choose another name (out, --out), or remove it first.',
    })
  if (extname(out).toLowerCase() !== ending)
    throw invalid('out', out, `a file that ends in ${ending}`, `Programs that open ${name} files look for that.`)
}
