import { describe, expect, test } from '@jest/globals'
import { Mutex } from '../../../lib/base/cooperative.js'
import { Random } from '../../../lib/loader/random.js'
import {
  referencePhotometric,
  referenceSampleAugment,
  type SampleAugment,
} from '../../../lib/loader/segmentation/options.js'
import { augmentSample, type Sample } from '../../../lib/loader/segmentation/sample.js'
import { emptyImage, type RawImage } from '../../../lib/pictures/image.js'
import { noise } from '../pictures.js'

const plain: SampleAugment = {
  size: 32,
  side: 40,
  ratio: [0.5, 2],
  mostOfOneClass: 0.75,
  mirror: true,
  photometric: false,
}

/** A sample whose red and labels are the column of each pixel, green and confidence its row; at most 255 x 255. */
function coordinates(width: number, height: number): Required<Sample> {
  const image = emptyImage(width, height)
  const labels = new Uint8Array(width * height)
  const confidence = new Uint8Array(width * height)
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++, i++) {
      image.data.set([x, y, 200], i * 3)
      labels[i] = x
      confidence[i] = y
    }
  return { image, labels, confidence }
}

describe('picture, labels and confidence', () => {
  test('stay on each other, in one piece, whatever is drawn', async () => {
    const draw = new Random('geometry')
    for (let trial = 0; trial < 200; trial++) {
      const [width, height] = [draw.integer(1, 255), draw.integer(1, 255)]
      const low = draw.uniform(0.2, 2)
      const options: SampleAugment = {
        ...plain,
        size: draw.integer(1, 48),
        side: draw.integer(1, 60),
        ratio: [low, low * draw.uniform(1, 3)],
      }
      const made = await augmentSample(coordinates(width, height), options, new Random('case', trial))
      expectAligned(made as Required<Sample>, { width, height }, options)
    }
  })

  test('of another size than the picture are refused', async () => {
    const sample = coordinates(5, 4)
    const short = new Uint8Array(19)
    await expect(augmentSample({ ...sample, labels: short }, plain, new Random(0))).rejects.toMatchObject({
      code: 'SEMPLES_ARGUMENT_INVALID',
      field: 'labels',
      value: 19,
    })
    await expect(augmentSample({ ...sample, labels: short }, plain, new Random(0))).rejects.toThrow(
      'The bytes of labels do not fit the picture of 5x4 (expected 20 bytes, one a pixel, received 19).',
    )
    await expect(augmentSample({ ...sample, confidence: short }, plain, new Random(0))).rejects.toMatchObject({
      code: 'SEMPLES_ARGUMENT_INVALID',
      field: 'confidence',
    })
  })

  test('without confidence there is none', async () => {
    const { image, labels } = coordinates(5, 4)
    expect(Object.keys(await augmentSample({ image, labels }, plain, new Random(0)))).toEqual(['image', 'labels'])
  })

  test('what was given is left as it was', async () => {
    const sample = coordinates(50, 40)
    const before = structuredClone(sample)
    await augmentSample(sample, { ...plain, photometric: true }, new Random(0))
    expect(sample).toEqual(before)
  })
})

/** Every pixel of the content lies where its colour, label and confidence say; the rest is padding. */
function expectAligned(
  { image, labels, confidence }: Required<Sample>,
  source: { width: number; height: number },
  { size, side, ratio }: SampleAugment,
): void {
  expect([image.width, image.height, image.data.length]).toEqual([size, size, size * size * 3])
  expect([labels.length, confidence.length]).toEqual([size * size, size * size])
  const inside = (x: number, y: number) => image.data[(y * size + x) * 3 + 2] === 200
  let [columns, rows] = [0, 0]
  while (columns < size && inside(columns, 0)) columns++
  while (rows < size && inside(0, rows)) rows++
  const short = Math.min(source.width, source.height)
  const sides = (length: number) => ratio.map((factor) => Math.min(size, Math.round((length * side * factor) / short)))
  for (const [found, length] of [
    [columns, source.width],
    [rows, source.height],
  ] as const) {
    expect(found).toBeGreaterThanOrEqual(Math.max(1, sides(length)[0]!))
    expect(found).toBeLessThanOrEqual(Math.max(1, sides(length)[1]!))
  }
  const wrong: unknown[] = []
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++) {
      const at = y * size + x
      const [red, green, blue] = image.data.subarray(at * 3, at * 3 + 3)
      const isRight =
        x < columns && y < rows
          ? // The nearest pixel is within half a pixel of the place, and bytes within half a unit.
            blue === 200 && Math.abs(red! - labels[at]!) <= 1 && Math.abs(green! - confidence[at]!) <= 1
          : String([red, green, blue, labels[at], confidence[at]]) === '124,116,104,255,0'
      // All of a column comes from one column, all of a row from one row.
      const isStraight =
        x >= columns || y >= rows || (labels[at] === labels[x] && confidence[at] === confidence[y * size])
      if (!isRight || !isStraight) wrong.push([x, y, red, green, blue, labels[at], confidence[at]])
    }
  expect(wrong).toEqual([])
}

describe('what is drawn', () => {
  const gradient = coordinates(200, 100)

  test('half are mirrored, the ratio is uniform in its range', async () => {
    const options = { ...plain, size: 16, side: 100 }
    let mirrored = 0
    const steps: number[] = []
    for (let seed = 0; seed < 600; seed++) {
      const { labels } = await augmentSample(gradient, options, new Random(seed))
      const step = (labels[15]! - labels[0]!) / 15
      if (step < 0) mirrored++
      steps.push(Math.abs(step))
    }
    // Six deviations: sqrt(600) / 2 each.
    expect(Math.abs(mirrored - 300)).toBeLessThan(6 * 12.3)
    // Source pixels for each pixel are 1 / r, known within a pixel in 15: r of 0.5 to 2, its mean 1.25.
    expect(Math.max(...steps)).toBeLessThanOrEqual(2 + 1 / 15)
    expect(Math.min(...steps)).toBeGreaterThanOrEqual(0.5 - 1 / 15)
    const below = steps.filter((step) => step > 1 / 1.25).length
    expect(Math.abs(below - 300)).toBeLessThan(100)
  })

  test('without mirror none is mirrored', async () => {
    for (let seed = 0; seed < 20; seed++) {
      const { labels } = await augmentSample(gradient, { ...plain, mirror: false }, new Random(seed))
      expect(labels[0]!).toBeLessThan(labels[20]!)
    }
  })

  test('photometric: true stands for the published strengths', async () => {
    const [one, other] = await Promise.all(
      [true, referencePhotometric].map((photometric) =>
        augmentSample(gradient, { ...plain, photometric }, new Random(5)),
      ),
    )
    expect(one).toEqual(other)
  })

  test('is the same for a place, and another for another place', async () => {
    const options = { ...plain, photometric: true }
    const sample = { image: noise(60, 50, 2), labels: coordinates(60, 50).labels }
    const of = async (...place: (string | number)[]) =>
      Buffer.from((await augmentSample(sample, options, new Random(...place))).image.data).toString('hex')
    const first = await of(1, 'retrain', 0, 7)
    const mutex = new Mutex()
    const beside = await Promise.all(
      [8, 7].map((index) => augmentSample(sample, options, new Random(1, 'retrain', 0, index), { mutex })),
    )
    expect(Buffer.from(beside[1]!.image.data).toString('hex')).toBe(first)
    const others = await Promise.all([
      of(2, 'retrain', 0, 7),
      of(1, 'other', 0, 7),
      of(1, 'retrain', 1, 7),
      of(1, 'retrain', 0, 8),
    ])
    expect(new Set([first, ...others]).size).toBe(5)
  })

  test('light and colour change the picture alone, and not its padding', async () => {
    const sample = coordinates(40, 20)
    const options = { ...plain, size: 32, side: 16, ratio: [1, 1] as [number, number] }
    let changed = 0
    for (let seed = 0; seed < 64; seed++) {
      const bare = await augmentSample(sample, options, new Random(seed))
      const made = await augmentSample(sample, { ...options, photometric: true }, new Random(seed))
      expect([made.labels, made.confidence]).toEqual([bare.labels, bare.confidence])
      expect(made.image.data.subarray(16 * 32 * 3)).toEqual(bare.image.data.subarray(16 * 32 * 3))
      if (!Buffer.from(made.image.data).equals(bare.image.data)) changed++
    }
    // Nothing is changed where four coins say so: one in sixteen.
    expect(changed).toBeGreaterThan(48)
    expect(changed).toBeLessThan(64)
  })
})

describe('sizes', () => {
  test.each([
    [1, 1],
    [1, 255],
    [255, 1],
    [2, 3],
  ])('a picture of %i x %i pixels', async (width, height) => {
    for (let seed = 0; seed < 10; seed++) {
      const made = await augmentSample(coordinates(width, height), plain, new Random(seed))
      expectAligned(made as Required<Sample>, { width, height }, plain)
    }
  })

  test('at ratio 1 and the size of the input the picture is as it was', async () => {
    const sample = { image: noise(32, 32, 2), labels: coordinates(32, 32).labels }
    const options: SampleAugment = { ...plain, side: 32, ratio: [1, 1], mirror: false }
    expect(await augmentSample(sample, options, new Random(3))).toEqual(sample)
  })

  test('labels of 255 alone stay so', async () => {
    const sample = { image: noise(70, 60, 2), labels: new Uint8Array(70 * 60).fill(255) }
    const { labels } = await augmentSample(sample, plain, new Random(3))
    expect(labels).toEqual(new Uint8Array(32 * 32).fill(255))
  })
})

test('a signal stops it with its reason', async () => {
  const image: RawImage = noise(20, 20, 2)
  const signal = AbortSignal.abort(new Error('enough'))
  const sample = { image, labels: new Uint8Array(400) }
  await expect(augmentSample(sample, plain, new Random(0), { signal })).rejects.toThrow('enough')
})

test('the published recipe is plain data', () => {
  expect(JSON.parse(JSON.stringify([referenceSampleAugment, referencePhotometric]))).toEqual([
    { size: 480, side: 520, ratio: [0.5, 2], mostOfOneClass: 0.75, mirror: true, photometric: true },
    { brightness: 32, contrast: [0.5, 1.5], saturation: [0.5, 1.5], hue: 18 },
  ])
})
