import { isRecord } from './check.js'
import { defaultsOf } from './resolve.js'
import { allFields } from './schema.js'
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

/** Every field of a config with its default under a preset, in the order of the config. */
export function describeConfig(options: { preset?: RunConfig['preset']; reference?: boolean } = {}): ConfigField[] {
  const values = defaultsOf(options.preset, options.reference)
  return [...allFields()].map(([field, { text, expected, unit }]) => {
    const value = field.split('.').reduce<unknown>((inner, key) => (isRecord(inner) ? inner[key] : undefined), values)
    return { field, default: value === '' ? undefined : value, unit, expected, text }
  })
}
