import { describe, expect, test } from '@jest/globals'
import { ranks, spearman } from '../../bench/review/spearman.mjs'

test('equal values share the mean of their ranks', () => {
  expect(ranks([10, 30, 20])).toEqual([1, 3, 2])
  expect(ranks([5, 7, 5, 5, 9, 7])).toEqual([2, 4.5, 2, 2, 6, 4.5])
  expect(ranks([])).toEqual([])
})

describe("Spearman's rho", () => {
  test('without ties: 1 - 6 sum d² / (n (n² - 1)), the worked example of intelligence and hours of television', () => {
    const intelligence = [106, 100, 86, 101, 99, 103, 97, 113, 112, 110]
    const hours = [7, 27, 2, 50, 28, 29, 20, 12, 6, 17]
    expect(spearman(intelligence, hours)).toBeCloseTo(1 - (6 * 194) / (10 * 99), 12)
  })

  test("with ties, as the example of scipy.stats.spearmanr's documentation", () => {
    expect(spearman([1, 2, 3, 4, 5], [5, 6, 7, 8, 7])).toBeCloseTo(0.82078268166812329, 14)
  })

  test('any rising function has 1, any falling one -1, a constant none', () => {
    const values = [0.3, 0.1, 0.9, 0.5]
    expect(spearman(values, values.map(Math.exp))).toBeCloseTo(1, 14)
    expect(
      spearman(
        values,
        values.map((value) => -(value ** 3)),
      ),
    ).toBeCloseTo(-1, 14)
    expect(spearman(values, [1, 1, 1, 1])).toBeNaN()
  })
})
