import { describe, expect, test } from '@jest/globals'
import { bestLabelThreshold, labelThresholds } from '../../lib/cam/labelThresholds.js'
import { Random } from '../../lib/loader/random.js'

function f1(scores: readonly number[], present: readonly boolean[], threshold: number): number {
  const taken = scores.map((score) => score >= threshold)
  const both = taken.filter((is, at) => is && present[at]).length
  return (2 * both) / (taken.filter(Boolean).length + present.filter(Boolean).length)
}

describe('bestLabelThreshold', () => {
  test('separates what can be separated, halfway', () => {
    expect(bestLabelThreshold([0.1, 0.2, 0.6, 0.8], [false, false, true, true])).toBeCloseTo(0.4, 12)
  })

  test('is as good as the best of all scores', () => {
    const random = new Random('thresholds')
    for (let round = 0; round < 300; round++) {
      const count = random.integer(1, 12)
      // Few different scores, so that many are equal.
      const scores = Array.from({ length: count }, () => random.integer(0, 6) / 6)
      const present = scores.map(() => random.chance(0.4))
      const threshold = bestLabelThreshold(scores, present)
      if (!present.includes(true)) expect(threshold).toBeUndefined()
      else
        expect(f1(scores, present, threshold!)).toBeCloseTo(
          Math.max(...scores.map((each) => f1(scores, present, each))),
          12,
        )
    }
  })
})

test('a class that no picture shows gets the threshold that is best for all together', () => {
  const scores = [
    [0.9, 0.3, 0.2],
    [0.1, 0.7, 0.2],
  ]
  expect(labelThresholds(scores, [[0], [1]], 3)).toEqual([0.5, 0.5, 0.5])
  expect(labelThresholds(scores, [[], []], 3)).toEqual([0.5, 0.5, 0.5])
})
