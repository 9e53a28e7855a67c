import { SemplesError } from '../../base/error.js'

/**
 * A part that a report can do without: what stands in its way becomes a notice. Anything but a `SemplesError` is a
 * mistake in semples, or an abort, and is thrown on.
 *
 * @param part what will be missing, to begin a sentence with
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
