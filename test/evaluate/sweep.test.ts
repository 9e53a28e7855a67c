import { describe, expect, test } from '@jest/globals'
import { ConfusionCounter } from '../../lib/evaluate/confusion.js'
import { scores } from '../../lib/evaluate/scores.js'
import { bestPoint, greedyPart, hundredths, type PictureCams, SweepCounter } from '../../lib/evaluate/sweep.js'
import type { LabelMap } from '../../lib/masks/labelMap.js'
import { maskFromCams } from '../../lib/masks/threshold.js'

/** Small linear congruential generator: the same pictures in every run. */
function randomSource(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

interface Picture {
  picture: PictureCams
  truth: LabelMap
}

function randomPictures(score: (random: () => number) => number, seed = 1): Picture[] {
  const random = randomSource(seed)
  return Array.from({ length: 5 }, (_, index) => {
    const [width, height] = [9 + index, 7]
    const classIds = index === 0 ? [] : index === 1 ? [4] : [2, 4, 9]
    const cams = Float32Array.from({ length: classIds.length * width * height }, () => score(random))
    const data = Uint8Array.from({ length: width * height }, () => [0, 2, 4, 9, 255][Math.floor(random() * 5)])
    return { picture: { cams, classIds, width, height }, truth: { width, height, data } }
  })
}

const ids = [0, 2, 4, 9]
const thresholds = hundredths(0, 100)

describe('SweepCounter counts exactly the masks of maskFromCams', () => {
  test.each<[string, (random: () => number) => number]>([
    ['random scores', (random) => random()],
    ['scores on the thresholds', (random) => Math.floor(random() * 20) / 20],
    ['nearly equal scores', (random) => 0.5 + (random() - 0.5) * 2e-7],
    [
      'scores a rounding away from the thresholds',
      (random) => Math.floor(random() * 10) / 10 + (random() - 0.5) * 4e-8,
    ],
    ['mostly zero', (random) => (random() < 0.8 ? 0 : random())],
    ['tiny scores', (random) => random() * 1e-7],
    ['scores outside 0..1', (random) => random() * 4 - 2],
  ])('%s', (_, score) => {
    const pictures = randomPictures(score)
    const fast = new SweepCounter(ids, thresholds)
    for (const { picture, truth } of pictures) fast.add(picture, truth)
    const curve = fast.curve()
    thresholds.forEach((threshold, index) => {
      const slow = new ConfusionCounter(ids)
      for (const { picture, truth } of pictures) slow.add(maskFromCams({ ...picture, threshold }), truth)
      expect([...fast.confusion(index).counts]).toEqual([...slow.confusion().counts])
      expect(curve[index]).toEqual({ threshold, miou: scores(slow.confusion()).miou })
    })
  })
})

describe('curves', () => {
  const curve = (...mious: number[]) => mious.map((miou, index) => ({ threshold: index / 100, miou }))

  test('hundredths', () => {
    expect(hundredths(40, 43)).toEqual([0.4, 0.41, 0.42])
    expect(hundredths(0, 100)).toHaveLength(100)
    expect(hundredths(5, 5)).toEqual([])
  })

  test('the best point is the first of the highest', () => {
    expect(bestPoint(curve(0.1, 0.5, 0.3, 0.5))).toEqual({ threshold: 0.01, miou: 0.5 })
    expect(() => bestPoint([])).toThrow(expect.objectContaining({ code: 'SEMPLES_CONFIG_INVALID' }))
  })

  test('the greedy sweep stops at the first point that is not better, and misses later maxima', () => {
    expect(greedyPart(curve(0.1, 0.4, 0.4, 0.9))).toEqual(curve(0.1, 0.4, 0.4))
    expect(greedyPart(curve(0.3, 0.2, 0.9))).toEqual(curve(0.3, 0.2))
    expect(greedyPart(curve(0.1, 0.2, 0.3))).toEqual(curve(0.1, 0.2, 0.3))
  })
})

describe('SweepCounter refuses', () => {
  test.each([[[]], [[0.3, 0.2]], [[0.2, 0.2]], [[0.1, Number.NaN]], [[Number.POSITIVE_INFINITY]]])(
    'the thresholds %j',
    (wrong) => {
      expect(() => new SweepCounter(ids, wrong)).toThrow(expect.objectContaining({ code: 'SEMPLES_CONFIG_INVALID' }))
    },
  )

  const picture = { cams: Float32Array.of(0.1, 0.2), classIds: [2], width: 2, height: 1 }
  const truth = { width: 2, height: 1, data: Uint8Array.of(0, 2) }
  test.each<[string, PictureCams, LabelMap, string]>([
    ['a size of its own', picture, { width: 1, height: 2, data: truth.data }, 'SEMPLES_MASK_SIZE'],
    ['an unknown class in the maps', { ...picture, classIds: [3] }, truth, 'SEMPLES_MASK_CLASS'],
    ['an unknown class in the truth', picture, { ...truth, data: Uint8Array.of(0, 3) }, 'SEMPLES_MASK_CLASS'],
    ['NaN', { ...picture, cams: Float32Array.of(0.1, Number.NaN) }, truth, 'SEMPLES_CAM_INVALID'],
    ['too few scores', { ...picture, cams: Float32Array.of(0.1) }, truth, 'SEMPLES_CAM_INVALID'],
  ])('%s', (_, maps, groundTruth, code) => {
    expect(() => new SweepCounter(ids, [0.5]).add(maps, groundTruth)).toThrow(expect.objectContaining({ code }))
  })
})
