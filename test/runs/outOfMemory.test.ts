import { expect, test } from '@jest/globals'
import { SemplesError } from '../../lib/base/error.js'
import { namingBatchToTry } from '../../lib/runs/outOfMemory.js'

const full = new SemplesError('SEMPLES_OUT_OF_MEMORY', { message: 'CUDA out of memory. Tried to allocate 2 GiB' })

function step(failure: unknown, at: { microBatch: number; batch: number }) {
  const trainer = {
    step: async () => {
      if (failure !== undefined) throw failure
      return 1
    },
  }
  return namingBatchToTry(trainer, { ...at, field: 'match.microBatch' }).step({ learningRate: 1 })
}

test.each([
  [0, 16, 16, 8],
  [4, 16, 4, 2],
  [40, 9, 9, 4],
  [0, 2, 2, 1],
])('microBatch %d of a batch of %d: not %d at a time, but %d', async (microBatch, batch, value, next) => {
  await expect(step(full, { microBatch, batch })).rejects.toMatchObject({
    code: 'SEMPLES_OUT_OF_MEMORY',
    field: 'match.microBatch',
    value,
    expected: `at most ${next}`,
    hint: expect.stringContaining(`--set match.microBatch=${next}`),
    message: expect.stringContaining('Tried to allocate 2 GiB'),
    cause: full,
  })
})

test('one picture at a time cannot be made fewer', async () => {
  const error = await step(full, { microBatch: 0, batch: 1 }).catch((reason) => reason)
  expect([error.code, error.field]).toEqual(['SEMPLES_OUT_OF_MEMORY', undefined])
  expect(error.hint).not.toContain('--set')
})

test('other errors and results pass', async () => {
  const other = new SemplesError('SEMPLES_NATIVE', { message: 'no' })
  await expect(step(other, { microBatch: 0, batch: 4 })).rejects.toBe(other)
  await expect(step(undefined, { microBatch: 0, batch: 4 })).resolves.toBe(1)
})
