import { describe, expect, test } from '@jest/globals'
import { cosineByEpoch, learningRateAt, type Schedule, scheduleSchema } from '../../lib/stages/schedule.js'

const schedule = (changes: Partial<Schedule>): Schedule => scheduleSchema.parse(changes)
const place = (epoch: number, step: number) => ({ epoch, epochs: 3, step, steps: 4 })

test('poly: a power of the share of steps that is left', () => {
  for (const [epoch, step, left] of [
    [0, 0, 1],
    [1, 2, 0.5],
    [2, 3, 1 / 12],
  ] as const) {
    expect(learningRateAt(schedule({ kind: 'poly' }), 0.1, place(epoch, step))).toBeCloseTo(0.1 * left ** 0.9, 15)
    expect(learningRateAt(schedule({ kind: 'poly', power: 2 }), 0.1, place(epoch, step))).toBeCloseTo(
      0.1 * left ** 2,
      15,
    )
  }
})

test('cosine: the same all epoch long', () => {
  for (const epoch of [0, 1, 2])
    for (const step of [0, 3])
      expect(learningRateAt(schedule({ kind: 'cosine' }), 0.1, place(epoch, step))).toBe(cosineByEpoch(0.1, epoch, 3))
})

test('constant', () => {
  expect(learningRateAt(schedule({ kind: 'constant' }), 0.1, place(2, 3))).toBe(0.1)
})

test('cosine-steps: half a cosine over all steps of the stage', () => {
  const rates = [0, 1, 2].flatMap((epoch) =>
    [0, 1, 2, 3].map((step) => learningRateAt(schedule({ kind: 'cosine-steps' }), 0.1, place(epoch, step))),
  )
  for (const [made, rate] of rates.entries()) expect(rate).toBeCloseTo(0.05 * (1 + Math.cos((Math.PI * made) / 12)), 15)
  expect([rates[0], rates[6]]).toEqual([0.1, expect.closeTo(0.05, 15)])
  expect(rates.at(-1)).toBeGreaterThan(0)
})

describe('warmup', () => {
  const kinds = ['constant', 'poly', 'cosine', 'cosine-steps'] as const
  test.each(kinds)(
    '%s: its first steps rise in a line, over the end of an epoch too; later ones are as without',
    (kind) => {
      for (const warmup of [1, 3, 6, 12, 40])
        for (const [made, at] of [0, 1, 2]
          .flatMap((epoch) => [0, 1, 2, 3].map((step) => place(epoch, step)))
          .entries()) {
          const plain = learningRateAt(schedule({ kind }), 0.1, at)
          const share = Math.min(1, (made + 1) / warmup)
          expect(learningRateAt(schedule({ kind, warmup }), 0.1, at)).toBeCloseTo(share * plain, 15)
        }
    },
  )

  test('0 is none', () => {
    for (const kind of kinds)
      expect(learningRateAt(schedule({ kind, warmup: 0 }), 0.1, place(0, 0))).toBe(
        learningRateAt(schedule({ kind }), 0.1, place(0, 0)),
      )
  })

  test('is a whole number of steps', () => {
    expect(scheduleSchema.parse({})).toEqual({ kind: 'cosine', warmup: 0 })
    for (const warmup of [-1, 0.5, '3']) expect(scheduleSchema.safeParse({ warmup }).success).toBe(false)
  })
})
