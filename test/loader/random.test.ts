import { expect, test } from '@jest/globals'
import { Random } from '../../lib/loader/random.js'

test('the place decides the numbers, whatever was drawn before', () => {
  const draw = (random: Random): number[] => Array.from({ length: 5 }, () => random.uniform())
  const first = draw(new Random(504, 'match', 3, 17))
  draw(new Random(504, 'match', 3, 18))
  expect(draw(new Random(504, 'match', 3, 17))).toEqual(first)
  const others = [
    [505, 'match', 3, 17],
    [504, 'prompt', 3, 17],
    [504, 'match', 4, 17],
    [504, 'match', 3, 18],
    [504, 'match', 31, 7],
  ].map((place) => draw(new Random(...place)).join())
  expect(new Set([first.join(), ...others]).size).toBe(6)
})

test('neighbouring places are independent: first draws of many items are uniform and uncorrelated', () => {
  const count = 20_000
  const draws = Array.from({ length: count }, (_, item) => new Random(0, 'match', 0, item).uniform())
  const mean = draws.reduce((sum, value) => sum + value, 0) / count
  let lag = 0
  for (let i = 1; i < count; i++) lag += (draws[i] - 0.5) * (draws[i - 1] - 0.5)
  // Standard errors: 0.289 / sqrt(n) for the mean, 1 / sqrt(n) for the correlation.
  expect(Math.abs(mean - 0.5)).toBeLessThan((4 * 0.289) / Math.sqrt(count))
  expect(Math.abs(lag / count / (1 / 12))).toBeLessThan(4 / Math.sqrt(count))
})

test('normal draws have the asked mean and deviation, and normal tails', () => {
  const random = new Random(1)
  const draws = Array.from({ length: 40_000 }, () => random.normal(9, 0.5))
  const mean = draws.reduce((sum, value) => sum + value, 0) / draws.length
  const variance = draws.reduce((sum, value) => sum + (value - mean) ** 2, 0) / draws.length
  expect(mean).toBeCloseTo(9, 1)
  expect(Math.sqrt(variance)).toBeCloseTo(0.5, 1)
  const beyondTwo = draws.filter((value) => Math.abs(value - 9) > 1).length / draws.length
  expect(beyondTwo).toBeGreaterThan(0.041)
  expect(beyondTwo).toBeLessThan(0.05)
})

test('integers reach both ends and nothing beyond', () => {
  const random = new Random(2)
  const seen = new Set(Array.from({ length: 500 }, () => random.integer(-1, 2)))
  expect([...seen].sort((a, b) => a - b)).toEqual([-1, 0, 1, 2])
  expect(random.integer(7, 7)).toBe(7)
})

test('a permutation holds every number once; all orders of three are equally likely', () => {
  expect([...new Random(3).permutation(100)].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i))
  const counts = new Map<string, number>()
  for (let i = 0; i < 6000; i++) {
    const order = new Random(4, i).permutation(3).join()
    counts.set(order, (counts.get(order) ?? 0) + 1)
  }
  expect(counts.size).toBe(6)
  for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150)
  expect(new Random(5).permutation(0)).toHaveLength(0)
})
