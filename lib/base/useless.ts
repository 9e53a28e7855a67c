import { SemplesError } from './error.js'

/**
 * Refuses options that do nothing in a call: whoever gives one expects something of it.
 *
 * @param options by name, those that were not given undefined
 * @param because what makes them useless, after "has no use": `without data`
 * @throws SemplesError `SEMPLES_OPTION_INVALID` naming the first that is given
 */
export function refuseUseless(options: Readonly<Record<string, unknown>>, because: string, hint?: string): void {
  for (const [field, value] of Object.entries(options)) {
    if (value === undefined) continue
    throw new SemplesError('SEMPLES_OPTION_INVALID', {
      message: `${field.startsWith('--') ? field : `The option ${field}`} has no use ${because}.`,
      field,
      value,
      hint: hint ?? `Leave ${field} out.`,
    })
  }
}
