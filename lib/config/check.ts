import type { z } from 'zod'
import { SemplesError } from '../base/error.js'
import type { FieldNote } from '../base/fields.js'
import { nearestField } from '../base/spelling.js'
import { allFields, dataSchemas, fieldsWith, inputSchema } from './schema.js'
import type { TrainConfigInput } from './types.js'

/** Where a config was read from. */
export interface ConfigOrigin {
  file: string
  /** What the file holds, to name lines. */
  text: string
}

/** An input whose `clip` is written out. */
export type CheckedInput = Omit<TrainConfigInput, 'clip'> & { clip?: Exclude<TrainConfigInput['clip'], string> }

/**
 * Checks names and values of a config, field by field. Nothing is filled in.
 * @throws SemplesError `SEMPLES_CONFIG_UNKNOWN` with the nearest spelling, `SEMPLES_CONFIG_INVALID`
 */
export function checkInput(input: unknown, origin?: ConfigOrigin): CheckedInput {
  if (!isRecord(input)) {
    throw new SemplesError('SEMPLES_CONFIG_INVALID', {
      message: 'This is not a config.',
      file: origin?.file,
      value: input,
      expected: 'an object with fields such as data and out',
    })
  }
  const value: Record<string, unknown> =
    typeof input.clip === 'string' ? { ...input, clip: { path: input.clip } } : { ...input }
  const kind = kindOf(value.data, origin)
  const result = inputSchema(kind).safeParse(value)
  if (result.success) return result.data as CheckedInput
  throw errorOf(result.error, { value, fields: fieldsWith(kind), origin })
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function kindOf(data: unknown, origin?: ConfigOrigin): keyof typeof dataSchemas {
  if (data === undefined) return 'folder'
  const kinds = Object.keys(dataSchemas) as (keyof typeof dataSchemas)[]
  // A folder has no field that another kind lacks but its name, so the other kinds are asked first.
  const kind = isRecord(data) ? kinds.reverse().find((name) => data[name] !== undefined) : undefined
  if (kind !== undefined) return kind
  const key = isRecord(data) ? Object.keys(data)[0] : undefined
  const nearest =
    key === undefined
      ? undefined
      : nearestField(
          `data.${key}`,
          kinds.map((name) => `data.${name}`),
        )
  throw new SemplesError('SEMPLES_CONFIG_INVALID', {
    message: `The field data names no kind of data set${place(origin, ['data'])}.`,
    field: 'data',
    file: origin?.file,
    value: data,
    expected: '{ folder }, { voc2012 } or { coco2014 }',
    hint: nearest === undefined ? undefined : `Did you mean ${nearest}?`,
  })
}

interface Checked {
  value: Record<string, unknown>
  fields: Map<string, FieldNote>
  origin?: ConfigOrigin
  /** Where a name is looked for that does not exist; default: all fields of a config. */
  known?: Iterable<string>
}

/** The error of options that do not fit their schema: field, value, what was expected. */
export function errorOf(error: z.ZodError, { value, fields, origin, known }: Checked): SemplesError {
  // A misspelt name is the likelier cause of whatever else is wrong.
  const unknown = error.issues.find((issue) => issue.code === 'unrecognized_keys')
  if (unknown?.code === 'unrecognized_keys') {
    const names = [...unknown.path, unknown.keys[0]!].map(String)
    return unknownFieldError(names.join('.'), { origin, value: valueAt(value, names), names, known })
  }
  const [path, ...others] = error.issues.map((issue) => fieldAt(issue.path, fields))
  const field = path!.join('.')
  const also = new Set(others.map((other) => other.join('.')).filter((other) => other !== field))
  return new SemplesError('SEMPLES_CONFIG_INVALID', {
    message: `The value of ${field} does not fit${place(origin, path!)}.`,
    field,
    file: origin?.file,
    value: valueAt(value, path!),
    expected: fields.get(field)?.expected ?? 'an object with fields of its own',
    hint: also.size === 0 ? undefined : `Also wrong: ${[...also].join(', ')}.`,
    cause: error,
  })
}

/** `stages.1` is a value of the field `stages`. */
function fieldAt(issuePath: readonly PropertyKey[], fields: Map<string, FieldNote>): string[] {
  const path = issuePath.map(String)
  const lengths = path.map((_, index) => index + 1)
  const length = lengths.find((end) => fields.has(path.slice(0, end).join('.')))
  return path.slice(0, length)
}

/** The error for a field that does not exist, with the one that is likely meant. */
export function unknownFieldError(
  field: string,
  options: { origin?: ConfigOrigin; value?: unknown; names?: string[]; known?: Iterable<string> } = {},
): SemplesError {
  const { origin, value, names = field.split('.'), known } = options
  const fields = [...(known ?? allFields().keys())]
  const nearest = nearestField(field, fields)
  const list = known === undefined ? 'To list the fields, type: npx semples config' : `There are ${fields.join(', ')}.`
  return new SemplesError('SEMPLES_CONFIG_UNKNOWN', {
    message: `There is no ${known === undefined ? 'config field' : 'option'} ${field}${place(origin, names)}.`,
    field,
    file: origin?.file,
    value,
    hint: nearest === undefined ? list : `Did you mean ${nearest}?`,
  })
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, key) => (isRecord(inner) ? inner[key] : undefined), value)
}

/** ` (config.json, line 7)` where the file is known. */
function place(origin: ConfigOrigin | undefined, path: readonly string[]): string {
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
