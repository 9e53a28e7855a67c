import { SemplesError } from '../base/error.js'
import type { FieldNote } from '../base/fields.js'
import { isRecord } from '../base/optionError.js'
import { checkInput, noteOf, unknownConfigField } from './check.js'
import { allNotes } from './schema.js'
import type { TrainConfigInput } from './types.js'

/** One setting of a command line: `match.epochs=10`. */
export interface Setting {
  /** Dotted path. */
  field: string
  value: unknown
}

/** A kind of config whose fields can be set by text. */
export interface SettableConfig {
  /** A setting that fits, for people. */
  example: string
  /** Of every field by its dotted path. */
  notes(): ReadonlyMap<string, FieldNote>
  /** Also of fields that users name themselves. */
  noteOf(field: string): FieldNote | undefined
  unknown(field: string): SemplesError
  /** @throws SemplesError where names or values do not fit */
  check(input: unknown): unknown
}

/** Of a training of mask generators. */
const runSettings: SettableConfig = {
  example: 'match.epochs=10',
  notes: allNotes,
  noteOf,
  unknown: unknownConfigField,
  check: checkInput,
}

/**
 * Reads `field=value`. Lists are JSON (`[1, 0.8]`) or separated by commas.
 * @throws SemplesError `SEMPLES_CONFIG_UNKNOWN` with the nearest spelling, `SEMPLES_CONFIG_INVALID`
 */
export function parseSetting(text: string, config: SettableConfig = runSettings): Setting {
  const at = text.indexOf('=')
  const field = text.slice(0, at < 0 ? undefined : at).trim()
  if (at < 1) {
    throw new SemplesError('SEMPLES_CONFIG_INVALID', {
      message: `The setting "${text}" has no field or no value.`,
      expected: `field=value, such as ${config.example}`,
    })
  }
  const raw = text.slice(at + 1).trim()
  // The one field that is a section or its most important value.
  if (field === 'clip') return { field: 'clip.path', value: raw }
  const note = config.noteOf(field)
  if (note === undefined) throw sectionError(field, config) ?? config.unknown(field)
  if (note.form === 'text') return { field, value: raw }
  if (note.form === 'list' && !raw.startsWith('['))
    return { field, value: raw.split(',').map((part) => plain(part.trim())) }
  return { field, value: plain(raw) }
}

/**
 * A config with settings applied over it, in order; the config given stays as it is.
 * @throws SemplesError as `parseSetting`, and for values that do not fit their fields
 */
export function applySettings<Input extends object = TrainConfigInput>(
  input: Input,
  settings: readonly string[],
  config: SettableConfig = runSettings,
): Input {
  const { clip } = input as { clip?: unknown }
  const result = structuredClone({ ...input, ...(typeof clip === 'string' ? { clip: { path: clip } } : {}) })
  for (const setting of settings) {
    const { field, value } = parseSetting(setting, config)
    put(result as Record<string, unknown>, field.split('.'), value)
  }
  config.check(result)
  return result
}

function put(section: Record<string, unknown>, [key = '', ...rest]: string[], value: unknown): void {
  if (rest.length === 0) {
    section[key] = value
    return
  }
  const inner = isRecord(section[key]) ? section[key] : {}
  section[key] = inner
  put(inner, rest, value)
}

/** What JSON reads as a value is one; everything else is text. */
function plain(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function sectionError(field: string, config: SettableConfig): SemplesError | undefined {
  const within = [...config.notes().keys()].filter((path) => path.startsWith(`${field}.`))
  if (within.length === 0) return undefined
  return new SemplesError('SEMPLES_CONFIG_INVALID', {
    message: `${field} is a section of the config, not a field.`,
    field,
    expected: `one of ${within.join(', ')}`,
  })
}
