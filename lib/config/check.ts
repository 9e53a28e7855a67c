import type { SemplesError } from '../base/error.js'
import { type FieldNote, partly } from '../base/fields.js'
import { isRecord, type OptionOrigin, optionError, place, unknownField } from '../base/optionError.js'
import { datasetKinds, kindOfData } from '../datasets/kinds.js'
import { kindOfGenerator } from '../models/generators/kinds.js'
import { notAConfig } from './missing.js'
import { generatorKindOf } from './presets.js'
import { allNotes, type ConfigKinds, givenSchema, notesWith } from './schema.js'
import type { TrainConfigInput } from './types.js'

/** An input whose `clip` is written out and whose data names its kind. */
export type CheckedInput = Omit<TrainConfigInput, 'clip'> & { clip?: Exclude<TrainConfigInput['clip'], string> }

const LIST = 'To list the fields, type: npx semples config'

/**
 * Checks names and values of a config, field by field. Nothing is filled in but the kind of data.
 * @throws SemplesError `SEMPLES_CONFIG_UNKNOWN` with the nearest spelling, `SEMPLES_CONFIG_INVALID`
 */
export function checkInput(input: unknown, origin?: OptionOrigin): CheckedInput {
  if (!isRecord(input)) throw notAConfig(input, origin)
  const value: Record<string, unknown> =
    typeof input.clip === 'string' ? { ...input, clip: { path: input.clip } } : { ...input }
  const kinds = kindsOf(value, origin)
  if (isRecord(value.data)) value.data = { kind: kinds.data.kind, ...value.data }
  const result = partly(givenSchema(kinds)).safeParse(value)
  if (result.success) return result.data as CheckedInput
  throw optionError(result.error, { value, notes: notesWith(kinds), origin, noun: 'config field', list: LIST })
}

/** The kinds of data and generator that a config, or its preset, names; where neither names one, the default. */
export function kindsOf({ data, generator, preset }: Record<string, unknown>, origin?: OptionOrigin): ConfigKinds {
  const named = (isRecord(generator) ? generator.kind : undefined) ?? generatorKindOf(preset)
  return {
    data: data === undefined ? datasetKinds.at(-1)! : kindOfData(data, place(origin, ['data'])),
    generator: kindOfGenerator(named, place(origin, ['generator', 'kind'])),
  }
}

/** The note of a field, or of the record that it is a name in: `match.terms.match`. */
export function noteOf(field: string): FieldNote | undefined {
  return allNotes().get(field) ?? recordNote(field)
}

function recordNote(field: string): FieldNote | undefined {
  const parent = field.slice(0, Math.max(0, field.lastIndexOf('.')))
  return parent.endsWith('.terms') ? allNotes().get(parent) : undefined
}

/** The error for a field that no config has. */
export function unknownConfigField(field: string): SemplesError {
  return unknownField(field.split('.'), { value: {}, notes: allNotes(), noun: 'config field', list: LIST })
}
