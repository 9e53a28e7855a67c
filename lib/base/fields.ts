import { z } from 'zod'

/** What a person needs to know of one field. */
export interface FieldNote {
  /** What it is, in a line. */
  text: string
  /** Which values it takes, as an error says it after "expected". */
  expected: string
  /** How text from a command line becomes a value: as it stands, by commas, or as JSON. */
  form: 'text' | 'list' | 'value'
  unit?: string
}

const notes = new Map<z.ZodType, FieldNote>()

type NoteOptions = Partial<Omit<FieldNote, 'text'>>

function noted<T extends z.ZodType>(schema: T, text: string, expected: string, options: NoteOptions = {}) {
  const optional = schema.optional()
  notes.set(optional, { text, expected, form: 'value', ...options })
  return optional
}

/** Any text but the empty one. */
export function path(text: string, expected = 'a path') {
  return noted(z.string(), text, expected, { form: 'text' })
}

/** One of a few words. */
export function choice<const T extends readonly [string, ...string[]]>(values: T, text: string) {
  return noted(z.enum(values), text, oneOf(values), { form: 'text' })
}

/** A whole number. */
export function whole(minimum: number, text: string, options: NoteOptions = {}) {
  const expected = minimum === 0 ? 'a whole number, 0 or more' : `a whole number, ${minimum} or more`
  return noted(z.number().int().min(minimum), text, expected, options)
}

/** A whole number above 0, or `auto`. */
export function wholeOrAuto(text: string) {
  return noted(z.union([z.literal('auto'), z.number().int().min(1)]), text, 'a whole number above 0, or auto')
}

/** A number, 0 or more. */
export function weight(text: string, options: NoteOptions = {}) {
  return noted(z.number().min(0), text, 'a number, 0 or more', options)
}

/** A number above 0. */
export function positive(text: string, options: NoteOptions = {}) {
  return noted(z.number().gt(0), text, 'a number above 0', options)
}

/** A share: from 0 up to 1, or up to but not 1. */
export function share(text: string, options: NoteOptions & { below?: boolean } = {}) {
  const { below = false, ...rest } = options
  const expected = below ? 'a number from 0 up to but not 1' : 'a number from 0 to 1'
  return noted(below ? z.number().min(0).lt(1) : z.number().min(0).max(1), text, expected, rest)
}

export function flag(text: string) {
  return noted(z.boolean(), text, 'true or false')
}

/** Any other type. */
export function special<T extends z.ZodType>(schema: T, text: string, expected: string, options: NoteOptions = {}) {
  return noted(schema, text, expected, options)
}

export function oneOf(values: readonly string[]): string {
  return values.length < 2 ? values.join('') : `${values.slice(0, -1).join(', ')} or ${values.at(-1)}`
}

/** The fields of a schema by their dotted paths, in its order. */
export function fieldsOf(schema: z.ZodType, prefix = ''): Map<string, FieldNote> {
  const found = new Map<string, FieldNote>()
  const inner = schema instanceof z.ZodOptional ? (schema.unwrap() as z.ZodType) : schema
  const note = notes.get(schema)
  if (note !== undefined) found.set(prefix, note)
  if (inner instanceof z.ZodObject) {
    for (const [key, child] of Object.entries(inner.shape)) {
      const path = prefix === '' ? key : `${prefix}.${key}`
      for (const [at, field] of fieldsOf(child as z.ZodType, path)) found.set(at, field)
    }
  }
  return found
}
