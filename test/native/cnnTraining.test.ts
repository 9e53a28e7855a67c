import { beforeAll, describe, expect, test } from '@jest/globals'
import type { TensorData, TensorMap } from '../../lib/base/tensor.js'
import { Clip } from '../../lib/models/clip/clip.js'
import { chooseCompute } from '../../lib/models/devices.js'
import { MaskGenerator, type MaskGeneratorConfig } from '../../lib/models/maskGenerator.js'
import { Trainer, type TrainerConfig } from '../../lib/models/trainer.js'
import { rejection } from '../config/refusal.js'
import { expectClose, largestMagnitude } from '../support/close.js'
import { needs } from '../support/needs.js'
import { toNumbers } from '../support/numbers.js'
import { type CnnCase, cnnReference, narrow, pictures, randomCnn, smoothPictures } from './cnnReference.js'
import { describeArchives, differences, hasNative, matching, textIds } from './models.js'

beforeAll(async () => {
  if (hasNative) await chooseCompute('cpu', 1)
})

const labels = Uint8Array.of(1, 0, 1, 0, 1, 0, 1, 1, 1, 0, 0, 1)
const size = [4, 32, 40] as const
const images = pictures(...size)
const networks = [
  ['resnet50', { backbone: 'resnet50' }],
  ['lite0', { backbone: 'efficientnet-lite0', width: 0.25 }],
] as const

interface Training extends Partial<Pick<TrainerConfig, 'terms' | 'clip' | 'textIds' | 'useDropPath'>> {
  maskGain?: number
  maskCentre?: number
  maskEpsilon?: number
  archive?: string
}

/** One step at rate 0, and the case that `cnn.py` makes of it. */
async function still(options: MaskGeneratorConfig, images: TensorData, changes: Training = {}) {
  const { archive, textIds: ids, clip, ...training } = changes
  const { generator, w } = await randomCnn(options)
  const terms: Record<string, number> = { ...(training.terms ?? { coarse_logits: 1 }) }
  const trainer = await Trainer.create({ generator, clip, textIds: ids, trains: 'all', ...training, terms })
  const result = await trainer.step({ images, labels, learningRate: 0, details: true })
  const reference: CnnCase = {
    options: { ...options, ...training, terms, live: options.norm === 'live', clip: archive, clipSize: 32 },
    tensors: {
      ...w,
      images,
      labels: { dtype: 'uint8', shape: [4, 3], data: labels },
      ...(ids === undefined ? {} : { textIds: ids }),
    },
  }
  const gradients = Object.keys(result.details!).filter((name) => name.startsWith('gradient.'))
  return {
    result,
    reference,
    gradients,
    trained: gradients.map((name) => name.slice('gradient.'.length)).sort(),
    before: Object.fromEntries(Object.entries(w).map(([name, tensor]) => [name.slice(2), tensor])),
    after: await generator.state(),
    parameters: generator.parameters,
  }
}

type Still = Awaited<ReturnType<typeof still>>

/** Steps by name and what plain torch makes of them; each on pictures that keep from kinks. */
async function compared(
  configs: Record<string, [MaskGeneratorConfig, Training?]>,
  shape: readonly [number, number, number],
) {
  const plain = Object.entries(configs).map(([name, [config]]) => [name, config] as const)
  const chosen = await smoothPictures(Object.fromEntries(plain), shape)
  const steps: Record<string, Still> = {}
  for (const [name, [config, training]] of Object.entries(configs))
    steps[name] = await still(config, chosen[name]!, training)
  const cases = Object.entries(steps).map(([name, { reference }]) => [name, reference] as const)
  return { steps, expected: await cnnReference(Object.fromEntries(cases)) }
}

/** Loss, terms and the gradients that there are, against plain torch. */
function expectSame({ result, gradients }: Still, expected: TensorMap): void {
  expectClose(result.loss, expected.loss!, { name: 'loss', relMax: 1e-5 })
  for (const [name, value] of Object.entries(result.terms))
    expectClose(value, expected[`term.${name}`]!, { name, relMax: 1e-5 })
  expect(gradients.length).toBeGreaterThan(0)
  const largest = Math.max(...gradients.map((name) => largestMagnitude(expected[name]!)))
  // A shift before a live norm has no effect at all: what is left of its gradient is rounding.
  for (const name of gradients)
    expectClose(result.details![name]!, expected[name]!, { name, relMax: 1e-3, abs: 1e-6 * largest })
}

const isNorm = (name: string) => /(bn\d|downsample\.1)\.(weight|bias)$/.test(name)

needs('build', 'python').describe('classification', () => {
  test.each(networks)('%s: gradients of all parameters, whatever the norm and the frozen part', async (_, network) => {
    const own = { ...narrow, ...network }
    const { steps, expected } = await compared(
      {
        live: [{ ...own, norm: 'live' }],
        fixed: [{ ...own, norm: 'fixed' }],
        frozen: [{ ...own, norm: 'frozen' }],
        ...Object.fromEntries(
          ['stem', 'layer2', 'all'].map((frozen) => [`fixed ${frozen}`, [{ ...own, norm: 'fixed', frozen }]]),
        ),
        context: [{ ...own, norm: 'fixed', head: 'context', outputStride: 32 }],
      },
      size,
    )
    const all = steps.fixed!.parameters.filter(({ buffer }) => !buffer).map(({ name }) => name)
    for (const [name, step] of Object.entries(steps)) {
      expectSame(step, expected[name]!)
      // Running averages: of this batch where the norm is live, else as they were; weights in no case at rate 0.
      const buffers = step.parameters.filter(({ buffer }) => buffer).map((each) => each.name)
      const changed = differences(step.before, step.after).sort()
      expect(changed).toEqual(name === 'live' ? buffers.sort() : [])
      for (const buffer of buffers)
        expectClose(step.after[buffer]!, expected[name]![`buffer.${buffer}`]!, {
          name: buffer,
          relMax: 1e-5,
          abs: 1e-7,
        })
    }
    for (const norm of ['live', 'fixed']) expect(steps[norm]!.trained).toEqual([...all].sort())
    expect(steps.frozen!.trained).toEqual(all.filter((name) => !isNorm(name)).sort())
    expect(steps['fixed all']!.trained).toEqual(['classifier.weight'])
  })

  test.each([
    ['resnet50', 'stem', /^(conv1|bn1)\./],
    ['resnet50', 'layer2', /^(conv1|bn1|layer[12])\./],
    ['efficientnet-lite0', 'stem', /^(_conv_stem|_bn0)\./],
    // Up to stride 8: the stages of 16, 24 and 40 channels.
    ['efficientnet-lite0', 'layer2', /^(_conv_stem|_bn0|_blocks\.[0-4])\./],
  ] as const)('%s frozen up to %s: what a step changes', async (backbone, frozen, fixed) => {
    for (const norm of ['fixed', 'frozen'] as const) {
      const { generator } = await randomCnn({ ...narrow, width: 0.25, backbone, norm, frozen })
      const before = await generator.state()
      const trainer = await Trainer.create({ generator, terms: { coarse_logits: 1 }, trains: 'all' })
      for (let step = 0; step < 2; step++) await trainer.step({ images, labels, learningRate: 1e-3 })
      const changed = differences(before, await generator.state())
      const trainable = generator.parameters.filter(({ buffer }) => !buffer).map(({ name }) => name)
      const expected = trainable.filter((name) => !fixed.test(name) && (norm === 'fixed' || !isNorm(name)))
      expect(changed.sort()).toEqual(expected.sort())
      expect(trainable.filter((name) => fixed.test(name)).length).toBeGreaterThan(2)
      generator.dispose()
    }
  })

  test("`trains: 'head'` leaves the backbone and its running averages, live norm or not", async () => {
    for (const head of ['linear', 'context']) {
      const { generator } = await randomCnn({ ...narrow, norm: 'live', head })
      const before = await generator.state()
      const trainer = await Trainer.create({ generator, terms: { coarse_logits: 1 }, trains: 'head' })
      const { loss } = await trainer.step({ images, labels, learningRate: 1e-3 })
      const names = generator.parameters.filter((parameter) => parameter.head).map(({ name }) => name)
      expect(differences(before, await generator.state()).sort()).toEqual(names.sort())
      expect(names).toHaveLength(head === 'linear' ? 1 : 4)
      // The loss is that of evaluation.
      await generator.load(before)
      const { coarse_logits } = await generator.forward({ images })
      const each = [...toNumbers(coarse_logits!)].map((x, at) => Math.log1p(Math.exp(labels[at] === 1 ? -x : x)))
      expect(loss).toBeCloseTo(each.reduce((sum, value) => sum + value, 0) / each.length, 5)
      generator.dispose()
    }
  })

  test('live norm: a frozen part keeps its running averages as it keeps its weights', async () => {
    for (const [frozen, kept] of [
      ['stem', /^(conv1|bn1)\./],
      ['layer2', /^(conv1|bn1|layer[12])\./],
      ['all', /^(?!classifier)/],
    ] as const) {
      const { generator } = await randomCnn({ ...narrow, norm: 'live', frozen })
      const before = await generator.state()
      const trainer = await Trainer.create({ generator, terms: { coarse_logits: 1 }, trains: 'all' })
      await trainer.step({ images, labels, learningRate: 1e-3 })
      const expected = Object.keys(before).filter((name) => !kept.test(name))
      expect(differences(before, await generator.state()).sort()).toEqual(expected.sort())
    }
  })

  test('live norm has no variance of one value: refused, and no running average is spoilt', async () => {
    const { generator } = await randomCnn({ ...narrow, norm: 'live' })
    const trainer = await Trainer.create({ generator, terms: { coarse_logits: 1 }, trains: 'all' })
    const single = { images: pictures(1, 16, 16), labels: labels.slice(0, 3), learningRate: 1e-3 }
    const error = await rejection(trainer.step(single))
    expect(error).toMatchObject({ code: 'SEMPLES_CONFIG_INVALID', field: 'norm', value: 'live' })
    for (const [name, tensor] of Object.entries(await generator.state()))
      expect([name, toNumbers(tensor).every(Number.isFinite)]).toEqual([name, true])
  })

  test('a pass after a step sees the new weights and averages', async () => {
    for (const norm of ['live', 'fixed', 'frozen']) {
      const { generator } = await randomCnn({ ...narrow, norm })
      await generator.forward({ images })
      const trainer = await Trainer.create({ generator, terms: { coarse_logits: 1 }, trains: 'all' })
      await trainer.step({ images, labels, learningRate: 1e-2 })
      const fresh = await MaskGenerator.create({ ...narrow, norm })
      await fresh.load(await generator.state())
      expect(differences(await generator.forward({ images }), await fresh.forward({ images }))).toEqual([])
    }
  })
})

describeArchives('segment-label matching', (archive) => {
  let clip: Clip
  beforeAll(async () => {
    clip = await Clip.open({ path: archive('interface') })
  })

  describe.each(networks)('%s', (_, network) => {
    const shapes = [
      ['masks as they are', {}],
      ['sharpened masks', { maskGain: 12, maskCentre: 0.3 }],
      ['another epsilon', { maskGain: 4, maskCentre: 0.5, maskEpsilon: 1e-3 }],
    ] as const

    test('masked pictures, similarities, terms and gradients are those of plain torch', async () => {
      const training = { clip, archive: archive('interface'), textIds: textIds(), useDropPath: false }
      const terms = { ...matching, area: 0.5, coarse_logits: 0.2 }
      const config = { ...narrow, ...network, norm: 'fixed' }
      const { steps, expected } = await compared(
        Object.fromEntries(shapes.map(([name, shape]) => [name, [config, { ...training, ...shape, terms }]])),
        [4, 48, 48],
      )
      for (const [name, step] of Object.entries(steps)) {
        const { details } = step.result
        const own = expected[name]!
        for (const part of ['masked.foreground', 'masked.background'])
          expectClose(details![part]!, own[part]!, { name: part, relMax: 1e-4 })
        expectClose(details!['similarity.match']!, own['similarity.foreground']!, { abs: 1e-5 })
        expectClose(details!['similarity.background_text']!, own['similarity.background']!, { abs: 1e-5 })
        expectSame(step, own)
      }
      expect(steps['sharpened masks']!.result.loss).not.toBe(steps['masks as they are']!.result.loss)
    })
  })
})
