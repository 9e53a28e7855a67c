import { describe, expect, test } from '@jest/globals'
import { runInSlices } from '../../../lib/base/cooperative.js'
import type { LabelMap } from '../../../lib/masks/labelMap.js'
import { agreementSteps } from '../../../lib/runs/review/agreement.js'
import { type ReviewedMask, reviewMask } from '../../../lib/runs/review/reviewMask.js'

/** A mask of one row. */
const row = (...ids: number[]): LabelMap => ({ width: ids.length, height: 1, data: Uint8Array.from(ids) })

describe('agreement of two masks, class by class', () => {
  const agreement = (one: LabelMap, other: LabelMap, ids: number[]) => runInSlices(agreementSteps(one, other, ids))

  test('pixels of both over pixels of either', async () => {
    // Class 1: both in 1 of 3 pixels. Class 4: both in 2 of 3.
    expect(await agreement(row(1, 1, 0, 4, 4, 4), row(1, 0, 1, 4, 4, 0), [1, 4])).toEqual([1 / 3, 2 / 3])
    expect(await agreement(row(1, 1, 0, 4, 4, 4), row(1, 0, 1, 4, 4, 0), [4, 1])).toEqual([2 / 3, 1 / 3])
  })

  test('1 for the same mask, 0 where one has none of it', async () => {
    expect(await agreement(row(1, 2, 0), row(1, 2, 0), [1, 2])).toEqual([1, 1])
    expect(await agreement(row(1, 1, 0), row(0, 0, 1), [1])).toEqual([0])
  })

  test('0 for a label that neither mask shows', async () => {
    expect(await agreement(row(1, 0), row(1, 0), [1, 2])).toEqual([1, 0])
  })

  test('over several blocks of pixels, the same either way round', async () => {
    const size = 200_000
    const one: LabelMap = { width: size, height: 1, data: new Uint8Array(size).fill(3, 0, 150_000) }
    const other: LabelMap = { width: size, height: 1, data: new Uint8Array(size).fill(3, 100_000) }
    expect(await agreement(one, other, [3])).toEqual([50_000 / 200_000])
    expect(await agreement(other, one, [3])).toEqual([50_000 / 200_000])
  })
})

describe('the review of a mask', () => {
  const reviewed: ReviewedMask = {
    picture: 'a/1.jpg',
    labels: ['boat', 'cat'],
    classIds: [1, 2],
    labelScores: [0.9, 0.25],
    mask: row(1, 1, 2, 2, 0, 0, 0, 0),
    unrefined: row(1, 1, 2, 0, 0, 0, 0, 0),
    views: {
      // With the second: boat 1/2, cat 1. With the third: boat 1, cat 0.
      scales: [row(1, 1, 2, 0, 0, 0, 0, 0), row(1, 0, 2, 0, 0, 0, 0, 0), row(1, 1, 0, 0, 0, 0, 0, 0)],
      // Boat 1, cat 1/3.
      mirrored: row(1, 1, 2, 2, 2, 0, 0, 0),
    },
  }

  test('its parts are means over labels, its score is the mean of the parts', async () => {
    // Refined: boat 1, cat 1/2.
    const [scales, mirror, refined] = [(0.75 + 0.5) / 2, (1 + 1 / 3) / 2, (1 + 1 / 2) / 2]
    const review = await reviewMask(reviewed)
    expect(review).toEqual({
      picture: 'a/1.jpg',
      score: expect.closeTo((scales + mirror + refined) / 3, 4),
      scales: expect.closeTo(scales, 4),
      mirror: expect.closeTo(mirror, 4),
      refined: expect.closeTo(refined, 4),
      classScore: 0.25,
      foreground: 0.5,
      // Boat has 0.75, 1, 1; cat 0.5, 1/3, 0.5.
      worstClass: 'cat',
    })
  })

  test('without refinement and with one scale, of what is left', async () => {
    const views = { ...reviewed.views!, scales: reviewed.views!.scales.slice(0, 1) }
    const review = await reviewMask({ ...reviewed, unrefined: undefined, views })
    expect(review).not.toHaveProperty('scales')
    expect(review).not.toHaveProperty('refined')
    expect(review.score).toBe(review.mirror)
  })

  test('views that agree have the score 1', async () => {
    const { mask } = reviewed
    const views = { scales: [mask, mask], mirrored: mask }
    expect(await reviewMask({ ...reviewed, unrefined: mask, views })).toMatchObject({ score: 1, scales: 1, mirror: 1 })
  })

  test('a picture without a label has no score', async () => {
    const bare = { labels: [], classIds: [], labelScores: [], mask: row(0, 0), views: undefined }
    expect(await reviewMask({ ...reviewed, ...bare })).toEqual({ picture: 'a/1.jpg', foreground: 0 })
  })
})
