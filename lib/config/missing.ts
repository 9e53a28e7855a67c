import { SemplesError } from '../base/error.js'
import type { OptionOrigin } from '../base/optionError.js'
import { dataForms } from '../datasets/kinds.js'

export function dataMissing(): SemplesError {
  return new SemplesError('SEMPLES_CONFIG_INVALID', {
    message: 'A run needs pictures (data).',
    field: 'data',
    expected: dataForms(),
  })
}

export function outMissing(): SemplesError {
  return new SemplesError('SEMPLES_CONFIG_INVALID', {
    message: 'A run needs a folder to be written to (out).',
    field: 'out',
    expected: 'a folder that is new or empty',
    hint: "Name one: out: 'runs/first' (--out runs/first).",
  })
}

export function notAConfig(value: unknown, origin?: OptionOrigin): SemplesError {
  return new SemplesError('SEMPLES_CONFIG_INVALID', {
    message: 'This is not a config.',
    file: origin?.file,
    value,
    expected: 'an object with fields such as data and out',
  })
}
