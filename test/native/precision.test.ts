import { beforeAll, describe, expect, test } from '@jest/globals'
import type { TensorData, TensorMap } from '../../lib/base/tensor.js'
import { BackgroundPrompts } from '../../lib/models/backgroundPrompts.js'
import { Clip, type OpenClipOptions } from '../../lib/models/clip/clip.js'
import { chooseCompute } from '../../lib/models/devices.js'
import { MaskGenerator } from '../../lib/models/maskGenerator.js'
import { Segmenter } from '../../lib/models/segmenter.js'
import { Trainer } from '../../lib/models/trainer.js'
import { rejection } from '../config/refusal.js'
import { largestMagnitude } from '../support/close.js'
import { toNumbers } from '../support/numbers.js'
import {
  batch,
  classification,
  describeArchives,
  describeNative,
  differences,
  hasNative,
  matching,
  textIds,
  tiny,
} from './models.js'

beforeAll(async () => {
  if (hasNative) await chooseCompute('cpu', 1)
})

const low = { precision: 'bfloat16' } as const
/** Rounding to 8 bits, a few layers deep, as a share of the largest value. */
const NEAR = 0.05

/** The largest difference as a share of the largest value. */
function distance(one: TensorData, other: TensorData): number {
  const [a, b] = [toNumbers(one), toNumbers(other)]
  return Math.max(...a.map((value, at) => Math.abs(value - b[at]!))) / largestMagnitude(other)
}

const names = (tensors: TensorMap) => Object.values(tensors).map(({ dtype }) => dtype)

describeNative('a mask generator in bfloat16', () => {
  test('gives float32 outputs near those of float32, and other ones', async () => {
    const expected = await (await MaskGenerator.create(tiny)).forward(batch(), { trace: true })
    const found = await (await MaskGenerator.create({ ...tiny, ...low })).forward(batch(), { trace: true })
    expect(Object.keys(found)).toEqual(Object.keys(expected))
    expect(new Set(names(found))).toEqual(new Set(['float32']))
    for (const name of ['class_logits', 'fine_cam', 'tokens_patch']) {
      expect(distance(found[name]!, expected[name]!)).toBeLessThan(NEAR)
      expect(distance(found[name]!, expected[name]!)).toBeGreaterThan(0)
    }
  })

  test('has float32 parameters, also after training, and changes those that float32 changes', async () => {
    const changed = []
    for (const precision of ['float32', 'bfloat16'] as const) {
      const generator = await MaskGenerator.create({ ...tiny, precision })
      const before = await generator.state()
      const trainer = await Trainer.create({ generator, terms: classification, trains: 'all' })
      await trainer.step(batch())
      const after = await generator.state()
      expect(new Set(names(after))).toEqual(new Set(['float32']))
      changed.push(differences(before, after))
    }
    expect(changed[1]).toEqual(changed[0])
  })

  test('sees weights that were loaded after it was used', async () => {
    const generator = await MaskGenerator.create({ ...tiny, ...low })
    const other = await MaskGenerator.create({ ...tiny, ...low, seed: 9 })
    await generator.forward(batch())
    await generator.load(await other.state())
    expect(await generator.forward(batch())).toEqual(await other.forward(batch()))
  })

  test.each(['resnet50', 'efficientnet-lite0'])('a CNN too: %s', async (backbone) => {
    const config = { kind: 'cnn', backbone, classes: 3, norm: 'fixed', seed: 1 } as const
    const expected = await (await MaskGenerator.create(config)).forward(batch())
    const found = await (await MaskGenerator.create({ ...config, ...low })).forward(batch())
    expect(new Set(names(found))).toEqual(new Set(['float32']))
    expect(distance(found.coarse_logits!, expected.coarse_logits!)).toBeLessThan(0.1)
  })

  test('leaves a generator of float32 beside it as it is, bit for bit', async () => {
    const plain = await MaskGenerator.create(tiny)
    const before = await plain.forward(batch())
    await (await MaskGenerator.create({ ...tiny, ...low })).forward(batch())
    expect(await plain.forward(batch())).toEqual(before)
    expect(await (await MaskGenerator.create({ ...tiny, precision: 'float32' })).forward(batch())).toEqual(before)
  })
})

describeArchives('a CLIP in bfloat16', (archive) => {
  test.each(['openai', 'interface'] as const)('%s: features and losses are near, and float32', async (layout) => {
    const results = []
    for (const precision of ['float32', 'bfloat16'] as const) {
      const generator = await MaskGenerator.create({ ...tiny, precision })
      const clip = await Clip.open({ path: archive(layout), precision })
      const features = await clip.encodeText(textIds())
      const prompts = await BackgroundPrompts.create({ classes: tiny.classes, length: 2, width: clip.info.textWidth })
      const trainer = await Trainer.create({
        generator,
        clip,
        prompts,
        textIds: textIds(),
        terms: matching,
        trains: 'head',
      })
      const { loss } = await trainer.step(batch())
      results.push({ features, loss })
    }
    const [expected, found] = results as [(typeof results)[0], (typeof results)[0]]
    expect(found.features.dtype).toBe('float32')
    expect(distance(found.features, expected.features)).toBeLessThan(NEAR)
    expect(Math.abs(found.loss / expected.loss - 1)).toBeLessThan(0.02)
  })

  test('an unknown precision, and one of CUDA, are refused', async () => {
    const open = (precision: string) => rejection(Clip.open({ path: archive('openai'), precision } as OpenClipOptions))
    expect(await open('half')).toMatchObject({
      code: 'SEMPLES_ARGUMENT_INVALID',
      field: 'precision',
      expected: 'float32, tf32 or bfloat16',
    })
    expect(await open('tf32')).toMatchObject({ code: 'SEMPLES_CONFIG_INVALID', field: 'precision' })
  })
})

describeNative('refusals', () => {
  const models = {
    generator: (precision: string) => MaskGenerator.create({ ...tiny, precision } as never),
    segmenter: (precision: string) => Segmenter.create({ kind: 'vit-mask', classes: 3, precision } as never),
  }
  describe.each(Object.entries(models))('%s', (_, make) => {
    test('tf32 on a processor, and what is no precision', async () => {
      expect(await rejection(make('tf32'))).toMatchObject({ code: 'SEMPLES_CONFIG_INVALID', field: 'precision' })
      expect(await rejection(make('float16'))).toMatchObject({
        code: 'SEMPLES_ARGUMENT_INVALID',
        field: 'precision',
      })
    })
  })
})

describeNative('a segmentation model in bfloat16', () => {
  const sizes = { imageSize: 32, patchSize: 8, width: 16, depth: 2, heads: 2 }
  test.each([
    { kind: 'vit-mask', decoderDepth: 1, ...sizes },
    { kind: 'deeplabv3plus', backbone: 'resnet50', width: 0.25, channels: 16, lowChannels: 8 },
  ])('$kind: logits are float32 and near', async (options) => {
    const images = batch()
    const expected = await (await Segmenter.create({ classes: 4, ...options })).respond(images)
    const found = await (await Segmenter.create({ classes: 4, ...options, ...low })).respond(images)
    expect(new Set(names(found))).toEqual(new Set(['float32']))
    expect(distance(found['logits.0']!, expected['logits.0']!)).toBeLessThan(0.1)
    expect(distance(found['logits.0']!, expected['logits.0']!)).toBeGreaterThan(0)
  })
})
