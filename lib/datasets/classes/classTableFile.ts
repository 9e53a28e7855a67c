import { z } from 'zod'
import { writeAtomic } from '../../base/atomic.js'
import { SemplesError } from '../../base/error.js'
import { readBytes } from '../../base/files.js'
import { nearestName } from '../../base/spelling.js'
import { vocColor } from '../../masks/palette.js'
import type { ClassEntry, ClassTable } from '../dataset.js'
import { requireWord } from './prompt.js'

/** 0 is background and 255 void, so a mask byte has room for 254 classes. */
export const MAX_CLASSES = 254

const byte = z.number().int().min(0).max(255)
const hexColor = z
  .string()
  .regex(/^#[0-9a-f]{6}$/i)
  .transform((hex): [number, number, number] => {
    const value = Number.parseInt(hex.slice(1), 16)
    return [value >> 16, (value >> 8) & 255, value & 255]
  })
const color = z.union([z.tuple([byte, byte, byte]), hexColor], {
  error: 'expected [red, green, blue] with 0..255 each, or "#rrggbb"',
})
const entrySchema = z.strictObject({
  label: z.string().trim().min(1),
  prompt: z.string().trim().min(1).optional(),
  color: color.optional(),
  colour: color.optional(),
  id: z.number().int().min(1).max(MAX_CLASSES).optional(),
})
const fileSchema = z.strictObject({
  name: z.string().min(1).optional(),
  classes: z.array(entrySchema).min(1).max(MAX_CLASSES),
})

/**
 * Reads a classes.json: a list of `{ label, prompt?, color?, id? }`, or `{ name, classes: [...] }` as
 * `writeClassTable` writes it. The order of the list is the order of CAM channels and prompts.
 * Defaults: prompt = the label with spaces for underscores; color (also `colour`; `[r, g, b]` or `"#rrggbb"`) = the
 * VOC palette's; id = 1, 2, ... in list order, given for all classes or for none.
 *
 * @param fallbackName the table's name where the file gives none
 * @throws SemplesError `SEMPLES_FILE_UNREADABLE`, `SEMPLES_DATA_FILE_INVALID` naming the file and the field
 */
export async function readClassTable(file: string, fallbackName = 'classes'): Promise<ClassTable> {
  const json = parseJson(await readBytes(file), file)
  const parsed = fileSchema.safeParse(Array.isArray(json) ? { classes: json } : json)
  if (!parsed.success) throw schemaError(file, parsed.error)
  const { name = fallbackName, classes } = parsed.data
  const withId = classes.filter(({ id }) => id !== undefined).length
  if (withId !== 0 && withId !== classes.length) {
    throw invalid(file, `gives ids to ${withId} of its ${classes.length} classes; give them to all or to none`)
  }
  refuseRepetition(
    file,
    'label',
    classes.map((entry) => entry.label),
  )
  if (withId > 0)
    refuseRepetition(
      file,
      'id',
      classes.map((entry) => entry.id),
    )
  return {
    name,
    classes: classes.map((entry, index): ClassEntry => {
      const id = entry.id ?? index + 1
      requireWord(entry.prompt ?? promptOf(entry.label), { label: entry.label, where: file, file })
      return {
        id,
        label: entry.label,
        prompt: entry.prompt ?? promptOf(entry.label),
        color: entry.color ?? entry.colour ?? vocColor(id),
      }
    }),
  }
}

/** Writes a class table as JSON that `readClassTable` reads back unchanged. Atomic. */
export async function writeClassTable(file: string, table: ClassTable): Promise<void> {
  await writeAtomic(file, encodeClassTable(table))
}

/** The text that `writeClassTable` writes. */
export function encodeClassTable(table: ClassTable): string {
  const rows = table.classes.map(({ id, label, prompt, color }) => JSON.stringify({ id, label, prompt, color }))
  return `{\n  "name": ${JSON.stringify(table.name)},\n  "classes": [\n    ${rows.join(',\n    ')}\n  ]\n}\n`
}

/** The name CLIP is asked for where the user gives none: `traffic_light` → `traffic light`. */
export function promptOf(label: string): string {
  return label.replaceAll('_', ' ').trim()
}

/** A sentence that offers the label spelled most like `label`, if one is close, and lists the others. */
export function didYouMean(label: string, table: ClassTable): string {
  const labels = table.classes.map((entry) => entry.label)
  const nearest = nearestName(label, labels)
  return `${nearest === undefined ? '' : `Did you mean "${nearest}"? `}The classes are: ${labels.slice(0, 20).join(', ')}${labels.length > 20 ? ', ...' : ''}.`
}

function parseJson(bytes: Uint8Array, file: string): unknown {
  try {
    return JSON.parse(
      Buffer.from(bytes)
        .toString('utf8')
        .replace(/^\uFEFF/, ''),
    )
  } catch (cause) {
    throw invalid(file, `is not JSON: ${cause instanceof Error ? cause.message : String(cause)}`, cause)
  }
}

function refuseRepetition(file: string, field: string, values: unknown[]): void {
  const repeated = values.find((value, index) => values.indexOf(value) !== index)
  if (repeated !== undefined) throw invalid(file, `has the ${field} ${JSON.stringify(repeated)} twice`)
}

function schemaError(file: string, error: z.ZodError): SemplesError {
  return new SemplesError('SEMPLES_DATA_FILE_INVALID', {
    message: `${file} is not a class table:\n${z.prettifyError(error)}\n`,
    file,
    hint: 'Write a list such as [{ "label": "boat", "prompt": "sailing boat", "color": [128, 0, 0], "id": 1 }].',
    cause: error,
  })
}

function invalid(file: string, why: string, cause?: unknown): SemplesError {
  return new SemplesError('SEMPLES_DATA_FILE_INVALID', { message: `${file} ${why}.`, file, cause })
}
