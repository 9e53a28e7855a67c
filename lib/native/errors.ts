import { SemplesError, type SemplesErrorDetails } from '../base/error.js'
import { deliverWarnings } from './logger.js'

/** What the addon throws or rejects with: an Error with a code and, where they apply, the details of `SemplesError`. */
interface NativeError extends Error {
  code: string
  field?: unknown
  value?: unknown
  expected?: unknown
  hint?: unknown
  file?: unknown
}

/**
 * Turns an error of the addon into a `SemplesError`; any other error is returned as it is.
 * @param site an Error made where the user called, whose stack the new error gets: one made on a native thread has none
 */
export function fromNative(error: unknown, site?: Error): unknown {
  if (error instanceof SemplesError || !isNativeError(error)) return error
  const details: SemplesErrorDetails = { message: firstParagraph(error.message), value: error.value }
  for (const name of ['field', 'expected', 'hint', 'file'] as const) {
    const detail = error[name]
    if (typeof detail === 'string') details[name] = detail
  }
  const converted = new SemplesError(error.code, details)
  const frames = (site ?? error).stack?.split('\n').filter((line) => /^\s+at /.test(line)) ?? []
  converted.stack = [`${converted.name} [${converted.code}]: ${converted.message}`, ...frames].join('\n')
  return converted
}

/** Calls the addon; its error comes back as a `SemplesError` with the stack of the caller. */
export function callNative<T>(call: () => T): T {
  const site = callSite(callNative)
  let result: T
  try {
    result = call()
  } catch (error) {
    throw fromNative(error, site)
  } finally {
    deliverWarnings()
  }
  if (!isPromise(result)) return result
  return result
    .catch((error: unknown) => {
      throw fromNative(error, site)
    })
    .finally(deliverWarnings) as T
}

function callSite(below: (...values: never[]) => unknown): Error {
  const site = new Error('called')
  Error.captureStackTrace(site, below)
  return site
}

// Objects of the addon may belong to another realm (a test's, a vm context), so no `instanceof` here.
function isPromise(value: unknown): value is Promise<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as Promise<unknown>).catch === 'function'
}

function isNativeError(error: unknown): error is NativeError {
  if (typeof error !== 'object' || error === null) return false
  const { code, message } = error as Partial<NativeError>
  return typeof message === 'string' && typeof code === 'string' && code.startsWith('SEMPLES_')
}

/** LibTorch puts a C++ backtrace below its message; it says nothing to the caller. */
function firstParagraph(message: string): string {
  return message.split(/\n(?:Exception raised from|frame #\d+)/, 1)[0]!.trim()
}
