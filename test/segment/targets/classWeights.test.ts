import { describe, expect, test } from '@jest/globals'
import { balancedWeights, classFrequencies } from '../../../lib/segment/targets/classWeights.js'
import { openTargets } from '../../../lib/segment/targets/targets.js'
import { dataset, options, row } from './scene.js'

describe('frequencies', () => {
  const truth = {
    a: row(0, 0, 0, 7),
    b: row(0, 2, 255, 255),
    c: row(0, 7, 7, 7),
  }

  test('pixels of a class among the labelled ones of the pictures that have it', async () => {
    const data = dataset(['a', 'b', 'c', 'without'], { truth })
    const targets = await openTargets(options({ from: 'truth' }), data)
    // Background 5 of 10; boat 4 of 8, for b has none; cat 1 of 2; no dog.
    expect(await classFrequencies(targets, data.items)).toEqual([0.5, 0.5, 0.5, 0])
  })

  test('of some pictures, evenly spread', async () => {
    const data = dataset(['a', 'b', 'c'], { truth })
    const targets = await openTargets(options({ from: 'truth' }), data)
    expect(await classFrequencies(targets, data.items, { most: 1 })).toEqual([3 / 4, 1 / 4, 0, 0])
    // The first and the second: 4 of 6, 1 of 4, 1 of 2.
    expect(await classFrequencies(targets, data.items, { most: 2 })).toEqual([4 / 6, 1 / 4, 1 / 2, 0])
    expect(await classFrequencies(targets, data.items, { most: 9 })).toEqual([0.5, 0.5, 0.5, 0])
  })

  test('a signal stops it with its reason', async () => {
    const data = dataset(['a'], { truth })
    const targets = await openTargets(options({ from: 'truth' }), data)
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(classFrequencies(targets, data.items, { signal })).rejects.toThrow('enough')
  })
})

describe('weights', () => {
  test.each([
    [
      [0.5, 0.25, 0.125],
      [0.5, 1, 2],
    ],
    // An even number: the mean of the two in the middle, 0.3.
    [
      [0.6, 0.4, 0.2, 0.1],
      [0.5, 0.75, 1.5, 3],
    ],
    [
      [0.5, 0, 0.25, 0.125],
      [0.5, 0, 1, 2],
    ],
    [
      [0.9, 0.01, 0.0001],
      [0.1, 1, 10],
    ],
    [[0.3], [1]],
    [
      [0, 0],
      [0, 0],
    ],
    [[], []],
  ])('of %j: %j', (frequencies, expected) => {
    const weights = balancedWeights(frequencies)
    expect(weights).toHaveLength(expected.length)
    for (const [index, weight] of weights.entries()) expect(weight).toBeCloseTo(expected[index]!, 12)
  })
})
