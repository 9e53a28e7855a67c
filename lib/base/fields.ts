import { existsSync } from 'node:fs'
import { resolve, sep } from 'node:path'
import { z } from 'zod'
import { oneOf } from './count.js'

/** How text from a command line becomes a value: as it is, by commas, or as JSON. */
export type FieldForm = 'text' | 'list' | 'value'

/**
 * How a path is made absolute: `always`; `if-path`: only where it looks like a path and not like the name of a list;
 * `if-there`: only where such a file exists in the working directory, because else it is a name inside the data's folder.
 */
export type PathRule = 'always' | 'if-path' | 'if-there'

declare module 'zod' {
  interface GlobalMeta {
    /** Which values a field takes, as an error says it after "expected". */
    expected?: string
    form?: FieldForm
    unit?: string
    path?: PathRule
    /** Words that are no paths; a file of such a name is named with `./` before it. */
    words?: readonly string[]
  }
}

/** What a person needs to know of one field. */
export interface FieldNote {
  /** What it is, in a line. */
  text: string
  expected: string
  form: FieldForm
  unit?: string
}

interface NoteOptions {
  form?: FieldForm
  unit?: string
}

interface PathOptions {
  path?: PathRule
  words?: readonly string[]
}

/** Any text but the empty one, made absolute by `rule`. */
export function path(description: string, expected = 'a path', { path: rule = 'always', words }: PathOptions = {}) {
  return z.string().min(1).meta({ description, expected, form: 'text', path: rule, words })
}

/** One of a few words. */
export function choice<const T extends readonly [string, ...string[]]>(values: T, description: string) {
  return z.enum(values).meta({ description, expected: oneOf(values), form: 'text' })
}

/** A whole number. */
export function whole(minimum: number, description: string, options: NoteOptions = {}) {
  return z
    .number()
    .int()
    .min(minimum)
    .meta({ description, expected: `a whole number, ${minimum} or more`, ...options })
}

/** A whole number above 0, or `auto`. */
export function wholeOrAuto(description: string) {
  return special(z.union([z.literal('auto'), z.number().int().min(1)]), description, 'a whole number above 0, or auto')
}

/** A number, 0 or more. */
export function weight(description: string, options: NoteOptions = {}) {
  return special(z.number().min(0), description, 'a number, 0 or more', options)
}

/** A number above 0. */
export function positive(description: string, options: NoteOptions = {}) {
  return special(z.number().gt(0), description, 'a number above 0', options)
}

/** A share: from 0 to 1; with `below`, from 0 up to but not 1. */
export function share(description: string, { below = false, ...options }: NoteOptions & { below?: boolean } = {}) {
  const schema = below ? z.number().min(0).lt(1) : z.number().min(0).max(1)
  return special(schema, description, below ? 'a number from 0 up to but not 1' : 'a number from 0 to 1', options)
}

export function flag(description: string) {
  return special(z.boolean(), description, 'true or false')
}

/** Any other type. */
export function special<T extends z.ZodType>(
  schema: T,
  description: string,
  expected: string,
  options: NoteOptions = {},
): T {
  return schema.meta({ description, expected, ...options })
}

/** The schema without `optional` and `default`. */
export function unwrapped(schema: z.ZodType): z.ZodType {
  const wrapped = [z.ZodOptional, z.ZodDefault, z.ZodPrefault].some((wrapper) => schema instanceof wrapper)
  return wrapped ? unwrapped((schema as z.ZodOptional).unwrap() as z.ZodType) : schema
}

/** What holds where nothing is given: the default of a field, those of the fields of an object. */
export function defaultsOf(schema: z.ZodType): unknown {
  if (schema instanceof z.ZodDefault) return structuredClone(schema.def.defaultValue)
  const inner = unwrapped(schema)
  if (!(inner instanceof z.ZodObject)) return undefined
  const fields = Object.entries(inner.shape).map(([key, child]) => [key, defaultsOf(child as z.ZodType)])
  return Object.fromEntries(fields.filter(([, value]) => value !== undefined))
}

/** Every field of a schema by its dotted path, in its order; those of a record are what its users name. */
export function fieldsOf(schema: z.ZodType): Map<string, { schema: z.ZodType; note: FieldNote }> {
  const found = new Map<string, { schema: z.ZodType; note: FieldNote }>()
  walk(schema, '', found)
  return found
}

function walk(schema: z.ZodType, at: string, found: Map<string, { schema: z.ZodType; note: FieldNote }>): void {
  const inner = unwrapped(schema)
  const { description, expected, form = 'value', unit } = inner.meta() ?? {}
  if (description !== undefined && expected !== undefined)
    found.set(at, { schema, note: { text: description, expected, form, ...(unit === undefined ? {} : { unit }) } })
  if (!(inner instanceof z.ZodObject)) return
  for (const [key, child] of Object.entries(inner.shape))
    walk(child as z.ZodType, at === '' ? key : `${at}.${key}`, found)
}

/** The same schema for parts of a value: nothing is required, no default is filled in, unknown names are refused. */
export function partly(schema: z.ZodType): z.ZodType {
  const inner = unwrapped(schema)
  if (!(inner instanceof z.ZodObject)) return inner.optional()
  const shape = Object.entries(inner.shape).map(([key, child]) => [key, partly(child as z.ZodType)])
  return z.strictObject(Object.fromEntries(shape)).optional()
}

/** A value with paths that hold from any working directory; the schema says which of its fields are paths. */
export function absolutePaths<T>(schema: z.ZodType, value: T): T {
  const inner = unwrapped(schema)
  if (typeof value === 'string') return absolute(value, inner.meta() ?? {}) as T
  if (!(inner instanceof z.ZodObject) || typeof value !== 'object' || value === null) return value
  const fields = Object.entries(value).map(([key, field]) => {
    const child = inner.shape[key] as z.ZodType | undefined
    return [key, child === undefined ? field : absolutePaths(child, field)]
  })
  return Object.fromEntries(fields)
}

function absolute(value: string, { path: rule, words }: z.GlobalMeta): string {
  if (rule === undefined || words?.includes(value)) return value
  const looksLikePath = value.includes('/') || value.includes(sep) || value.endsWith('.txt')
  const kept = (rule === 'if-path' && !looksLikePath) || (rule === 'if-there' && !existsSync(resolve(value)))
  return kept ? value : resolve(value)
}
