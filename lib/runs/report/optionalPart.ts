import { SemplesError } from '../../base/error.js'

/**
 * Computes an optional part of a report: a `SemplesError` becomes a notice; any other error is a bug in semples, or an
 * abort, and is rethrown.
 *
 * @param part start of the notice, such as `Pictures are missing`
 */
export async function optionalPart<T>(part: string, notices: string[], work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof SemplesError)) throw error
    notices.push(`${part}: ${error.message}`)
    return undefined
  }
}
