import { describe, expect, test } from '@jest/globals'
import { refineMask } from '../../lib/index.js'
import { defaultMemoryLimit } from '../../lib/refine/refinePicture.js'
import { rejection } from '../config/refusal.js'
import { halves } from './halves.js'

const { image, truth, noisy, cams } = halves()
const { width, height } = image
const bilateral = { sxy: 40, srgb: 10, compat: 10 }

test('labels follow the edges of the picture', async () => {
  expect(noisy.data).not.toEqual(truth)
  const { mask, classes, scores, ms } = await refineMask({ image, labels: noisy, bilateral })
  expect(mask).toEqual({ width, height, data: truth })
  expect([classes, scores]).toEqual([[0, 7], undefined])
  expect(ms).toBeGreaterThan(0)
})

test.each(['crf', 'pamr'] as const)('CAMs too, by %s', async (method) => {
  const own = method === 'crf' ? { bilateral } : { dilations: [1, 2, 3, 4, 6] }
  const { mask } = await refineMask({ image, scores: cams, classes: [7], method, threshold: 0.5, ...own })
  expect(mask.data).toEqual(truth)
})

test.each(['crf', 'pamr'] as const)('a picture that shows no class is background, by %s', async (method) => {
  const { mask, classes } = await refineMask({ image, scores: new Float32Array(0), classes: [], method })
  expect(classes).toEqual([0])
  expect(mask).toEqual({ width, height, data: new Uint8Array(width * height) })
  const error = await rejection(refineMask({ image, scores: cams, classes: [], method }))
  expect([error.code, error.value]).toEqual(['SEMPLES_REFINE_INPUT', []])
})

describe('scores', () => {
  test('sum to one, and the mask is where they are highest', async () => {
    const { mask, scores } = await refineMask({ image, scores: cams, classes: [7], preset: 'psa', withScores: true })
    expect([scores!.dtype, scores!.shape]).toEqual(['float32', [2, height, width]])
    const q = scores!.data as Float32Array
    for (let pixel = 0; pixel < truth.length; pixel++) {
      expect(Math.abs(q[pixel]! + q[truth.length + pixel]! - 1)).toBeLessThan(1e-5)
      expect(mask.data[pixel]).toBe(q[truth.length + pixel]! > q[pixel]! ? 7 : 0)
    }
  })

  test('below the confidence make a pixel void', async () => {
    const settings = { image, scores: cams, classes: [7], preset: 'psa', iterations: 1 } as const
    const { scores, mask: all } = await refineMask({ ...settings, withScores: true })
    const q = scores!.data as Float32Array
    const highest = Float32Array.from(truth, (_, pixel) => Math.max(q[pixel]!, q[truth.length + pixel]!))
    const confidence = [...highest].sort((one, other) => one - other)[Math.floor(highest.length / 2)]! + 1e-6
    const { mask } = await refineMask({ ...settings, confidence })
    expect(mask.data).toEqual(all.data.map((id, pixel) => (highest[pixel]! < confidence ? 255 : id)))
    expect(new Set(mask.data).has(255)).toBe(true)
  })

  test('may come as energies', async () => {
    const probabilities = Float32Array.from([...cams.map((score) => 1 - score), ...cams])
    const energies = probabilities.map((score) => -Math.log(score))
    const common = { image, classes: [0, 7], preset: 'psa', withScores: true } as const
    const one = await refineMask({ ...common, scores: probabilities })
    const other = await refineMask({ ...common, scores: energies, values: 'energies' })
    const [p, e] = [one, other].map(({ scores }) => scores!.data as Float32Array)
    expect(Math.max(...p!.map((value, index) => Math.abs(value - e![index]!)))).toBeLessThan(1e-5)
  })

  test('of one class alone leave nothing to refine', async () => {
    const { mask } = await refineMask({ image, scores: cams, classes: [0] })
    expect(mask.data).toEqual(new Uint8Array(width * height))
  })
})

test('no iteration leaves labels as they were', async () => {
  const { mask } = await refineMask({ image, labels: noisy, iterations: 0 })
  expect(mask.data).toEqual(noisy.data)
})

describe('refuses', () => {
  test.each([
    ['NaN', Number.NaN],
    ['infinity', Number.POSITIVE_INFINITY],
  ])('%s in scores', async (_, value) => {
    const scores = cams.slice()
    scores[100] = value
    expect(await rejection(refineMask({ image, scores, classes: [7] }))).toMatchObject({
      code: 'SEMPLES_ARGUMENT_INVALID',
    })
  })

  test('a matrix for another number of labels', async () => {
    const compat = [
      [0, 1, 2],
      [1, 0, 2],
      [1, 2, 0],
    ]
    const error = await rejection(refineMask({ image, labels: noisy, bilateral: { ...bilateral, compat } }))
    expect(error).toMatchObject({ code: 'SEMPLES_REFINE_INPUT', field: 'compat', value: 7 })
  })

  test('more memory than it may take, and says how much it needs', async () => {
    const error = await rejection(refineMask({ image, labels: noisy, memoryLimit: 1000 }))
    expect(error.code).toBe('SEMPLES_MEMORY_LIMIT')
    expect(error.hint).toContain('memoryLimit')
    expect(error.value).toBe('1 MiB needed')
  })

  test('the default is half of what is free; where the system does not tell, there is no limit', () => {
    expect([2048, 1, 0].map((free) => defaultMemoryLimit(free))).toEqual([1024, 1, Number.MAX_SAFE_INTEGER])
  })

  test.each(['threads', 'memoryLimit'])('%s of 0', async (field) => {
    expect(await rejection(refineMask({ image, labels: noisy, [field]: 0 }))).toMatchObject({
      code: 'SEMPLES_CONFIG_INVALID',
      field,
    })
  })

  test('a device without kernels', async () => {
    const options = { image, labels: noisy, device: 'cuda' } as const
    expect(await rejection(refineMask(options))).toMatchObject({ code: 'SEMPLES_DEVICE_UNAVAILABLE', field: 'device' })
    // Before the picture is read, of which there is none.
    const absent = { image: 'absent.jpg', labels: 'absent.png', device: 'cuda:3' } as const
    expect(await rejection(refineMask(absent))).toMatchObject({ code: 'SEMPLES_DEVICE_UNAVAILABLE', value: 'cuda:3' })
    expect(await rejection(refineMask({ ...options, device: 'auto' as never }))).toMatchObject({
      code: 'SEMPLES_CONFIG_INVALID',
      field: 'device',
    })
    const { mask } = await refineMask({ ...options, device: 'cpu' })
    expect(mask).toEqual((await refineMask({ image, labels: noisy })).mask)
  })

  test('to go on after an abort, before and amid', async () => {
    const aborted = AbortSignal.abort(new Error('enough'))
    await expect(refineMask({ image, labels: noisy, signal: aborted })).rejects.toThrow('enough')
    const large = halves(1600, 1200)
    const controller = new AbortController()
    const working = refineMask({ image: large.image, labels: large.noisy, iterations: 1000, signal: controller.signal })
    setTimeout(() => controller.abort(new Error('enough')), 50)
    await expect(working).rejects.toThrow('enough')
  })
})
