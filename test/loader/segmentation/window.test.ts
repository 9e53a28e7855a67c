import { describe, expect, test } from '@jest/globals'
import { Random } from '../../../lib/loader/random.js'
import type { SampleAugment } from '../../../lib/loader/segmentation/options.js'
import { drawWindow, type Window } from '../../../lib/loader/segmentation/window.js'

const options: SampleAugment = {
  size: 12,
  side: 30,
  ratio: [0.5, 2],
  mostOfOneClass: 0.75,
  mirror: true,
  photometric: false,
}

function windowOf(labels: Uint8Array, width: number, seed: number, given: SampleAugment = options): Window {
  const steps = drawWindow({ width, height: labels.length / width }, labels, given, new Random(seed))
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
  }
}

/** Labels of blocks, some of them ignored, most of them background. */
function blocks(width: number, height: number, seed: number): Uint8Array {
  const random = new Random('blocks', seed)
  const labels = new Uint8Array(width * height)
  for (let block = 0; block < 5; block++) {
    const [left, top] = [random.integer(0, width - 1), random.integer(0, height - 1)]
    const value = random.pick([1, 2, 3, 255])
    for (let y = top; y < Math.min(height, top + 9); y++)
      for (let x = left; x < Math.min(width, left + 9); x++) labels[y * width + x] = value
  }
  return labels
}

/** The rule said plainly: all labels resized, ten crops cut, the first that is mixed, else the last. */
function stated(
  labels: Uint8Array,
  width: number,
  seed: number,
  given: SampleAugment,
): { tries: number; window: Window } {
  const random = new Random(seed)
  const height = labels.length / width
  const factor = (random.uniform(...given.ratio) * given.side) / Math.min(width, height)
  const resized = { width: Math.round(width * factor), height: Math.round(height * factor) }
  const large = Array.from({ length: resized.height }, (_, y) =>
    Array.from({ length: resized.width }, (_, x) => {
      const row = Math.floor(((y + 0.5) * height) / resized.height)
      return labels[row * width + Math.floor(((x + 0.5) * width) / resized.width)]!
    }),
  )
  const [w, h] = [Math.min(given.size, resized.width), Math.min(given.size, resized.height)]
  const crops = Array.from({ length: 10 }, () => {
    const top = random.integer(0, resized.height - h)
    const left = random.integer(0, resized.width - w)
    return { resized, left, top, width: w, height: h }
  })
  const isGood = ({ left, top }: Window) => {
    const pixels = large.slice(top, top + h).flatMap((row) => row.slice(left, left + w))
    const labelled = pixels.filter((value) => value !== 255)
    const shares = [...new Set(labelled)].map(
      (value) => labelled.filter((each) => each === value).length / labelled.length,
    )
    return shares.length > 1 && Math.max(...shares) < given.mostOfOneClass
  }
  const found = crops.findIndex(isGood)
  return found < 0 ? { tries: 10, window: crops[9]! } : { tries: found + 1, window: crops[found]! }
}

describe('the crop', () => {
  test('is the first of ten that no class fills, else the tenth', () => {
    const tries = new Set<number>()
    for (let seed = 0; seed < 150; seed++) {
      const [width, height] = [20 + (seed % 30), 15 + (seed % 23)]
      const labels = blocks(width, height, seed)
      const { tries: needed, window } = stated(labels, width, seed, options)
      expect(windowOf(labels, width, seed)).toEqual(window)
      tries.add(needed)
    }
    // Cases that need one, several and all tries were among them.
    expect([...tries].sort((a, b) => a - b)).toEqual(expect.arrayContaining([1, 2, 5, 10]))
  })

  test('a class with exactly the share is too much', () => {
    // Whole picture in the crop: 3 of 4 labelled pixels are of one class.
    const labels = Uint8Array.from([0, 0, 0, 1])
    const whole: SampleAugment = { ...options, side: 2, size: 2, ratio: [1, 1] }
    let drawn = 0
    const counting = new (class extends Random {
      override integer(low: number, high: number): number {
        drawn++
        return super.integer(low, high)
      }
    })(1)
    const run = (given: SampleAugment): number => {
      drawn = 0
      const steps = drawWindow({ width: 2, height: 2 }, labels, given, counting)
      while (!steps.next().done);
      return drawn / 2
    }
    expect(run(whole)).toBe(10)
    expect(run({ ...whole, mostOfOneClass: 0.76 })).toBe(1)
    expect(run({ ...whole, mostOfOneClass: 1 })).toBe(1)
  })

  test.each([0, 3, 255])('labels of %i alone: the tenth', (value) => {
    const labels = new Uint8Array(40 * 40).fill(value)
    expect(windowOf(labels, 40, 5)).toEqual(stated(labels, 40, 5, options).window)
    expect(stated(labels, 40, 5, options).tries).toBe(10)
  })

  test('reaches every place', () => {
    const fixed: SampleAugment = { ...options, side: 15, size: 12, ratio: [1, 1], mostOfOneClass: 1 }
    const places = Array.from({ length: 400 }, (_, seed) => windowOf(new Uint8Array(15 * 15), 15, seed, fixed))
    expect(new Set(places.map(({ left, top }) => `${left},${top}`)).size).toBe(16)
  })
})
