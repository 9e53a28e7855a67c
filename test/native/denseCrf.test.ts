import { describe, expect, test } from '@jest/globals'
import type { NativeCrfFilter, NativeDenseCrf, NativeRefined, NativeRefineRequest } from '../../lib/native/addon.js'
import { loadAddon } from '../../lib/native/load.js'
import {
  bruteForce,
  kernelMatrix,
  largestDifference,
  meanDifference,
  randomNumbers,
  smoothImage,
  softmax,
} from './denseCrfReference.js'
import { describeNative, float32 } from './models.js'

const refine = (request: NativeRefineRequest): Promise<NativeRefined> => loadAddon().refine(request).result

/** Q of energies, as float32 [labels, pixels]. */
async function inference(
  image: Uint8Array,
  [height, width]: [number, number],
  energies: Float32Array,
  method: NativeDenseCrf,
  more: Partial<NativeRefineRequest> = {},
): Promise<Float32Array> {
  const channels = energies.length / height / width
  const source = { values: energies, channels, height, width, kind: 'energy' } as const
  const { scores } = await refine({ image, height, width, source, method, scores: true, ...more })
  expect(scores!.shape).toEqual([channels, height, width])
  return scores!.data as Float32Array
}

const energiesOf = (labels: number, pixels: number, seed: number, scale = 2): Float32Array => {
  const random = randomNumbers(seed)
  return Float32Array.from({ length: labels * pixels }, () => random() * scale)
}

const both = (changes: Partial<NativeDenseCrf> = {}, weights = [1, 2]): NativeDenseCrf => ({
  kind: 'crf',
  gaussian: [{ sxy: [3, 3], compat: weights[0]! }],
  bilateral: [{ sxy: [20, 20], srgb: [15, 15, 15], compat: weights[1]! }],
  iterations: 5,
  ...changes,
})

/** One kernel, applied. */
async function filtered(filter: NativeCrfFilter): Promise<Float32Array> {
  return (await loadAddon().inspection.crfFilter(filter)).data as Float32Array
}

describeNative('dense CRF', () => {
  // The lattice blurs with (1, 2, 1) / 4 along d + 1 axes what should be a Gaussian, and spreads a pixel over d + 1
  // points. On these pictures of noise Q then differs from that of all pairs by less than 0.25 at the worst pixel (where
  // two labels are nearly alike, and each iteration adds to the difference) and by less than 0.02 on the mean.
  test.each<[string, NativeDenseCrf]>([
    ['symmetric', both()],
    ['before', both({ normalization: 'before' })],
    ['after', both({ normalization: 'after' })],
    ['none', both({ normalization: 'none' }, [0.05, 0.02])],
    ['positions alone, not square', { ...both(), gaussian: [{ sxy: [2, 5], compat: 4 }], bilateral: [] }],
    [
      'a full matrix',
      both({
        gaussian: [{ sxy: [3, 3], compat: Float32Array.of(-3, 1, 0, 2, -3, 0.5, 0, 0, -3) }],
      }),
    ],
  ])('is near the inference with all pairs of pixels: %s', async (_, method) => {
    for (const [height, width, seed] of [
      [24, 24, 1],
      [17, 24, 2],
      [24, 9, 3],
    ] as const) {
      const image = smoothImage(height, width, seed)
      const energies = energiesOf(3, height * width, seed + 10)
      const q = await inference(image, [height, width], energies, method)
      const exact = bruteForce(image, { height, width, labels: 3 }, energies, method)
      expect(largestDifference(q, exact)).toBeLessThan(0.25)
      expect(meanDifference(q, exact)).toBeLessThan(0.02)
      // Far nearer than what it started from.
      expect(meanDifference(q, exact)).toBeLessThan(meanDifference(softmax(energies, 3, height * width), exact) / 2)
    }
  })

  test('so is one application of a kernel: within a fifth of the largest value', async () => {
    const [height, width] = [20, 24]
    const image = smoothImage(height, width, 22)
    const random = randomNumbers(23)
    const values = float32([1, height, width], () => random())
    for (const srgb of [undefined, [25, 25, 25] as [number, number, number]]) {
      const kernel = { sxy: [4, 4] as [number, number], srgb }
      for (const normalization of ['symmetric', 'before', 'after'] as const) {
        const filter = { ...kernel, image, height, width, normalization, reversed: false, values }
        const seen = await filtered(filter)
        const gram = kernelMatrix(image, { height, width }, kernel, normalization)
        const exact = Float64Array.from(seen, (_, i) => dot(gram.subarray(i * 480, (i + 1) * 480), values.data))
        expect(largestDifference(seen, exact)).toBeLessThan(0.2 * Math.max(...exact))
      }
    }
  })

  test("the filter is linear and its reverse is its transpose: <u, K v> = <K' u, v>", async () => {
    const [height, width] = [40, 52]
    const image = smoothImage(height, width, 4)
    const shape = [2, height, width]
    const [a, b] = [randomNumbers(5), randomNumbers(6)]
    const [u, v] = [float32(shape, () => a()), float32(shape, () => b())]
    const pairs = [
      ['symmetric', 'symmetric'],
      ['none', 'none'],
      ['after', 'before'],
      ['before', 'after'],
    ] as const
    for (const srgb of [undefined, [12, 12, 12] as [number, number, number]]) {
      for (const [forward, backward] of pairs) {
        const kernel = { image, height, width, sxy: [6, 4] as [number, number], srgb }
        const [kv, ku] = await Promise.all([
          filtered({ ...kernel, normalization: forward, reversed: false, values: v }),
          filtered({ ...kernel, normalization: backward, reversed: true, values: u }),
        ])
        const left = dot(u.data, kv)
        expect(left).toBeGreaterThan(1)
        expect(Math.abs(left - dot(ku, v.data)) / left).toBeLessThan(1e-5)
      }
    }
  })

  test("with normalisation 'after' a constant stays that constant, with 'none' it does not", async () => {
    const [height, width] = [31, 44]
    const kernel = { image: smoothImage(height, width, 7), height, width, sxy: [9, 9] as [number, number] }
    const values = float32([1, height, width], 0.7)
    for (const srgb of [undefined, [10, 10, 10] as [number, number, number]]) {
      const filter = (normalization: 'after' | 'none') =>
        filtered({ ...kernel, srgb, normalization, reversed: false, values })
      const same = await filter('after')
      expect(largestDifference(same, values.data as Float32Array)).toBeLessThan(1e-5)
      const other = await filter('none')
      expect(largestDifference(other, values.data as Float32Array)).toBeGreaterThan(0.1)
    }
  })

  test.each([2, 3, 5, 21, 40, 300])('%d labels: their order does not matter, and Q sums to 1', async (labels) => {
    const size: [number, number] = labels > 100 ? [12, 17] : [24, 33]
    const pixels = size[0] * size[1]
    const image = smoothImage(...size, 8)
    const energies = energiesOf(labels, pixels, 9, 3)
    const random = randomNumbers(labels)
    const order = Array.from({ length: labels }, (_, i) => ({ i, key: random() })).sort((a, b) => a.key - b.key)
    const shuffled = new Float32Array(energies.length)
    for (const [to, { i }] of order.entries()) {
      shuffled.set(energies.subarray(i * pixels, (i + 1) * pixels), to * pixels)
    }
    const [q, other] = [await inference(image, size, energies, both()), await inference(image, size, shuffled, both())]
    const plane = (values: Float32Array, l: number) => Buffer.from(values.slice(l * pixels, (l + 1) * pixels).buffer)
    expect(order.every(({ i }, to) => plane(q, i).equals(plane(other, to)))).toBe(true)
    const sums = new Float64Array(pixels)
    for (const [i, value] of q.entries()) sums[i % pixels]! += value
    expect(largestDifference(sums, new Float64Array(pixels).fill(1))).toBeLessThan(2e-6)
  })

  test.each<[string, NativeDenseCrf]>([
    ['kernels of no weight', both({}, [0, 0])],
    ['no iterations', both({ iterations: 0 })],
    ['no kernels', both({ gaussian: [], bilateral: [] })],
  ])('%s: Q is softmax(-energies)', async (_, method) => {
    const energies = energiesOf(4, 15 * 20, 11)
    const q = await inference(smoothImage(15, 20, 12), [15, 20], energies, method)
    expect(largestDifference(q, softmax(energies, 4, 300))).toBeLessThan(1e-6)
  })

  test('a matrix that rewards the same label alone is that Potts weight', async () => {
    const energies = energiesOf(3, 400, 13)
    const image = smoothImage(20, 20, 14)
    const matrix = Float32Array.of(-2, 0, 0, 0, -2, 0, 0, 0, -2)
    const gaussian = (compat: number | Float32Array) => both({ gaussian: [{ sxy: [3, 3], compat }] })
    const [potts, full] = [
      await inference(image, [20, 20], energies, gaussian(2)),
      await inference(image, [20, 20], energies, gaussian(matrix)),
    ]
    expect(largestDifference(potts, full)).toBeLessThan(1e-5)
    expect(largestDifference(potts, await inference(image, [20, 20], energies, gaussian(1)))).toBeGreaterThan(1e-3)
  })

  test('threads change nothing but the order of sums', async () => {
    const size: [number, number] = [150, 160]
    const image = smoothImage(...size, 15)
    const energies = energiesOf(3, 150 * 160, 16)
    const one = await inference(image, size, energies, both())
    for (const threads of [2, 3, 8]) {
      expect(largestDifference(one, await inference(image, size, energies, both(), { threads }))).toBeLessThan(1e-3)
    }
  })

  test('a larger picture around it, of another colour: what is far away keeps its labels', async () => {
    // Translation: the same scene 5 pixels further right and 3 further down, on a plain ground.
    const scene = async (top: number, left: number) => {
      const [height, width] = [60, 60]
      const image = new Uint8Array(height * width * 3).fill(200)
      const energies = new Float32Array(2 * height * width)
      const [patch, random] = [smoothImage(20, 20, 17), randomNumbers(18)]
      energies.fill(2, height * width)
      for (let i = 0; i < 400; i++) {
        const place = (top + Math.floor(i / 20)) * width + left + (i % 20)
        for (let c = 0; c < 3; c++) image[place * 3 + c] = patch[i * 3 + c]! / 2
        energies[height * width + place] = 2 * random()
        energies[place] = 2 * random()
      }
      const q = await inference(image, [height, width], energies, both())
      return Float32Array.from({ length: 400 }, (_, i) => q[(top + Math.floor(i / 20)) * width + left + (i % 20)]!)
    }
    const [first, moved] = [await scene(18, 17), await scene(21, 22)]
    // Twice the lattice's own error.
    expect(largestDifference(first, moved)).toBeLessThan(0.24)
    expect(first.filter((value, i) => value > 0.5 !== moved[i]! > 0.5).length).toBeLessThan(20)
  })

  describe('sizes', () => {
    test.each<[number, number]>([
      [1, 1],
      [1, 7],
      [9, 1],
      [2, 2],
      [33, 65],
    ])('%d x %d', async (height, width) => {
      for (const labels of [1, 2, 4, 5, 9, 17, 25, 33, 65, 129]) {
        const energies = energiesOf(labels, height * width, labels)
        const q = await inference(smoothImage(height, width, 19), [height, width], energies, both())
        const sums = new Float64Array(height * width)
        for (const [i, value] of q.entries()) sums[i % sums.length]! += value
        expect(largestDifference(sums, new Float64Array(sums.length).fill(1))).toBeLessThan(2e-6)
      }
    })
  })

  test('the profile says where the time went, and the estimate bounds its bytes', async () => {
    const size = { height: 48, width: 64, labels: 3, gaussian: 1, bilateral: 1, threads: 1 }
    const energies = energiesOf(3, 48 * 64, 20)
    const source = { values: energies, channels: 3, height: 48, width: 64, kind: 'energy' } as const
    const { profile } = await refine({
      image: smoothImage(48, 64, 21),
      height: 48,
      width: 64,
      source,
      method: both(),
      profile: true,
    })
    expect(profile!.points).toBeGreaterThan(6)
    expect(profile!.points).toBeLessThanOrEqual(48 * 64 * 6)
    expect(Math.min(profile!.lattice, profile!.pixels, profile!.blur)).toBeGreaterThan(0)
    const most = loadAddon().denseCrfBytes(size)
    expect(profile!.bytes).toBeGreaterThan(48 * 64 * 3 * 4)
    expect(profile!.bytes).toBeLessThan(most)
    expect(loadAddon().denseCrfBytes({ ...size, labels: 30 })).toBeGreaterThan(2 * most)
  })
})

function dot(a: ArrayLike<number | bigint>, b: ArrayLike<number | bigint>): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += Number(a[i]) * Number(b[i])
  return sum
}
