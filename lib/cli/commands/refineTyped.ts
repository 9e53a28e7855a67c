import { SemplesError } from '../../base/error.js'

/** Options of another name than the field that they set. */
const TYPED: Readonly<Record<string, string>> = {
  gtProb: '--gt-prob',
  backgroundPower: '--background-power',
  classOffset: '--class-offset',
  memoryLimit: '--memory',
}

/** Names an option that is refused as it was typed. */
export function refuseAsTyped(error: unknown): never {
  if (!(error instanceof SemplesError) || error.code !== 'SEMPLES_CONFIG_INVALID') throw error
  const { code, field = '', message } = error
  const option = TYPED[field]
  if (option === undefined) throw error
  const typed = message.replace(`(field ${field}, `, `(${option}, `).replace(field, option)
  throw new SemplesError(code, { message: typed, cause: error })
}
