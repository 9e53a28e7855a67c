import { isRecord, valueAt } from '../base/optionError.js'
import { kindOfGenerator } from '../models/generators/kinds.js'
import { knownTerms } from '../stages/terms.js'
import { defaultConfig } from './resolve.js'
import { notesOfGenerator } from './schema.js'
import type { RunConfig } from './types.js'

/** One field of a config, for people. */
export interface ConfigField {
  /** Dotted path, as in `--set`. */
  field: string
  /** Undefined: none. */
  default: unknown
  unit?: string
  /** Which values it takes. */
  expected: string
  text: string
}

export interface DescribeOptions {
  preset?: RunConfig['preset']
  reference?: boolean
  /** Kind of mask generator. Default: that of the preset. */
  generator?: string
}

/** Every field of a config with its default under a preset, in the order of the config; those of one kind of generator. */
export function describeConfig({ preset, reference, generator }: DescribeOptions = {}): ConfigField[] {
  const values = defaultConfig(preset, reference, generator)
  return [...notesOfGenerator(kindOfGenerator(values.generator.kind))].flatMap(([field, { text, expected, unit }]) => {
    const value = valueAt(values, field.split('.'))
    const own = { field, default: value, unit, expected, text }
    return field.endsWith('.terms') && isRecord(value) ? [own, ...termsOf(field, value)] : [own]
  })
}

/** The loss terms that have a weight in a section, with formula and source. */
function termsOf(section: string, weights: Record<string, unknown>): ConfigField[] {
  return Object.entries(weights).map(([name, weight]) => ({
    field: `${section}.${name}`,
    default: weight,
    expected: 'a number, 0 or more',
    text: describeTerm(name),
  }))
}

function describeTerm(name: string): string {
  const term = knownTerms().find((each) => each.name === name)
  return term === undefined ? 'Weight of this loss term.' : `Weight of ${term.formula} (${term.source}).`
}
