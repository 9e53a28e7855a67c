import { describe, expect, test } from '@jest/globals'
import { augmentImage, mirror } from '../../lib/loader/augment/apply.js'
import { flipAugment, noAugment, type PlaceOptions, placeAugment } from '../../lib/loader/augment/options.js'
import { drawPlacement, placed } from '../../lib/loader/augment/place.js'
import { Random } from '../../lib/loader/random.js'
import type { RawImage } from '../../lib/pictures/image.js'
import { resizeImage } from '../../lib/pictures/resize.js'
import { noise } from './pictures.js'

const fill = [124, 116, 104] as const
const options = (low: number, high: number): PlaceOptions => ({ longSide: [low, high], fill })
const pixel = ({ data, width }: RawImage, x: number, y: number) => [
  ...data.subarray((y * width + x) * 3, (y * width + x) * 3 + 3),
]

/** Counts of whole numbers from `low` to `high`, each of which is to come about equally often. */
function expectUniform(drawn: number[], low: number, high: number): void {
  expect([Math.min(...drawn), Math.max(...drawn)]).toEqual([low, high])
  const mean = drawn.length / (high - low + 1)
  for (let value = low; value <= high; value++) {
    const found = drawn.filter((each) => each === value).length
    // Six deviations of a count.
    expect(Math.abs(found - mean)).toBeLessThan(6 * Math.sqrt(mean))
  }
}

describe('the size', () => {
  test('the longer side is uniform among whole pixels, the proportions are kept', () => {
    const input = { width: 64, height: 64 }
    for (const [width, height] of [
      [100, 50],
      [50, 100],
      [640, 320],
    ] as const) {
      const drawn = Array.from({ length: 4000 }, (_, seed) =>
        drawPlacement({ width, height }, input, options(0.5, 0.75), new Random(seed)),
      )
      expectUniform(
        drawn.map((each) => Math.max(each.width, each.height)),
        32,
        48,
      )
      for (const each of drawn) {
        const factor = Math.max(each.width, each.height) / Math.max(width, height)
        expect(Math.abs(each.width - width * factor)).toBeLessThanOrEqual(0.5)
        expect(Math.abs(each.height - height * factor)).toBeLessThanOrEqual(0.5)
      }
    }
  })

  test('IRN: 320 to 640 for an input of 512', () => {
    const sides = Array.from({ length: 20000 }, (_, seed) => {
      const { width, height } = drawPlacement(
        { width: 500, height: 375 },
        { width: 512, height: 512 },
        placeAugment.place!,
        new Random(seed),
      )
      return Math.max(width, height)
    })
    expect([Math.min(...sides), Math.max(...sides)]).toEqual([320, 640])
  })

  test('a thin picture keeps one pixel', () => {
    const { width, height } = drawPlacement(
      { width: 900, height: 1 },
      { width: 32, height: 32 },
      options(1, 1),
      new Random(0),
    )
    expect([width, height]).toEqual([32, 1])
  })
})

describe('the place', () => {
  test('smaller: anywhere within the input; larger: the input anywhere within the picture; uniformly', () => {
    const input = { width: 40, height: 40 }
    // 20 x 10 in 40 x 40: 0 to 20 from the left, 0 to 30 from the top.
    const small = Array.from({ length: 6000 }, (_, seed) =>
      drawPlacement({ width: 200, height: 100 }, input, options(0.5, 0.5), new Random(seed)),
    )
    expectUniform(
      small.map(({ left }) => left),
      0,
      20,
    )
    expectUniform(
      small.map(({ top }) => top),
      0,
      30,
    )
    // 60 x 50 over 40 x 40: -20 to 0 and -10 to 0.
    const large = Array.from({ length: 6000 }, (_, seed) =>
      drawPlacement({ width: 600, height: 500 }, input, options(1.5, 1.5), new Random(seed)),
    )
    expectUniform(
      large.map(({ left }) => left),
      -20,
      0,
    )
    expectUniform(
      large.map(({ top }) => top),
      -10,
      0,
    )
  })

  test('longer one way, shorter the other: cut here, padded there', () => {
    const drawn = Array.from({ length: 3000 }, (_, seed) =>
      drawPlacement({ width: 400, height: 100 }, { width: 40, height: 40 }, options(1.5, 1.5), new Random(seed)),
    )
    // 60 x 15.
    expectUniform(
      drawn.map(({ left }) => left),
      -20,
      0,
    )
    expectUniform(
      drawn.map(({ top }) => top),
      0,
      25,
    )
  })
})

describe('the input', () => {
  test.each([
    [20, 10, 7, 13],
    [20, 10, 0, 0],
    [60, 50, -13, -4],
    [60, 15, -20, 11],
    [15, 60, 3, -20],
    [40, 40, 0, 0],
    [1, 1, 39, 39],
  ])('%i x %i at %i, %i: the picture where it lies, the fill elsewhere', (width, height, left, top) => {
    const image = noise(width, height, 3)
    const size = { width: 40, height: 40 }
    const input = placed(image, size, { width, height, left, top, fill })
    expect([input.width, input.height, input.data.length]).toEqual([40, 40, 4800])
    for (let y = 0; y < 40; y++)
      for (let x = 0; x < 40; x++) {
        const inside = x >= left && y >= top && x < left + width && y < top + height
        expect(pixel(input, x, y)).toEqual(inside ? pixel(image, x - left, y - top) : [...fill])
      }
  })

  test.each(['exact', 'fast'] as const)(
    'of a whole recipe is the resized picture at the drawn place (%s)',
    async (mode) => {
      const image = noise(90, 60, 5)
      const size = { width: 48, height: 40 }
      for (const flip of [0, 1])
        for (let seed = 0; seed < 12; seed++) {
          const made = await augmentImage(image, size, { ...placeAugment, flip, resample: mode }, new Random(seed))
          const placement = drawPlacement(image, size, placeAugment.place!, new Random(seed))
          const expected = placed(
            await resizeImage(image, placement.width, placement.height, { mode }),
            size,
            placement,
          )
          expect(made).toEqual({ image: flip === 0 ? expected : mirror(expected) })
        }
    },
  )

  test.each([
    [1, 1],
    [1, 9],
    [300, 2],
  ])('of a picture of %i x %i pixels has the size that was asked for', async (width, height) => {
    for (let seed = 0; seed < 20; seed++) {
      const { image } = await augmentImage(
        noise(width, height, 1),
        { width: 32, height: 32 },
        placeAugment,
        new Random(seed),
      )
      expect([image.width, image.height, image.data.length]).toEqual([32, 32, 3072])
    }
  })
})

test('flip: the whole picture squeezed into the input, or its mirror image, each half of the time', async () => {
  const image = noise(50, 30, 6)
  const size = { width: 32, height: 32 }
  const exact = { ...flipAugment, resample: 'exact' } as const
  const { image: plain } = await augmentImage(image, size, { ...noAugment, resample: 'exact' }, new Random(0))
  const texts = [plain, mirror(plain)].map(({ data }) => Buffer.from(data).toString('hex'))
  let turned = 0
  for (let seed = 0; seed < 400; seed++) {
    const { image: made, erase } = await augmentImage(image, size, exact, new Random(seed))
    const which = texts.indexOf(Buffer.from(made.data).toString('hex'))
    expect([which === 0 || which === 1, erase]).toEqual([true, undefined])
    turned += which
  }
  expect(Math.abs(turned - 200)).toBeLessThan(60)
})

test('the recipes are plain data', () => {
  for (const recipe of [placeAugment, flipAugment]) expect(JSON.parse(JSON.stringify(recipe))).toEqual(recipe)
})
