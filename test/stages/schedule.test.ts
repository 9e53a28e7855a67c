import { expect, test } from '@jest/globals'
import { cosineByEpoch, learningRateAt } from '../../lib/stages/schedule.js'

const place = (epoch: number, step: number) => ({ epoch, epochs: 3, step, steps: 4 })

test('poly: a power of the share of steps that is left', () => {
  for (const [epoch, step, left] of [
    [0, 0, 1],
    [1, 2, 0.5],
    [2, 3, 1 / 12],
  ] as const) {
    expect(learningRateAt({ kind: 'poly' }, 0.1, place(epoch, step))).toBeCloseTo(0.1 * left ** 0.9, 15)
    expect(learningRateAt({ kind: 'poly', power: 2 }, 0.1, place(epoch, step))).toBeCloseTo(0.1 * left ** 2, 15)
  }
})

test('cosine: the same all epoch long', () => {
  for (const epoch of [0, 1, 2])
    for (const step of [0, 3])
      expect(learningRateAt({ kind: 'cosine' }, 0.1, place(epoch, step))).toBe(cosineByEpoch(0.1, epoch, 3))
})

test('constant', () => {
  expect(learningRateAt({ kind: 'constant' }, 0.1, place(2, 3))).toBe(0.1)
})
