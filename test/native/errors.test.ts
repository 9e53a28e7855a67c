import { describe, expect, test } from '@jest/globals'
import { SemplesError } from '../../lib/base/error.js'
import { callNative, fromNative } from '../../lib/native/errors.js'

function nativeError(details: Record<string, unknown>, message = 'The batch has the wrong shape'): Error {
  return Object.assign(new Error(message), { code: 'SEMPLES_ARGUMENT_INVALID', ...details })
}

describe('errors of the addon', () => {
  test('become a SemplesError with every detail', () => {
    const details = {
      field: 'pixels',
      value: [2, 3],
      expected: '[batch, 3, 224, 224]',
      hint: 'Check the loader.',
      file: 'a',
    }
    const error = fromNative(nativeError(details))
    expect(error).toBeInstanceOf(SemplesError)
    expect(error).toMatchObject({ code: 'SEMPLES_ARGUMENT_INVALID', ...details })
    expect((error as Error).message).toMatch(
      /wrong shape.*pixels.*\[batch, 3, 224, 224\].*\[ 2, 3 \].*Check the loader\./,
    )
  })

  test('a refusal says once what was expected, for which field, and what was received', () => {
    const message = 'Expected max or mean for fusionPool but received "sum"'
    const details = { field: 'fusionPool', expected: 'max or mean', value: '"sum"' }
    const error = fromNative(nativeError(details, message)) as Error
    expect(error).toMatchObject({ ...details, message: `${message}.` })
    const hinted = fromNative(nativeError({ ...details, hint: 'Leave it out.' }, message)) as Error
    expect(hinted.message).toBe(`${message}. Leave it out.`)
  })

  test('lose the C++ backtrace', () => {
    const text = 'Out of memory\nException raised from allocate at Allocator.cpp:12\nframe #0: c10::Error'
    expect((fromNative(nativeError({}, text)) as Error).message).toBe('Out of memory')
  })

  test('other errors stay what they are', () => {
    for (const error of [new TypeError('x'), Object.assign(new Error('y'), { code: 'ENOENT' }), 'text', undefined]) {
      expect(fromNative(error)).toBe(error)
    }
    const own = new SemplesError('SEMPLES_X', { message: 'mine' })
    expect(fromNative(own)).toBe(own)
  })

  test('thrown at once or later, the stack names the caller', async () => {
    const thrown = () =>
      callNative(() => {
        throw nativeError({})
      })
    expect(thrown).toThrow(
      expect.objectContaining({ stack: expect.stringMatching(/^SemplesError .*\n\s+at .*errors\.test\.ts/) }),
    )
    const later = callNative(() => new Promise((_, reject) => setImmediate(() => reject(nativeError({})))))
    const error = await later.catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(SemplesError)
    expect((error as Error).stack).toMatch(
      /^SemplesError \[SEMPLES_ARGUMENT_INVALID\]: The batch.*\n\s+at .*errors\.test\.ts/,
    )
  })

  test('results pass through, promised or not', async () => {
    expect(callNative(() => 7)).toBe(7)
    await expect(callNative(() => Promise.resolve(8))).resolves.toBe(8)
  })
})
