import type { SemplesError } from '../base/error.js'

/** What every other picture would meet too: addon and libraries that are not there, a device, a disk that is full. */
export function meetsAll({ code, field, cause }: SemplesError): boolean {
  if (field === 'device') return true
  if (code === 'SEMPLES_WRITE_FAILED') return !OF_ONE_FILE.has(errnoOf(cause))
  return ENVIRONMENT.test(code)
}

const ENVIRONMENT = /^SEMPLES_(ADDON_|LIBTORCH_|BUNDLED$|PLATFORM_UNSUPPORTED$|SHARP_LOAD_FAILED$|TWO_COPIES$)/

/** Failures of writing that lie in the name or place of the one file. */
const OF_ONE_FILE = new Set<unknown>(['ENAMETOOLONG', 'EINVAL', 'EISDIR', 'EILSEQ'])

function errnoOf(cause: unknown): unknown {
  return typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined
}
