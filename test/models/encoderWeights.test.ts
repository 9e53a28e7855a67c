import { describe, expect, test } from '@jest/globals'
import type { TensorData, TensorMap } from '../../lib/base/tensor.js'
import { Random } from '../../lib/loader/random.js'
import { loadEncoder } from '../../lib/models/encoderWeights.js'
import { MaskGenerator } from '../../lib/models/maskGenerator.js'
import { Segmenter } from '../../lib/models/segmenter.js'
import { rejection } from '../config/refusal.js'
import { expectClose } from '../support/close.js'
import { needs } from '../support/needs.js'
import { tensorCases } from '../support/tensorCases.js'
import * as files from './foreign/lookAlikes.js'

/** Weights of those names and shapes, random, none of them alike. */
function weights(shapes: files.Shapes): TensorMap {
  return Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => {
      const draws = new Random(5, name)
      const length = shape.reduce((product, side) => product * side, 1)
      if (name.endsWith('num_batches_tracked'))
        return [name, { dtype: 'int64' as const, shape, data: new BigInt64Array(length) }]
      return [
        name,
        { dtype: 'float32' as const, shape, data: Float32Array.from({ length }, () => draws.uniform(0.1, 1)) },
      ]
    }),
  )
}

const S = { width: 24, depth: 2, patch: 8, side: 4 }
const vit = (changes: object = {}) =>
  Segmenter.create({
    kind: 'vit-mask',
    classes: 4,
    imageSize: 32,
    patchSize: 8,
    width: 24,
    depth: 2,
    heads: 3,
    decoderDepth: 1,
    ...changes,
  })
const deeplab = (changes: object = {}) =>
  Segmenter.create({ kind: 'deeplabv3plus', classes: 4, channels: 8, lowChannels: 8, width: 0.25, ...changes })

/** Names that loading changed, and what of the model stayed. */
async function loaded(segmenter: Segmenter, tensors: TensorMap, options?: Parameters<typeof loadEncoder>[3]) {
  const before = await segmenter.state()
  const result = await loadEncoder(segmenter, tensors, 'weights.pth', options)
  const after = await segmenter.state()
  const bytes = ({ data }: TensorData) => Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  const changed = Object.keys(after).filter((name) => !bytes(after[name]!).equals(bytes(before[name]!)))
  return { ...result, after, changed }
}

needs('build').describe('the encoder of a segmentation model', () => {
  describe('vit-mask', () => {
    test('takes a DeiT by its names; its head is left out, and the decoder stays', async () => {
      using segmenter = await vit()
      const tensors = weights(files.deit(S))
      const { after, changed, report } = await loaded(segmenter, tensors)
      const taken = Object.keys(tensors).filter((name) => !name.startsWith('head.'))
      expect(changed.sort()).toEqual(taken.map((name) => `encoder.${name}`).sort())
      for (const name of taken) expect([name, after[`encoder.${name}`]!.data]).toEqual([name, tensors[name]!.data])
      expect(report.dropped.map(({ name }) => name).sort()).toEqual(['head.bias', 'head.weight'])
      expect(report.missing).toEqual([])
    })

    test.each([
      ['Hugging Face', files.huggingFace(S)],
      ['torchvision', files.torchvision(S)],
    ])('takes the names of %s', async (_, shapes) => {
      using segmenter = await vit()
      const { changed, report } = await loaded(segmenter, weights(shapes))
      expect(changed.every((name) => name.startsWith('encoder.'))).toBe(true)
      expect(report.missing).toEqual([])
      expect(changed).toHaveLength(Object.keys(files.vit(S)).length)
    })

    needs('python').test('resizes positions as interpolate does, bilinearly', async () => {
      const cases = [
        { side: 7, from: 4 },
        { side: 2, from: 5 },
        { side: 4, from: 4 },
      ]
      const tables = cases.map(({ from }) => weights(files.deit({ ...S, side: from })))
      const expected = await tensorCases(
        'test/models/encoder_positions.py',
        Object.fromEntries(
          cases.map(({ side }, at) => [
            `case${at}`,
            { described: { side, tokens: 1 }, tensors: { pos_embed: tables[at]!.pos_embed! } },
          ]),
        ),
      )
      for (const [at, { side, from }] of cases.entries()) {
        using segmenter = await vit({ imageSize: 8 * side })
        const { after, notes } = await loaded(segmenter, tables[at]!)
        const found = after['encoder.pos_embed']!
        expect(found.shape).toEqual([1, 1 + side * side, 24])
        expect(found.data.slice(0, 24)).toEqual(tables[at]!.pos_embed!.data.slice(0, 24))
        const patches = { ...found, shape: [1, side * side, 24], data: found.data.slice(24) as Float32Array }
        expectClose(patches, expected[`case${at}`]!.patches!, { name: `${from} to ${side}` })
        expect(notes.some(({ text }) => text.includes('were resized'))).toBe(side !== from)
      }
    })

    needs('python').test('makes one token of those of a WeakTr, and resizes the positions behind them', async () => {
      using segmenter = await vit({ imageSize: 48 })
      const tensors = weights(files.weaktr(S, 5, 3))
      const { after, changed, notes, report } = await loaded(segmenter, tensors)
      expect(changed.every((name) => name.startsWith('encoder.'))).toBe(true)
      for (const name of ['cls_token', 'pos_embed']) {
        const rows = tensors[name]!.data as Float32Array
        const mean = Array.from(
          { length: 24 },
          (_, i) => [0, 1, 2, 3, 4].reduce((sum, row) => sum + rows[row * 24 + i]!, 0) / 5,
        )
        expectClose(after[`encoder.${name}`]!.data.slice(0, 24) as Float32Array, mean, { name })
      }
      const { one } = await tensorCases('test/models/encoder_positions.py', {
        one: { described: { side: 6, tokens: 5 }, tensors: { pos_embed: tensors.pos_embed! } },
      })
      expectClose(after['encoder.pos_embed']!.data.slice(24) as Float32Array, one.patches!.data as Float32Array)
      expect(notes.map(({ text }) => text).join('\n')).toContain('5 class tokens')
      // Attention fusion and head have no place, and that is said.
      const left = [...report.unexpected, ...report.dropped.map(({ name }) => name)]
      for (const name of Object.keys(tensors).filter((each) => /^(head|adaptive)/.test(each)))
        expect([name, left.includes(name)]).toEqual([name, true])
    })

    test('warns of a distilled DeiT, whose second token is left out', async () => {
      using segmenter = await vit()
      const tensors = weights(files.distilled(S))
      const { after, notes } = await loaded(segmenter, tensors)
      expect(notes).toContainEqual({ warning: true, text: expect.stringContaining('distilled DeiT') })
      expect(notes.map(({ text }) => text).join()).not.toContain('generator')
      // Its row lies between that of the class token and those of the patches.
      expect(after['encoder.pos_embed']!.data.slice(24)).toEqual(tensors.pos_embed!.data.slice(48))
    })

    test('warns of other attention heads than such weights are trained with, under any names', async () => {
      const sizes = { width: 192, depth: 1, patch: 8, side: 4 }
      for (const shapes of [files.deit(sizes), files.huggingFace(sizes)]) {
        using segmenter = await vit({ width: 192, depth: 1, heads: 6 })
        const { notes } = await loaded(segmenter, weights(shapes), { heads: 6 })
        expect(notes).toContainEqual({ warning: true, text: expect.stringContaining('have 3 attention heads') })
        using right = await vit({ width: 192, depth: 1, heads: 3 })
        expect((await loaded(right, weights(shapes), { heads: 3 })).notes).toEqual([])
      }
    })

    const refused: [string, files.Shapes, string][] = [
      ['of another width', files.deit({ ...S, width: 48 }), 'width'],
      ['of another depth', files.deit({ ...S, depth: 3 }), 'depth'],
      ['of another patch', files.deit({ ...S, patch: 16 }), 'patchSize'],
      ['with layer scale', files.dinov2(S), 'ls1'],
      ['of another network', files.resnet([3, 4, 6, 3], { stem: 16 }), 'ResNet'],
    ]
    test.each(refused)('refuses one %s, and changes nothing', async (_, shapes, text) => {
      using segmenter = await vit()
      const before = await segmenter.state()
      const error = await rejection(loadEncoder(segmenter, weights(shapes), 'weights.pth'))
      expect(error).toMatchObject({ code: 'SEMPLES_CHECKPOINT_MISMATCH', file: 'weights.pth', field: 'model.weights' })
      expect(error.message).toContain(text)
      expect(error.message).not.toContain('the generator')
      expect(await segmenter.state()).toEqual(before)
    })

    test('refuses numbers that are none', async () => {
      using segmenter = await vit()
      const tensors = weights(files.deit(S))
      ;(tensors['blocks.1.mlp.fc1.weight']!.data as Float32Array)[7] = Number.NaN
      expect(await rejection(loadEncoder(segmenter, tensors, 'weights.pth'))).toMatchObject({
        code: 'SEMPLES_CHECKPOINT_INVALID',
        field: 'blocks.1.mlp.fc1.weight',
        value: 'NaN',
      })
    })
  })

  describe('deeplabv3plus', () => {
    const networks: [string, object, files.Shapes][] = [
      ['a ResNet-50', { backbone: 'resnet50' }, files.resnet([3, 4, 6, 3], { stem: 16 })],
      ['an EfficientNet-Lite0', { backbone: 'efficientnet-lite0', width: 1 }, files.efficientnet()],
    ]
    test.each(networks)('takes %s by its names', async (_, options, shapes) => {
      using segmenter = await deeplab(options)
      const tensors = weights(shapes)
      const { after, changed, report } = await loaded(segmenter, tensors)
      const taken = Object.keys(tensors).filter((name) => !/^(fc|_fc)\.|num_batches_tracked$/.test(name))
      expect(changed.sort()).toEqual(taken.map((name) => `backbone.${name}`).sort())
      for (const name of taken) expect([name, after[`backbone.${name}`]!.data]).toEqual([name, tensors[name]!.data])
      expect(report.missing).toEqual([])
    })

    test.each(['linear', 'context'] as const)('takes the backbone of a generator with a %s head', async (head) => {
      const sizes = { backbone: 'efficientnet-lite0', width: 0.25 }
      using generator = await MaskGenerator.create({ kind: 'cnn', classes: 3, head, seed: 9, ...sizes } as never)
      using segmenter = await deeplab(sizes)
      const tensors = await generator.state()
      const { changed, report } = await loaded(segmenter, tensors)
      expect(changed.every((name) => name.startsWith('backbone.'))).toBe(true)
      expect(report.missing).toEqual([])
      const left = [...report.unexpected, ...report.dropped.map(({ name }) => name)]
      // All that is not of the backbone is said to be left out.
      const own = new Set(segmenter.parameters.filter(({ encoder }) => encoder).map(({ name }) => name.slice(9)))
      expect(left.sort()).toEqual(
        Object.keys(tensors)
          .filter((name) => !own.has(name))
          .sort(),
      )
      expect(left.length).toBeGreaterThan(0)
    })

    test.each<[string, object, files.Shapes]>([
      ['another ResNet', { backbone: 'resnet50' }, files.resnet([3, 4, 23, 3], { stem: 16 })],
      ['another width', { backbone: 'resnet50', width: 0.5 }, files.resnet([3, 4, 6, 3], { stem: 16 })],
      ['another kind', { backbone: 'resnet50' }, files.efficientnet()],
      ['a vision transformer', { backbone: 'resnet50' }, files.deit(S)],
    ])('refuses %s', async (_, options, shapes) => {
      using segmenter = await deeplab(options)
      const error = await rejection(loadEncoder(segmenter, weights(shapes), 'weights.pth'))
      expect(error).toMatchObject({ code: 'SEMPLES_CHECKPOINT_MISMATCH', field: 'model.weights' })
      expect(error.hint).toContain('backbone')
    })
  })
})
