import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, test } from '@jest/globals'
import { intervalOf, type Resampled, resample } from '../../lib/evaluate/bootstrap.js'
import type { PictureIou } from '../../lib/evaluate/pictureIou.js'
import { Random } from '../../lib/loader/random.js'
import { needs } from '../support/needs.js'
import { python } from '../support/python.js'

function drawn(counts: PictureIou[][], options: { classes: number; draws?: number; seed?: number }): Resampled[] {
  const steps = resample(counts, { draws: 1000, seed: 0, ...options })
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
  }
}

/** Pictures with a background and some of four other classes. */
function pictures(count: number, seed = 1): PictureIou[] {
  const random = new Random(seed, 'bootstrap')
  return Array.from({ length: count }, () => {
    const classes = [0, 1, 2, 3, 4].filter((index) => index === 0 || random.chance(0.3))
    const unions = classes.map(() => random.integer(1, 5000))
    return { classes, unions, intersections: unions.map((union) => random.integer(0, union)) }
  })
}

const picture = (intersection: number, union: number): PictureIou => ({
  classes: [0],
  intersections: [intersection],
  unions: [union],
})

describe('draws of pictures', () => {
  test('two pictures give the sums of three pairs, in the shares of a coin thrown twice', () => {
    const draws = 10_000
    const [{ mious }] = drawn([[picture(1, 10), picture(6, 10)]], { classes: 1, draws }) as [Resampled]
    const shares = [0.1, 0.35, 0.6].map(
      (value) => mious.filter((miou) => Math.abs(miou - value) < 1e-12).length / draws,
    )
    expect(shares.reduce((sum, share) => sum + share, 0)).toBe(1)
    // Five standard deviations of a binomial share.
    for (const [i, expected] of [0.25, 0.5, 0.25].entries())
      expect(Math.abs(shares[i]! - expected)).toBeLessThan(5 * Math.sqrt((expected * (1 - expected)) / draws))
  })

  test('the same seed gives the same draws, another seed others', () => {
    const own = pictures(30)
    const of = (seed: number) => drawn([own], { classes: 5, draws: 100, seed })
    expect(of(7)).toEqual(of(7))
    expect(of(7)).not.toEqual(of(8))
    expect(of(0xffffffff)).not.toEqual(of(0x7fffffff))
  })

  test('pictures that are all the same have an interval of no width', () => {
    const [{ mious, ious }] = drawn([Array.from({ length: 20 }, () => pictures(1)[0]!)], { classes: 5 }) as [Resampled]
    for (const values of [mious, ious[0]!]) {
      const { low, high } = intervalOf(values)
      expect([high - low, low]).toEqual([0, values[0]])
    }
  })

  test('several counts get the same draws', () => {
    const own = pictures(25)
    const half = own.map((each) => ({ ...each, intersections: each.intersections.map((pixels) => pixels / 2) }))
    const [one, other] = drawn([own, half], { classes: 5, draws: 200 })
    expect([...other!.mious]).toEqual([...one!.mious].map((miou) => expect.closeTo(miou / 2, 12)))
  })

  test('a class that a draw lacks is left out of its mean', () => {
    const rare = { classes: [1], intersections: [0], unions: [4] }
    const [{ mious, ious }] = drawn([[picture(1, 1), rare]], { classes: 2 }) as [Resampled]
    for (const [draw, miou] of mious.entries()) {
      const present = ious.map((values) => values[draw]!).filter((iou) => !Number.isNaN(iou))
      expect(miou).toBe(present.reduce((sum, iou) => sum + iou, 0) / present.length)
    }
    expect(new Set(mious)).toEqual(new Set([1, 0.5, 0]))
    expect(intervalOf(ious[0]!)).toEqual({ low: 1, high: 1 })
  })
})

describe('the interval', () => {
  test('of no number there is none', () =>
    expect(intervalOf(Float64Array.of(Number.NaN))).toEqual({ low: Number.NaN, high: Number.NaN }))

  needs('python').test(
    'percentiles as of NumPy, and the interval of a bootstrap made there with draws of its own',
    async () => {
      const own = pictures(60)
      const [found] = drawn([own], { classes: 5, draws: 20_000 })
      const script = `
import json, sys, numpy as np
given = json.loads(sys.stdin.read())
both, either = np.zeros((2, len(given['pictures']), 5))
for row, picture in enumerate(given['pictures']):
    both[row, picture['classes']] = picture['intersections']
    either[row, picture['classes']] = picture['unions']
random = np.random.default_rng(0)
mious = []
for _ in range(20000):
    rows = random.integers(0, len(both), len(both))
    mious.append(np.mean(both[rows].sum(0) / either[rows].sum(0)))
print(json.dumps([list(np.percentile(values, [2.5, 97.5])) for values in given['values'] + [mious]] + [np.std(mious)]))
`
      const values = [[...found!.mious], [3, 1, 2], [5], [...found!.ious[4]!].slice(0, 777)]
      const run = promisify(execFile)(python, ['-c', script], { maxBuffer: 1e8 })
      run.child.stdin!.end(JSON.stringify({ pictures: own, values }))
      const answer = JSON.parse((await run).stdout) as [number, number][]
      for (const [i, each] of values.entries()) {
        const { low, high } = intervalOf(Float64Array.from(each))
        expect([low, high]).toEqual(answer[i]!.map((value) => expect.closeTo(value, 12)))
      }
      const [theirs, deviation] = answer.slice(values.length) as unknown as [[number, number], number]
      const { low, high } = intervalOf(found!.mious)
      // A percentile of 20,000 draws is known to about 2 % of their standard deviation.
      expect(Math.abs(low - theirs[0])).toBeLessThan(0.12 * deviation)
      expect(Math.abs(high - theirs[1])).toBeLessThan(0.12 * deviation)
      expect(high - low).toBeGreaterThan(3 * deviation)
    },
  )
})
