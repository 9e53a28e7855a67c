import { describe, expect, test } from '@jest/globals'
import { agree, median, orderOf, shortest, summarize } from '../../bench/against/statistics.mjs'

/** Repetitions of one side of one round, by their seconds. */
const side = (...seconds: number[]) => seconds.map((wall) => ({ wall, cpu: wall / 2 }))

test('the median of an odd and an even number of values', () => {
  expect(median([3, 1, 2])).toBe(2)
  expect(median([4, 1, 3, 2])).toBe(2.5)
  expect(median([7])).toBe(7)
})

test('the shortest repetition counts, for the clock and the processor each', () => {
  const repetitions = [
    { wall: 3, cpu: 1 },
    { wall: 2, cpu: 1.5 },
  ]
  expect(shortest(repetitions)).toEqual({ wall: 2, cpu: 1 })
})

describe('a row of the table', () => {
  test('a checkout that takes half the time of the other has the ratio 2', () => {
    const rounds = [1, 5, 0.5].map((slow) => ({ here: side(slow, 3 * slow), there: side(4 * slow, 2 * slow) }))
    expect(summarize('x', rounds)).toEqual({
      ...{ task: 'x', here: 1, there: 2, ratio: 2, lowest: 2, highest: 2, cpuRatio: 2, rounds: 3 },
    })
  })

  test('the ratio is the median of those within rounds, not the ratio of the medians', () => {
    const rounds = [
      { here: side(1), there: side(1) },
      { here: side(10), there: side(9) },
      { here: side(2), there: side(4) },
    ]
    const row = summarize('x', rounds)
    expect(row).toMatchObject({ ratio: 1, lowest: 0.9, highest: 2, here: 2, there: 4 })
  })

  test('one round that something else disturbed does not move it', () => {
    const quiet = { here: side(1), there: side(1.02) }
    const disturbed = { here: side(30), there: side(1) }
    expect(summarize('x', [quiet, quiet, disturbed, quiet, quiet]).ratio).toBeCloseTo(1.02, 12)
  })
})

test('each side goes first equally often, in a round and over the rounds', () => {
  const firsts = (cells: [number, number][]) =>
    cells.filter(([round, repetition]) => orderOf(round, repetition)[0] === 'here').length
  const rows = [0, 1, 2, 3]
  for (const fixed of rows) {
    expect(firsts(rows.map((repetition) => [fixed, repetition]))).toBe(2)
    expect(firsts(rows.map((round) => [round, fixed]))).toBe(2)
  }
  expect(new Set(orderOf(3, 2))).toEqual(new Set(['here', 'there']))
})

test('results agree up to a thousandth of the largest number', () => {
  expect(agree([1, -100], [1.09, -100.05])).toBe(true)
  expect(agree([1, -100], [1, -100.2])).toBe(false)
  expect(agree([1], [1, 1])).toBe(false)
  expect(agree([0], [0])).toBe(true)
  expect(agree([1], [Number.NaN])).toBe(false)
})
