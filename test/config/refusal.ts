import { expect } from '@jest/globals'
import { SemplesError } from '../../lib/base/error.js'

/** The SemplesError that `run` throws. */
export function refusal(run: () => unknown): SemplesError {
  try {
    run()
  } catch (error) {
    expect(error).toBeInstanceOf(SemplesError)
    return error as SemplesError
  }
  throw new Error('nothing was refused')
}

/** The SemplesError that `promise` rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<SemplesError> {
  const outcome = await promise.then(
    () => undefined,
    (error: unknown) => error,
  )
  expect(outcome).toBeInstanceOf(SemplesError)
  return outcome as SemplesError
}
