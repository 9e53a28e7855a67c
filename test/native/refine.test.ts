import { describe, expect, test } from '@jest/globals'
import type {
  NativeDenseCrf,
  NativePamr,
  NativeRefined,
  NativeRefineRequest,
  NativeScoreMaps,
} from '../../lib/native/addon.js'
import { loadAddon } from '../../lib/native/load.js'
import { bruteForce, largestDifference, randomNumbers, smoothImage, softmax } from './denseCrfReference.js'
import { describeNative } from './models.js'

const refine = (request: NativeRefineRequest): Promise<NativeRefined> => loadAddon().refine(request).result

/** Kernels of no weight: the scores are softmax(-unary), from which the unary can be read. */
const nothing: NativeDenseCrf = { kind: 'crf', gaussian: [], bilateral: [], iterations: 0 }
const crf: NativeDenseCrf = {
  kind: 'crf',
  gaussian: [{ sxy: [3, 3], compat: 1 }],
  bilateral: [{ sxy: [20, 20], srgb: [15, 15, 15], compat: 2 }],
  iterations: 3,
}
const pamr: NativePamr = { kind: 'pamr', iterations: 3, dilations: [1, 2] }
const [height, width] = [6, 8]
const image = smoothImage(height, width, 1)
const base = { image, height, width, method: nothing, scores: true }

const numbers = (length: number, seed: number, of: (value: number) => number = (v) => v): Float32Array => {
  const random = randomNumbers(seed)
  return Float32Array.from({ length }, () => of(random()))
}
const maps = (channels: number, more: Partial<NativeScoreMaps> = {}, seed = 2): NativeScoreMaps => ({
  values: numbers(channels * height * width, seed),
  channels,
  height,
  width,
  ...more,
})

/** What a unary of these probabilities refines to without any kernel. */
const clipped = (probabilities: ArrayLike<number>, labels: number): Float64Array =>
  softmax(
    Float64Array.from(probabilities, (p) => -Math.log(Math.min(1, Math.max(1e-5, p)))),
    labels,
    probabilities.length / labels,
  )

const argmax = (values: ArrayLike<number>, labels: number): number[] => {
  const pixels = values.length / labels
  return Array.from({ length: pixels }, (_, p) => {
    let best = 0
    for (let l = 1; l < labels; l++) if (values[l * pixels + p]! > values[best * pixels + p]!) best = l
    return best
  })
}

describeNative('refinement: what the maps mean', () => {
  test('soft: -ln clip(p, 1e-5, 1), p not renormalised', async () => {
    const source = maps(3, { values: numbers(3 * 48, 3, (v) => v * 1.6 - 0.3) })
    const { scores, labels } = await refine({ ...base, source })
    expect(scores).toMatchObject({ dtype: 'float32', shape: [3, height, width] })
    expect(largestDifference(scores!.data as Float32Array, clipped(source.values, 3))).toBeLessThan(1e-6)
    expect([...labels]).toEqual(argmax(scores!.data as Float32Array, 3))
  })

  test('energies are taken as they are', async () => {
    const source = maps(3, { kind: 'energy', values: numbers(3 * 48, 4, (v) => v * 30 - 10) })
    const { scores } = await refine({ ...base, source })
    expect(largestDifference(scores!.data as Float32Array, softmax(source.values, 3, 48))).toBeLessThan(1e-6)
  })

  test.each<[NonNullable<NativeScoreMaps['background']>, (highest: number) => number]>([
    [{ threshold: 0.42 }, () => 0.42],
    [{ power: 3 }, (highest) => (1 - highest) ** 3],
    [{ power: 0.5 }, (highest) => Math.sqrt(1 - highest)],
  ])('a background in front: %j', async (background, of) => {
    const source = maps(2, { background })
    const { scores } = await refine({ ...base, source })
    const full = new Float64Array(3 * 48)
    full.set(source.values, 48)
    for (let p = 0; p < 48; p++) full[p] = of(Math.max(source.values[p]!, source.values[48 + p]!))
    expect(scores!.shape).toEqual([3, height, width])
    expect(largestDifference(scores!.data as Float32Array, clipped(full, 3))).toBeLessThan(2e-6)
  })

  test('scores above 1 leave no background, and nothing that is no number', async () => {
    const source = maps(1, { values: new Float32Array(48).fill(1.5), background: { power: 0.5 } })
    const { scores } = await refine({ ...base, source })
    const expected = clipped(
      Float64Array.from({ length: 96 }, (_, i) => (i < 48 ? 0 : 1)),
      2,
    )
    expect(largestDifference(scores!.data as Float32Array, expected)).toBeLessThan(1e-6)
  })

  /** -ln g on the label, -ln((1 - g) / (n - 1)) on the others, -ln(1 / n) where unsure: softmax gives g back. */
  const hard = (labels: ArrayLike<number>, count: number, g: number): Float64Array =>
    Float64Array.from({ length: count * labels.length }, (_, i) => {
      const label = labels[i % labels.length]!
      if (label >= count) return 1 / count
      return label === Math.floor(i / labels.length) ? g : (1 - g) / (count - 1)
    })

  test('hard: the highest label, the first of equal ones, with the given confidence', async () => {
    const values = numbers(3 * 48, 5, (v) => Math.floor(v * 4) / 4) // many are equal
    const { scores } = await refine({ ...base, source: maps(3, { values, unary: 'hard', gtProb: 0.8 }) })
    expect(largestDifference(scores!.data as Float32Array, hard(argmax(values, 3), 3, 0.8))).toBeLessThan(1e-6)
    const energies = values.map((v) => -v)
    const other = await refine({ ...base, source: maps(3, { values: energies, kind: 'energy', unary: 'hard' }) })
    expect(largestDifference(other.scores!.data as Float32Array, hard(argmax(values, 3), 3, 0.7))).toBeLessThan(1e-6)
  })

  test('hard with a background: it takes part before the choice', async () => {
    const source = maps(2, { background: { threshold: 0.5 }, unary: 'hard' })
    const full = [...new Float32Array(48).fill(0.5), ...source.values]
    const { scores } = await refine({ ...base, source })
    expect(largestDifference(scores!.data as Float32Array, hard(argmax(full, 3), 3, 0.7))).toBeLessThan(1e-6)
  })

  test.each([
    ['bytes, 255 unsure', Uint8Array, 255, 4],
    ['words, 65535 unsure', Uint16Array, 65535, 4],
    ['bytes, 255 a label', Uint8Array, 255, 256],
    ['300 labels', Uint16Array, 299, 300],
  ] as const)('a label map: %s', async (_, Kind, special, count) => {
    const labelMap = new Kind(48)
    for (let i = 0; i < 48; i++) labelMap[i] = i % 5 === 4 ? special : i % 4
    const { scores } = await refine({ ...base, source: { labelMap, labels: count, gtProb: 0.6 } })
    expect(largestDifference(scores!.data as Float32Array, hard(labelMap, count, 0.6))).toBeLessThan(2e-5)
  })

  test('65535 where the score is below the confidence', async () => {
    const source = maps(3)
    const { labels, scores } = await refine({ ...base, source, minConfidence: 0.5 })
    const values = scores!.data as Float32Array
    const expected = argmax(values, 3).map((label, p) => (values[label * 48 + p]! < 0.5 ? 65535 : label))
    expect(new Set(expected)).toContain(65535)
    expect([...labels]).toEqual(expected)
    const all = await refine({ ...base, source })
    expect(all.labels).not.toContain(65535)
  })

  test.each([false, true])('maps of another size are resized, bilinear; alignCorners %s', async (alignCorners) => {
    for (const [h, w] of [
      [3, 5],
      [11, 13],
      [1, 1],
      [6, 3],
    ] as const) {
      const values = numbers(2 * h * w, h + w)
      const source = { values, channels: 2, height: h, width: w, alignCorners, kind: 'energy' } as const
      const { scores } = await refine({ ...base, source })
      const resized = Float64Array.from({ length: 96 }, (_, i) =>
        bilinear(values, Math.floor(i / 48), [h, w], Math.floor((i % 48) / width), i % width, alignCorners),
      )
      expect(largestDifference(scores!.data as Float32Array, softmax(resized, 2, 48))).toBeLessThan(1e-6)
    }
  })

  test('one label in all: that is the result, and no CRF runs', async () => {
    const sources = [
      maps(1),
      maps(1, { kind: 'energy' }),
      { labelMap: new Uint8Array(48).fill(255).fill(0, 7), labels: 1 },
    ]
    for (const source of sources) {
      const { labels, scores, profile } = await refine({
        ...base,
        method: crf,
        source,
        minConfidence: 1,
        profile: true,
      })
      expect([...labels]).toEqual(Array(48).fill(0))
      expect([...(scores!.data as Float32Array)]).toEqual(Array(48).fill(1))
      expect(profile).toBeUndefined()
    }
  })

  test('the whole way, against all pairs of pixels', async () => {
    const source = maps(2, { background: { power: 2 } })
    const { scores } = await refine({ ...base, source, method: crf })
    const energies = Float64Array.from({ length: 3 * 48 }, (_, i) => {
      const [label, p] = [Math.floor(i / 48), i % 48]
      const highest = Math.max(source.values[p]!, source.values[48 + p]!)
      return -Math.log(Math.max(1e-5, label === 0 ? (1 - highest) ** 2 : source.values[i - 48]!))
    })
    const exact = bruteForce(image, { height, width, labels: 3 }, energies, crf)
    expect(largestDifference(scores!.data as Float32Array, exact)).toBeLessThan(0.25)
  })

  test('only what was asked for comes back', async () => {
    const result = await refine({ ...base, scores: false, source: maps(2) })
    expect(Object.keys(result)).toEqual(['labels'])
    expect(ArrayBuffer.isView(result.labels)).toBe(true)
    expect(Object.prototype.toString.call(result.labels)).toBe('[object Uint16Array]')
  })
})

describeNative('refinement by pixel-adaptive affinity', () => {
  const scoresOf = async (source: NativeRefineRequest['source'], method: NativePamr) =>
    (await refine({ ...base, method, source })).scores!.data as Float32Array

  test('begins with the maps: probabilities as they are, labels one-hot, all alike where unsure', async () => {
    const none = { ...pamr, iterations: 0 }
    const source = maps(2, { background: { power: 2 } })
    const full = Float32Array.from({ length: 144 }, (_, i) =>
      i < 48 ? (1 - Math.max(source.values[i]!, source.values[i + 48]!)) ** 2 : source.values[i - 48]!,
    )
    expect(largestDifference(await scoresOf(source, none), full)).toBeLessThan(1e-6)
    const energies = maps(2, { kind: 'energy' })
    expect(
      largestDifference(
        await scoresOf(energies, none),
        energies.values.map((e) => Math.exp(-e)),
      ),
    ).toBeLessThan(1e-6)
    const chosen = argmax(full, 3)
    const oneHot = (labels: ArrayLike<number>) =>
      Float32Array.from({ length: 3 * 48 }, (_, i) =>
        labels[i % 48]! > 3 ? 1 / 3 : Number(labels[i % 48] === Math.floor(i / 48)),
      )
    expect(await scoresOf({ ...source, unary: 'hard' }, none)).toEqual(oneHot(chosen))
    const labelMap = Uint8Array.from(chosen, (label, i) => (i % 7 === 0 ? 255 : label))
    expect(await scoresOf({ labelMap, labels: 3 }, none)).toEqual(oneHot(labelMap))
  })

  test('its weights are a mean: constants stay, sums stay, and all values lie between the extremes', async () => {
    const constant = await scoresOf(maps(2, { values: new Float32Array(96).fill(0.3) }), pamr)
    expect(largestDifference(constant, new Float32Array(96).fill(0.3))).toBeLessThan(1e-6)
    const labelMap = Uint8Array.from({ length: 48 }, (_, i) => i % 3)
    const refined = await scoresOf({ labelMap, labels: 3 }, pamr)
    const sums = Float64Array.from({ length: 48 }, (_, p) => refined[p]! + refined[48 + p]! + refined[96 + p]!)
    expect(largestDifference(sums, new Float64Array(48).fill(1))).toBeLessThan(2e-6)
    expect(Math.max(...refined)).toBeLessThan(1)
  })

  test('has the same limits as the CRF: no profile, memory, interruption', async () => {
    expect((await refine({ ...base, source: maps(3), method: pamr, profile: true })).profile).toBeUndefined()
    const limited = refine({ ...base, source: maps(3), method: pamr, memoryLimit: 1000 })
    await expect(limited).rejects.toMatchObject({ code: 'SEMPLES_MEMORY_LIMIT', expected: 'at most 1000 bytes' })
    const running = loadAddon().refine({ ...base, source: maps(3), method: { ...pamr, iterations: 1e6 } })
    setTimeout(() => running.interrupt(), 1)
    await expect(running.result).rejects.toMatchObject({ code: 'SEMPLES_INTERRUPTED' })
  })
})

describeNative('refinement: buffers', () => {
  const source = maps(3)
  const expected = async () => (await refine({ ...base, method: crf, source })).scores!.data as Float32Array

  test('views at odd offsets', async () => {
    const bytes = new Uint8Array(image.length + 20)
    bytes.set(image, 7)
    const floats = new Float32Array(source.values.length + 9)
    floats.set(source.values, 3)
    const { scores } = await refine({
      ...base,
      method: crf,
      image: bytes.subarray(7, 7 + image.length),
      source: { ...source, values: floats.subarray(3, 3 + source.values.length) },
    })
    expect(scores!.data).toEqual(await expected())
  })

  test('may be shared, overwritten or transferred the moment the call has returned', async () => {
    const shared = new Uint8Array(new SharedArrayBuffer(image.length))
    shared.set(image)
    const values = source.values.slice()
    const running = loadAddon().refine({ ...base, method: crf, image: shared, source: { ...source, values } })
    shared.fill(0)
    structuredClone(values, { transfer: [values.buffer] })
    expect((await running.result).scores!.data).toEqual(await expected())
    expect(() => loadAddon().refine({ ...base, source: { ...source, values } })).toThrow(
      expect.objectContaining({ code: 'SEMPLES_ARGUMENT_INVALID', field: 'source.values' }),
    )
  })
})

describeNative('refinement: refusals', () => {
  const source = maps(3)
  const request: NativeRefineRequest = { ...base, method: crf, source }
  const labelMap = { labelMap: new Uint16Array(48), labels: 4 }
  const background = { threshold: 0.3 }
  const kernel = crf.bilateral[0]!

  test.each<[field: string, value: string | undefined, changes: object]>([
    ['request', undefined, null as never],
    ['image', '12 bytes', { image: new Uint8Array(12) }],
    ['image', 'an array of 2', { image: [1, 2] }],
    ['height', '0', { height: 0 }],
    ['width', '2.5', { width: 2.5 }],
    ['threads', '0', { threads: 0 }],
    ['threads', '257', { threads: 257 }],
    ['memoryLimit', '-1', { memoryLimit: -1 }],
    ['minConfidence', '1.5', { minConfidence: 1.5 }],
    ['minConfidence', 'NaN', { minConfidence: Number.NaN }],
    ['scores', '1', { scores: 1 }],
    ['device', '7', { device: 7 }],
    ['source', 'undefined', { source: undefined }],
    ['source.values', '572 bytes', { source: { ...source, values: source.values.slice(1) } }],
    ['source.values', 'Float64Array of 144', { source: { ...source, values: new Float64Array(144) } }],
    ['source.channels', '0', { source: { ...source, channels: 0 } }],
    ['source.channels', '512', { source: { ...source, channels: 512 } }],
    ['source.channels', '511', { source: { ...source, channels: 511, background } }],
    ['source.height', 'undefined', { source: { ...source, height: undefined } }],
    ['source.kind', '"logits"', { source: { ...source, kind: 'logits' } }],
    ['source.unary', '"firm"', { source: { ...source, unary: 'firm' } }],
    ['source.alignCorners', '"no"', { source: { ...source, alignCorners: 'no' } }],
    ['source.gtProb', '0', { source: { ...source, gtProb: 0 } }],
    ['source.gtProb', '1', { source: { ...source, gtProb: 1 } }],
    ['source.background', 'an object', { source: { ...source, background: {} } }],
    ['source.background', 'an object', { source: { ...source, background: { ...background, power: 1 } } }],
    ['source.background', 'kind: energy', { source: { ...source, kind: 'energy', background } }],
    ['source.background.threshold', '2', { source: { ...source, background: { threshold: 2 } } }],
    ['source.background.power', '-1', { source: { ...source, background: { power: -1 } } }],
    ['source.labelMap', '94 bytes', { source: { ...labelMap, labelMap: new Uint16Array(47) } }],
    ['source.labelMap', 'Int32Array of 48', { source: { ...labelMap, labelMap: new Int32Array(48) } }],
    ['source.labels', 'undefined', { source: { ...labelMap, labels: undefined } }],
    ['method', 'undefined', { method: undefined }],
    ['method.kind', '"gcn"', { method: { ...crf, kind: 'gcn' } }],
    ['method.iterations', '-1', { method: { ...crf, iterations: -1 } }],
    ['method.iterations', 'undefined', { method: { ...crf, iterations: undefined } }],
    ['method.dilations', 'an array of 0', { method: { ...pamr, dilations: [] } }],
    ['method.dilations', 'an array of 17', { method: { ...pamr, dilations: Array(17).fill(1) } }],
    ['method.dilations[1]', '0', { method: { ...pamr, dilations: [1, 0] } }],
    ['method.normalization', '"both"', { method: { ...crf, normalization: 'both' } }],
    ['method.gaussian', 'an object', { method: { ...crf, gaussian: {} } }],
    ['method.gaussian[0]', '3', { method: { ...crf, gaussian: [3] } }],
    ['method.gaussian[0].sxy', 'an array of 1', { method: { ...crf, gaussian: [{ ...kernel, sxy: [1] }] } }],
    ['method.bilateral[1].srgb[2]', '0', { method: { ...crf, bilateral: [kernel, { ...kernel, srgb: [1, 1, 0] }] } }],
    [
      'method.bilateral[0].compat',
      'Infinity',
      { method: { ...crf, bilateral: [{ ...kernel, compat: Number.POSITIVE_INFINITY }] } },
    ],
    [
      'method.bilateral[0].compat',
      '16 bytes',
      { method: { ...crf, bilateral: [{ ...kernel, compat: new Float32Array(4) }] } },
    ],
    [
      'method.bilateral[0].compat',
      'nan at 4',
      { method: { ...crf, bilateral: [{ ...kernel, compat: new Float32Array(9).fill(Number.NaN, 4) }] } },
    ],
  ])('%s: %s', (field, value, changes) => {
    const wrong = (changes === null ? 7 : { ...request, ...changes }) as NativeRefineRequest
    const refusal = value === undefined ? { field } : { field, value }
    expect(() => loadAddon().refine(wrong)).toThrow(
      expect.objectContaining({ code: 'SEMPLES_ARGUMENT_INVALID', expected: expect.any(String), ...refusal }),
    )
  })

  test.each([
    ['dense_crf', 'cuda', crf],
    ['dense_crf', 'cuda:1', crf],
    ['pamr', 'cuda', pamr],
    ['pamr', 'meta', pamr],
  ])('%s on %s, for which it has no kernel', (operator, device, method) => {
    expect(() => loadAddon().refine({ ...request, method, device })).toThrow(
      expect.objectContaining({
        code: 'SEMPLES_DEVICE_UNAVAILABLE',
        message: expect.stringContaining(operator),
        field: 'device',
        value: device,
        expected: 'cpu',
      }),
    )
  })

  test.each(['auto', 'gpu'])('a device that there is not: "%s"', (device) => {
    expect(() => loadAddon().refine({ ...request, device })).toThrow(
      expect.objectContaining({ code: 'SEMPLES_CONFIG_INVALID', field: 'device', value: device }),
    )
  })

  test.each<[number, string]>([
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
    [Number.NEGATIVE_INFINITY, '-Infinity'],
  ])('a score that is %s', async (number, text) => {
    const values = source.values.slice()
    values[2 * 48 + 3 * width + 1] = number
    const refusal = { code: 'SEMPLES_ARGUMENT_INVALID', field: 'source.values', value: `${text} at [2, 3, 1]` }
    for (const method of [crf, pamr]) {
      await expect(refine({ ...request, method, source: { ...source, values } })).rejects.toMatchObject(refusal)
    }
    const single = { ...source, channels: 1, values: values.slice(96) }
    await expect(refine({ ...request, source: single })).rejects.toMatchObject({ field: 'source.values' })
  })

  test('a label that there is not', async () => {
    const at = (Kind: typeof Uint8Array | typeof Uint16Array, label: number, labels: number) => {
      const map = new Kind(48)
      map[19] = label
      return refine({ ...request, source: { labelMap: map, labels } })
    }
    const refusal = { code: 'SEMPLES_ARGUMENT_INVALID', field: 'source.labelMap' }
    await expect(at(Uint8Array, 4, 4)).rejects.toMatchObject({ ...refusal, value: '4 at [2, 3]' })
    await expect(at(Uint16Array, 255, 4)).rejects.toMatchObject({ ...refusal, expected: 'labels below 4, or 65535' })
    await expect(at(Uint8Array, 255, 4)).resolves.toBeDefined()
  })

  test('deviations that lattice coordinates are too coarse for', async () => {
    const method = { ...crf, gaussian: [{ sxy: [1e-7, 1] as [number, number], compat: 1 }] }
    await expect(refine({ ...request, method })).rejects.toMatchObject({
      code: 'SEMPLES_ARGUMENT_INVALID',
      field: 'method',
      message: expect.stringContaining('standard deviations are too small'),
    })
  })

  test.each([
    ['before anything is computed', 1000],
    ['once the need is known', 7500],
  ])('more memory than it may have: %s', async (_, memoryLimit) => {
    const failure = await refine({ ...request, memoryLimit }).catch((error: unknown) => error)
    expect(failure).toMatchObject({
      code: 'SEMPLES_MEMORY_LIMIT',
      field: 'memoryLimit',
      expected: `at most ${memoryLimit} bytes`,
    })
    const need = Number.parseInt((failure as { value: string }).value, 10)
    expect(need).toBeGreaterThan(memoryLimit)
    expect(need).toBeLessThanOrEqual(
      loadAddon().denseCrfBytes({ height, width, labels: 3, gaussian: 1, bilateral: 1, threads: 1 }),
    )
  })

  test('with as much as it says, it works', async () => {
    const { profile } = await refine({ ...request, profile: true })
    await expect(refine({ ...request, memoryLimit: profile!.bytes })).resolves.toBeDefined()
    await expect(refine({ ...request, memoryLimit: profile!.bytes - 1 })).rejects.toMatchObject({
      code: 'SEMPLES_MEMORY_LIMIT',
      value: `${profile!.bytes} bytes needed`,
    })
  })

  test('sizes of an estimate', () => {
    const size = { height: 4, width: 4, labels: 3, gaussian: 1, bilateral: 1, threads: 1 }
    for (const changes of [{ labels: 512 }, { gaussian: -1 }, { threads: 0 }, { width: undefined as never }]) {
      expect(() => loadAddon().denseCrfBytes({ ...size, ...changes })).toThrow(
        expect.objectContaining({ code: 'SEMPLES_ARGUMENT_INVALID', field: Object.keys(changes)[0] }),
      )
    }
  })
})

describe('the formula that resizing is held against', () => {
  test('is the interpolation of a 2 x 2 square', () => {
    expect(bilinear(Float32Array.of(0, 1, 2, 3), 0, [2, 2], 0, 3, true)).toBeCloseTo(3 / 7)
  })
})

/** One value of a map [h, w] resized to the picture: centres of pixels meet, or with `corners` those of the corners. */
function bilinear(
  values: Float32Array,
  channel: number,
  [h, w]: readonly [number, number],
  row: number,
  column: number,
  corners: boolean,
): number {
  const from = (index: number, size: number, target: number) =>
    corners ? (index * (size - 1)) / (target - 1) : Math.max(0, ((index + 0.5) * size) / target - 0.5)
  const [y, x] = [from(row, h, height), from(column, w, width)]
  const [top, left] = [Math.floor(y), Math.floor(x)]
  const at = (i: number, j: number) => values[channel * h * w + Math.min(i, h - 1) * w + Math.min(j, w - 1)]!
  const [down, right] = [y - top, x - left]
  return (
    (at(top, left) * (1 - right) + at(top, left + 1) * right) * (1 - down) +
    (at(top + 1, left) * (1 - right) + at(top + 1, left + 1) * right) * down
  )
}
