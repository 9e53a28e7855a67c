import type { z } from 'zod'
import { SemplesError } from './error.js'
import type { FieldNote } from './fields.js'
import { nearestField } from './spelling.js'

/** Where options were read from. */
export interface OptionOrigin {
  file: string
  /** What the file holds, to name lines. */
  text: string
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

interface Checked {
  value: Record<string, unknown>
  /** Every field by its dotted path. */
  notes: ReadonlyMap<string, FieldNote>
  origin?: OptionOrigin
  /** What a field is called: `config field`, `option`. */
  noun: string
  /** How the names of all fields are listed; default: in the error itself. */
  list?: string
}

/** The error of options that do not fit their schema: field, value, what was expected. */
export function optionError(error: z.ZodError, checked: Checked): SemplesError {
  const { value, notes, origin } = checked
  // A misspelt name is the likelier cause of whatever else is wrong.
  const unknown = error.issues.find((issue) => issue.code === 'unrecognized_keys')
  if (unknown?.code === 'unrecognized_keys')
    return unknownField([...unknown.path, unknown.keys[0]!].map(String), checked)
  const [path, ...others] = error.issues.map((issue) => fieldAt(issue.path, notes))
  const field = path!.join('.')
  const also = new Set(others.map((other) => other.join('.')).filter((other) => other !== field))
  return new SemplesError('SEMPLES_CONFIG_INVALID', {
    message: `The value of ${field} does not fit${place(origin, path!)}.`,
    field,
    file: origin?.file,
    value: valueAt(value, path!),
    expected: notes.get(field)?.expected ?? 'an object with fields of its own',
    hint: also.size === 0 ? undefined : `Also wrong: ${[...also].join(', ')}.`,
    cause: error,
  })
}

/** The error for a field that does not exist, with the one that is likely meant. */
export function unknownField(path: readonly string[], { value, notes, origin, noun, list }: Checked): SemplesError {
  const field = path.join('.')
  const nearest = nearestField(field, notes.keys())
  return new SemplesError('SEMPLES_CONFIG_UNKNOWN', {
    message: `There is no ${noun} ${field}${place(origin, path)}.`,
    field,
    file: origin?.file,
    value: valueAt(value, path),
    hint: nearest === undefined ? (list ?? `There are ${[...notes.keys()].join(', ')}.`) : `Did you mean ${nearest}?`,
  })
}

/** `stages.1` is a value of the field `stages`. */
function fieldAt(issuePath: readonly PropertyKey[], notes: ReadonlyMap<string, FieldNote>): string[] {
  const path = issuePath.map(String)
  const lengths = path.map((_, index) => index + 1)
  const length = lengths.find((end) => notes.has(path.slice(0, end).join('.')))
  return path.slice(0, length)
}

export function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, key) => (isRecord(inner) ? inner[key] : undefined), value)
}

/** ` in config.json, line 7` where the file is known. */
export function place(origin: OptionOrigin | undefined, path: readonly string[]): string {
  if (origin === undefined) return ''
  const line = lineOf(origin.text, path)
  return line === undefined ? ` in ${origin.file}` : ` in ${origin.file}, line ${line}`
}

/** The line of a JSON text that names the last key of a path; good for texts written by people. */
function lineOf(text: string, path: readonly string[]): number | undefined {
  let at = 0
  for (const key of path) {
    at = text.indexOf(JSON.stringify(key), at)
    if (at < 0) return undefined
    at += 1
  }
  return text.slice(0, at).split('\n').length
}
