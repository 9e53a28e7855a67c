import { describe, expect, test } from '@jest/globals'
import { augmentImage, mirror } from '../../lib/loader/augment/apply.js'
import { cropBox, eraseBox } from '../../lib/loader/augment/boxes.js'
import {
  type AugmentOptions,
  lightAugment,
  noAugment,
  referenceAugment,
  referencePromptAugment,
} from '../../lib/loader/augment/options.js'
import { drawRandAugment, randAugmentOperations } from '../../lib/loader/augment/randAugment.js'
import { Random } from '../../lib/loader/random.js'
import type { RawImage } from '../../lib/pictures/image.js'
import { noise } from './pictures.js'

const same = (a: RawImage, b: RawImage): boolean =>
  a.width === b.width && a.height === b.height && Buffer.compare(a.data, b.data) === 0

describe('random resized crop', () => {
  const crop = referenceAugment.crop as { scale: [number, number]; ratio: [number, number] }

  test('areas and shapes are spread over their ranges, corners over the picture', () => {
    const size = { width: 640, height: 480 }
    const boxes = Array.from({ length: 4000 }, (_, i) => cropBox(size, crop, new Random(i)))
    for (const box of boxes) {
      expect(box.left).toBeGreaterThanOrEqual(0)
      expect(box.top).toBeGreaterThanOrEqual(0)
      expect(box.left + box.width).toBeLessThanOrEqual(640)
      expect(box.top + box.height).toBeLessThanOrEqual(480)
      const ratio = box.width / box.height
      expect(ratio).toBeGreaterThan(0.75 * 0.98)
      expect(ratio).toBeLessThan((4 / 3) * 1.02)
    }
    const areas = boxes.map(({ width, height }) => (width * height) / (640 * 480)).sort((a, b) => a - b)
    expect(areas[0]).toBeGreaterThan(0.078)
    expect(areas[0]).toBeLessThan(0.1)
    // Narrow shapes do not fit at large areas, so the median lies a little below (0.08 + 1) / 2.
    expect(areas[2000]).toBeGreaterThan(0.42)
    expect(areas[2000]).toBeLessThan(0.54)
    expect(boxes.some(({ left }) => left === 0)).toBe(true)
    expect(boxes.some(({ left, width }) => left + width === 640)).toBe(true)
  })

  test('where no shape fits, the middle is taken', () => {
    expect(cropBox({ width: 1000, height: 30 }, { scale: [1, 1], ratio: [3 / 4, 4 / 3] }, new Random(1))).toEqual({
      left: 480,
      top: 0,
      width: 40,
      height: 30,
    })
    expect(cropBox({ width: 30, height: 1000 }, { scale: [1, 1], ratio: [3 / 4, 4 / 3] }, new Random(1))).toEqual({
      left: 0,
      top: 480,
      width: 30,
      height: 40,
    })
  })

  test.each([
    [1, 1],
    [1, 7],
    [9, 1],
    [2, 3],
    [5, 200],
  ])('pictures of %i x %i pixels work', async (width, height) => {
    const picture = noise(width, height, 2)
    for (let seed = 0; seed < 30; seed++)
      for (const options of [referenceAugment, lightAugment, noAugment]) {
        const { image } = await augmentImage(picture, { width: 32, height: 32 }, options, new Random(seed))
        expect([image.width, image.height, image.data.length]).toEqual([32, 32, 32 * 32 * 3])
      }
  })
})

describe('RandAugment', () => {
  const options = { ...referenceAugment.randAugment!, probability: 1 }

  test('draws two of fifteen operations with replacement, each applied half of the time', () => {
    const draws = 6000
    const counts = [0, 0, 0]
    for (let i = 0; i < draws; i++) counts[drawRandAugment(referenceAugment.randAugment!, new Random(i)).length]++
    // Two fair coins: 1/4, 1/2, 1/4.
    expect(Math.abs(counts[0] / draws - 0.25)).toBeLessThan(0.025)
    expect(Math.abs(counts[1] / draws - 0.5)).toBeLessThan(0.025)
    expect(Math.abs(counts[2] / draws - 0.25)).toBeLessThan(0.025)
    expect(Object.keys(randAugmentOperations)).toHaveLength(15)
  })

  test('strengths give the published arguments', () => {
    const step = (name: string, strength: number) => randAugmentOperations[name](strength, new Random(0), [0, 0, 0])
    const ramp: RawImage = {
      width: 16,
      height: 16,
      data: Uint8Array.from({ length: 768 }, (_, i) => Math.floor(i / 3)),
    }
    const values = (name: string, strength: number): number[] =>
      [...step(name, strength)(ramp).data].filter((_, i) => i % 3 === 0)
    // m = 9: int(4 * 0.9) = 3, one bit is kept. m = 10: none. m = 7.4: int(2.96) = 2, two bits.
    expect(new Set(values('posterize', 0.9))).toEqual(new Set([0, 128]))
    expect(new Set(values('posterize', 1))).toEqual(new Set([0]))
    expect(new Set(values('posterize', 0.74))).toEqual(new Set([0, 64, 128, 192]))
    // m = 9: threshold 256 - int(230.4) = 26, addition int(99) = 99.
    expect(values('solarize', 0.9).slice(24, 28)).toEqual([24, 25, 229, 228])
    expect(values('solarizeAdd', 0.9).slice(126, 130)).toEqual([225, 226, 128, 129])
    // Factor 1 +- 0.81; the low side stays above 0.1.
    const bright = new Set(
      [0.9, 0.95, 1].flatMap((strength) =>
        Array.from(
          { length: 20 },
          (_, i) => randAugmentOperations.brightness(strength, new Random(i), [0, 0, 0])(ramp).data[100 * 3],
        ),
      ),
    )
    expect(bright).toEqual(new Set([19, 181, 14, 185, 10, 190]))
  })

  test('both directions are used, by at most the published amount', () => {
    const white: RawImage = { width: 20, height: 20, data: new Uint8Array(1200).fill(255) }
    const shifts = new Set<number>()
    for (let seed = 0; seed < 40; seed++) {
      const { data } = randAugmentOperations.translateX(1, new Random(seed), options.fill)(white)
      const filled = Array.from({ length: 20 }, (_, x) => data[x * 3] === options.fill[0])
      // 0.45 * 20 = 9 columns at one side.
      expect(filled.filter(Boolean)).toHaveLength(9)
      shifts.add(filled.indexOf(true))
    }
    expect(shifts).toEqual(new Set([0, 11]))
  })
})

describe('random erasing', () => {
  const erase = referenceAugment.erase!

  test('a quarter of the pictures get one box of 2 % to 33 % inside them', () => {
    const size = { width: 224, height: 224 }
    const boxes = Array.from({ length: 4000 }, (_, i) => eraseBox(size, erase, new Random(i))).filter(
      (box) => box !== undefined,
    )
    expect(Math.abs(boxes.length / 4000 - 0.25)).toBeLessThan(0.03)
    const shares = boxes.map(({ width, height }) => (width * height) / 224 ** 2).sort((a, b) => a - b)
    expect(shares[0]).toBeGreaterThan(0.019)
    expect(shares.at(-1)).toBeLessThan(0.34)
    expect(shares[Math.floor(shares.length / 2)]).toBeCloseTo((0.02 + 1 / 3) / 2, 1)
    for (const { left, top, width, height } of boxes) {
      expect(Math.min(left, top, width - 1, height - 1)).toBeGreaterThanOrEqual(0)
      expect(Math.max(left + width, top + height)).toBeLessThanOrEqual(224)
      expect(height / width).toBeGreaterThan(0.27)
      expect(height / width).toBeLessThan(3.7)
    }
  })

  test('no box where none fits', () => {
    for (let seed = 0; seed < 50; seed++)
      expect(eraseBox({ width: 1, height: 1 }, { ...erase, probability: 1 }, new Random(seed))).toBeUndefined()
  })
})

describe('a whole recipe', () => {
  const picture = noise(75, 61, 4)
  const size = { width: 48, height: 40 }

  test.each([
    ['referenceAugment', referenceAugment],
    ['lightAugment', lightAugment],
    ['referencePromptAugment', referencePromptAugment],
  ])('%s: the generator decides the picture', async (_, options: AugmentOptions) => {
    const make = async (seed: number): Promise<string> =>
      JSON.stringify(await augmentImage(picture, size, options, new Random(seed)))
    expect(await make(7)).toBe(await make(7))
    expect(await make(7)).not.toBe(await make(8))
  })

  test('mirroring is left and right, and twice is nothing', async () => {
    const flipped = mirror(picture)
    for (const [x, y] of [
      [0, 0],
      [10, 3],
      [74, 60],
    ])
      expect(flipped.data[(y * 75 + 74 - x) * 3 + 1]).toBe(picture.data[(y * 75 + x) * 3 + 1])
    expect(same(mirror(flipped), picture)).toBe(true)
    const own = { width: 75, height: 61 }
    const always: AugmentOptions = { ...noAugment, flip: 1, resample: 'exact' }
    expect(same((await augmentImage(picture, own, always, new Random(0))).image, flipped)).toBe(true)
  })

  test('the fast resampler stays close to the exact one', async () => {
    const smooth: RawImage = {
      width: 90,
      height: 70,
      data: new Uint8Array(90 * 70 * 3).map((_, i) => ((i / 3) % 90) + Math.floor(i / 270)),
    }
    const fast = await augmentImage(smooth, size, { ...noAugment, resample: 'fast' }, new Random(0))
    const exact = await augmentImage(smooth, size, { ...noAugment, resample: 'exact' }, new Random(0))
    const largest = fast.image.data.reduce((most, value, i) => Math.max(most, Math.abs(value - exact.image.data[i])), 0)
    expect(largest).toBeLessThanOrEqual(4)
  })

  test('recipes are plain data', () => {
    for (const options of [referenceAugment, referencePromptAugment, lightAugment, noAugment])
      expect(JSON.parse(JSON.stringify(options))).toEqual(options)
    expect(referencePromptAugment).toMatchObject({ randAugment: null, erase: null, color: null, resample: 'exact' })
  })
})
