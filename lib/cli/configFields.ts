import { SemplesError } from '../base/error.js'
import type { ConfigField } from '../config/describe.js'

/**
 * The fields whose names hold a text; all without one.
 * @param all command that lists all of them
 * @throws SemplesError `SEMPLES_CONFIG_UNKNOWN` where there is none
 */
export function fieldsWith(text: string | undefined, fields: readonly ConfigField[], all: string): ConfigField[] {
  const found = fields.filter(({ field }) => text === undefined || field.includes(text))
  if (found.length > 0) return found
  throw new SemplesError('SEMPLES_CONFIG_UNKNOWN', {
    message: `No config field has "${text}" in its name.`,
    hint: `To list all of them, type: ${all}`,
  })
}

/** A field and its default on one line, its meaning on the next. */
export function describeFields(fields: readonly ConfigField[]): string[] {
  return fields.flatMap(({ field, default: value, unit, expected, text }) => [
    `${field}${value === undefined ? '' : ` = ${written(value)}`}${unit === undefined ? '' : ` (${unit})`}`,
    `    ${text} Takes ${expected}.`,
  ])
}

function written(value: unknown): string {
  return typeof value === 'string'
    ? value
    : Array.isArray(value) && !value.some((item) => typeof item === 'object')
      ? value.join(',')
      : JSON.stringify(value)
}
