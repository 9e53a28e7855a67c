import { describe, expect, test } from '@jest/globals'
import { countsOfString, stringOfCounts } from '../../../lib/datasets/coco/regions.js'
import { Random } from '../../../lib/loader/random.js'
import type { LabelMap } from '../../../lib/masks/labelMap.js'
import { countsByValue } from '../../../lib/submission/coco/runLengths.js'
import { drawnMask } from '../masks.js'
import { decoded } from './decoded.js'

function countsOf(mask: LabelMap): Map<number, number[]> {
  const steps = countsByValue(mask)
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
  }
}

describe('counts', () => {
  // The example of the documentation of pycocotools.mask, and its mirror: M = [0 0 1 1 1 0 1], M = [1 1 1 1 1 1 0].
  test.each([
    [
      [0, 0, 1, 1, 1, 0, 1],
      [2, 3, 1, 1],
    ],
    [
      [1, 1, 1, 1, 1, 1, 0],
      [0, 6, 1],
    ],
    [[0, 0, 0], undefined],
    [[1], [0, 1]],
  ])('of one column %j', (pixels, counts) => {
    const mask = { width: 1, height: pixels.length, data: Uint8Array.from(pixels) }
    expect(countsOf(mask).get(1)).toEqual(counts)
    expect(countsOf({ ...mask, width: pixels.length, height: 1 }).get(1)).toEqual(counts)
  })

  test('go down the columns', () => {
    // 5 0 5
    // 5 7 0
    const counts = countsOf({ width: 3, height: 2, data: Uint8Array.of(5, 0, 5, 5, 7, 0) })
    expect([...counts]).toEqual([
      [0, [2, 1, 2, 1]],
      [5, [0, 2, 2, 1, 1]],
      [7, [3, 1, 2]],
    ])
  })

  test('of generated masks decode to the pixels of each value', () => {
    for (let seed = 0; seed < 300; seed++) {
      const mask = drawnMask(seed, [0, 1, 3, 20, 90, 254, 255])
      const counts = countsOf(mask)
      expect([...counts.keys()].sort()).toEqual([...new Set(mask.data)].sort())
      for (const [value, runs] of counts) {
        const pixels = decoded(stringOfCounts(runs), [mask.height, mask.width])
        expect([seed, value, pixels]).toEqual([seed, value, Array.from(mask.data, (id) => Number(id === value))])
      }
    }
  })

  test('a mask in which every pixel is another value than its neighbours', () => {
    const data = Uint8Array.from({ length: 600 * 500 }, (_, at) => (at + Math.floor(at / 600)) % 2)
    const counts = countsOf({ width: 600, height: 500, data })
    expect(counts.get(1)!.reduce((sum, length) => sum + length)).toBe(data.length)
    expect(decoded(stringOfCounts(counts.get(1)!), [500, 600])).toEqual([...data])
  })
})

describe('text', () => {
  test.each([
    // 6 bits a character from 48 on: 15 fits four bits and a sign, 16 needs a second character.
    [[0], '0'],
    [[15], '?'],
    [[16], '`0'],
    [[31], 'o0'],
    [[32], 'P1'],
    // From the fourth on differences: 5 - 2 = 3, 1 - 7 = -6, which is 11010 with the sign in its fifth bit.
    [[9, 2, 7, 5], '9273'],
    [[9, 7, 2, 1], '972J'],
    [[9, 7, 2, 6], '972O'],
  ])('of %j is %s', (counts, text) => expect(stringOfCounts(counts)).toBe(text))

  test('is read back, up to the largest numbers of pixels', () => {
    const random = new Random('counts')
    for (let round = 0; round < 500; round++) {
      const counts = Array.from({ length: random.integer(1, 12) }, () => random.integer(0, 2 ** random.integer(0, 29)))
      expect(countsOfString(stringOfCounts(counts))).toEqual(counts)
    }
  })
})
