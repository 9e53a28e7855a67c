import { beforeAll, describe, expect, test } from '@jest/globals'
import type { TensorData } from '../../lib/base/tensor.js'
import { chooseCompute } from '../../lib/models/devices.js'
import { MaskGenerator } from '../../lib/models/maskGenerator.js'
import { Trainer } from '../../lib/models/trainer.js'
import { loadAddon } from '../../lib/native/load.js'
import { rejection } from '../config/refusal.js'
import { expectClose } from '../support/close.js'
import { toNumbers } from '../support/numbers.js'
import { pictures, randomCnn } from './cnnReference.js'
import { describeNative, differences, float32, hasNative } from './models.js'

beforeAll(async () => {
  if (hasNative) await chooseCompute('cpu', 1)
})

const images = pictures(2, 48, 80)
const labels = Uint8Array.of(1, 0, 0, 0, 1, 1)
const config = { kind: 'cnn', backbone: 'efficientnet-lite0', width: 0.25, classes: 3, seed: 8 } as const

interface Shape {
  maskEpsilon?: number
  maskGain?: number
  maskCentre?: number
}

async function step(shape: Shape) {
  const { generator } = await randomCnn(config)
  const trainer = await Trainer.create({ generator, terms: { area: 1 }, trains: 'all', ...shape })
  const result = await trainer.step({ images, labels, learningRate: 1e-3, details: true })
  return { ...result, after: await generator.state() }
}

/** Mean mask of maps [B, C, h, w], and its gradient for every number of the maps: by hand, in float64. */
function meanMask(maps: TensorData, { maskEpsilon = 0.1, maskGain = 0, maskCentre = 0.5 }: Shape) {
  const values = toNumbers(maps)
  const cells = maps.shape[2]! * maps.shape[3]!
  const gradient = new Float64Array(values.length)
  let mean = 0
  for (let start = 0; start < values.length; start += cells) {
    const own = values.subarray(start, start + cells)
    const [lowest, highest] = [own.indexOf(Math.min(...own)), own.indexOf(Math.max(...own))]
    const range = own[highest]! - own[lowest]! + maskEpsilon
    for (const [at, value] of own.entries()) {
      const scaled = (value - own[lowest]!) / range
      const mask = maskGain > 0 ? 1 / (1 + Math.exp(-maskGain * (scaled - maskCentre))) : scaled
      const slope = (maskGain > 0 ? maskGain * mask * (1 - mask) : 1) / values.length
      mean += mask / values.length
      gradient[start + at]! += slope / range
      // The lowest and the highest value move the whole map.
      gradient[start + lowest]! += slope * (-1 / range + scaled / range)
      gradient[start + highest]! -= (slope * scaled) / range
    }
  }
  return { mean, gradient }
}

describeNative('the shape of masks', () => {
  const shapes: Shape[] = [
    {},
    { maskEpsilon: 1e-3 },
    { maskGain: 12, maskCentre: 0.3 },
    { maskGain: 3 },
    { maskGain: 40, maskCentre: 0.7, maskEpsilon: 0.5 },
    { maskGain: 0.01, maskCentre: 0 },
  ]

  test.each(shapes)('%j: value and gradient are those of the formula', async (shape) => {
    const { generator } = await randomCnn(config)
    const { cam } = await generator.forward({ images })
    const { mean, gradient } = meanMask(cam!, shape)
    const { terms, details } = await step(shape)
    expect(terms.area).toBeCloseTo(mean, 6)
    const { inspection } = loadAddon()
    const cotangent: TensorData = { dtype: 'float32', shape: cam!.shape, data: Float32Array.from(gradient) }
    const expected = await inspection.generatorGradients(
      generator.native,
      { images },
      { cam: cotangent },
      { gradients: 'all' },
    )
    const names = Object.keys(details!).filter((name) => name.startsWith('gradient.'))
    expect(names).toContain('gradient.classifier.weight')
    for (const name of names) expectClose(details![name]!, expected[name]!, { name, relMax: 1e-4 })
  })

  test('gain 0 is no sharpening, bit for bit, wherever the centre', async () => {
    const plain = await step({})
    for (const maskCentre of [0, 0.3, 1]) {
      const zero = await step({ maskGain: 0, maskCentre })
      expect(zero.loss).toBe(plain.loss)
      expect(differences(zero.after, plain.after)).toEqual([])
    }
  })

  test('a large gain cuts masks at the centre', async () => {
    const { generator } = await randomCnn(config)
    const { cam } = await generator.forward({ images })
    const cells = cam!.shape[2]! * cam!.shape[3]!
    const values = toNumbers(cam!)
    let above = 0
    for (let start = 0; start < values.length; start += cells) {
      const own = values.subarray(start, start + cells)
      const [low, high] = [Math.min(...own), Math.max(...own)]
      above += own.filter((value) => (value - low) / (high - low + 1e-6) > 0.4).length
    }
    const { terms } = await step({ maskGain: 1e6, maskCentre: 0.4, maskEpsilon: 1e-6 })
    expect(terms.area).toBeCloseTo(above / values.length, 5)
  })

  describe('refused', () => {
    test.each([
      [{ maskGain: -1 }, 'maskGain'],
      [{ maskGain: Number.NaN }, 'maskGain'],
      [{ maskCentre: -0.1 }, 'maskCentre'],
      [{ maskEpsilon: -1 }, 'maskEpsilon'],
    ])('%j', async (wrong, field) => {
      const generator = await MaskGenerator.create(config)
      const creation = Trainer.create({ generator, terms: { area: 1 }, trains: 'all', ...wrong })
      expect(await rejection(creation)).toMatchObject({ code: 'SEMPLES_ARGUMENT_INVALID', field })
    })
  })
})

describeNative('prompt_floor', () => {
  test('is the mean of what similarities lack of 0.01, with slope -1 / n where they lack any', async () => {
    const values = [-0.9, -0.01, 0, 0.0099, 0.011, 0.02, 0.5, 1]
    const similarities = float32([values.length], (index) => values[index]!)
    const { loss, gradient } = await loadAddon().inspection.similarityGradient('prompt_floor', similarities)
    const lacks = values.map((value) => Math.max(0, 0.01 - value))
    expectClose(loss!, lacks.reduce((sum, value) => sum + value, 0) / values.length, { relMax: 1e-6 })
    expectClose(
      gradient!,
      lacks.map((value) => (value > 0 ? -1 / values.length : 0)),
      { relMax: 1e-6 },
    )
  })

  test('compares the background of each pair with the prompt of its class, in either form', async () => {
    const rows = [
      [1, 0, 0, 0],
      [-1, 2, 0, 1],
      [0, -3, 1, 0],
    ]
    const learned = [
      [-2, 1, 0, 0],
      [1, 1, 1, 1],
    ]
    const pairClass = [0, 1, 1]
    const cosine = (a: number[], b: number[]) =>
      a.reduce((sum, value, at) => sum + value * b[at]!, 0) / Math.hypot(...a) / Math.hypot(...b)
    const similarities = rows.map((row, at) => cosine(row, learned[pairClass[at]!]!))
    const expected = similarities.reduce((sum, s) => sum + Math.max(0, 0.01 - s), 0) / 3
    expect(similarities.filter((s) => s < 0.01).length).toBe(2)
    const tensor = (data: number[][]) => float32([data.length, 4], (index) => data.flat()[index]!)
    const given = {
      foreground: tensor(rows),
      background: tensor(rows),
      text: tensor(learned),
      prompt: tensor(learned),
      pairClass: { dtype: 'int64' as const, shape: [3], data: BigInt64Array.from(pairClass, BigInt) },
    }
    for (const form of ['log', 'cosine'] as const) {
      const found = await loadAddon().inspection.lossTerms(given, { prompt_floor: 2 }, form)
      expectClose(found['term.prompt_floor']!, expected, { relMax: 1e-6 })
      expectClose(found.loss!, 2 * expected, { relMax: 1e-6 })
      expectClose(found['similarity.prompt_floor']!, similarities, { relMax: 1e-6 })
      expect(toNumbers(found['gradient.prompt']!).some((value) => value !== 0)).toBe(true)
      expect(found['gradient.foreground']).toBeUndefined()
    }
  })
})
