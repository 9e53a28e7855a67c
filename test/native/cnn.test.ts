import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from '@jest/globals'
import type { TensorData, TensorMap } from '../../lib/base/tensor.js'
import { readStateDict } from '../../lib/formats/stateDict.js'
import { chooseCompute } from '../../lib/models/devices.js'
import { MaskGenerator, type MaskGeneratorConfig } from '../../lib/models/maskGenerator.js'
import { Trainer } from '../../lib/models/trainer.js'
import { loadPretrained } from '../../lib/models/weights.js'
import { decodeImage } from '../../lib/pictures/decode.js'
import { resizeImage } from '../../lib/pictures/resize.js'
import { rejection } from '../config/refusal.js'
import { expectClose, largestMagnitude } from '../support/close.js'
import { needs } from '../support/needs.js'
import { toNumbers } from '../support/numbers.js'
import { pictureFolder } from '../support/realPictures.js'
import { realWeights } from '../support/realWeights.js'
import { type CnnCase, cnnReference, narrow, pictures, randomCnn } from './cnnReference.js'
import { describeNative, differences, float32, hasNative } from './models.js'

beforeAll(async () => {
  if (hasNative) await chooseCompute('cpu', 1)
})

const photographs = join(pictureFolder, 'photos/msrc/images')

/** Real photographs, squeezed into 224 x 224. */
async function photographPixels(count: number): Promise<TensorData> {
  const side = 224
  const names = readdirSync(photographs).sort().slice(0, count)
  const data = new Uint8Array(names.length * side * side * 3)
  for (const [at, name] of names.entries()) {
    const image = await decodeImage(join(photographs, name))
    data.set((await resizeImage(image, side, side, { mode: 'exact' })).data, at * side * side * 3)
  }
  return { dtype: 'uint8', shape: [names.length, side, side, 3], data }
}

needs('build', 'python', 'pictures').describe('EfficientNet-Lite0 with its published weights', () => {
  test('gives the logits of the published network for photographs', async () => {
    expect(existsSync(photographs)).toBe(true)
    const file = await realWeights()
    const pixels = await photographPixels(4)
    const tensors = await readStateDict(file)
    const [count = 0, height, width] = pixels.shape
    using generator = await MaskGenerator.create({
      kind: 'cnn',
      backbone: 'efficientnet-lite0',
      outputStride: 32,
      classes: 2,
    })
    const { report } = await loadPretrained(generator, tensors, file)
    expect(report).toMatchObject({ missing: ['classifier.weight'], unexpected: [], interpolated: [] })

    const batch = { pixels: pixels.data as Uint8Array, count, height, width }
    const { features } = await generator.forward(batch, { featureMaps: true })
    const { all } = await cnnReference({ all: { options: { weights: file }, tensors: { pixels } } })
    expectClose(features!, all.features!, { name: 'features', relMax: 1e-4 })
    const logits = fullyConnected(features!, tensors['_fc.weight']!, tensors['_fc.bias']!)
    expectClose(logits, all.logits!, { name: 'logits', relMax: 1e-4 })
    // The photographs are told apart: the comparison is of something.
    expect(new Set(argmaxes(logits, count)).size).toBeGreaterThan(1)
  })

  function fullyConnected(features: TensorData, weight: TensorData, bias: TensorData): Float64Array {
    const [count = 0, channels = 0, rows = 0, columns = 0] = features.shape
    const cells = rows * columns
    const values = toNumbers(features)
    const means = Array.from({ length: count * channels }, (_, row) => {
      const own = values.subarray(row * cells, (row + 1) * cells)
      return own.reduce((sum, value) => sum + value, 0) / cells
    })
    const [w, b] = [toNumbers(weight), toNumbers(bias)]
    return Float64Array.from({ length: count * b.length }, (_, at) => {
      const [picture, row] = [Math.floor(at / b.length), at % b.length]
      let sum = b[row]!
      for (let d = 0; d < channels; d++) sum += w[row * channels + d]! * means[picture * channels + d]!
      return sum
    })
  }

  function argmaxes(logits: Float64Array, count: number): number[] {
    const each = logits.length / count
    return Array.from({ length: count }, (_, at) => {
      const own = logits.subarray(at * each, (at + 1) * each)
      return own.indexOf(Math.max(...own))
    })
  }
})

/** Sizes and options whose outputs are compared; odd sizes show how the padding lies. */
const forwards: [string, Omit<MaskGeneratorConfig, 'kind' | 'classes'>, number, number][] = [
  ['resnet50', { backbone: 'resnet50' }, 64, 80],
  ['resnet50 stride 32', { backbone: 'resnet50', outputStride: 32 }, 65, 47],
  ['resnet50 dilated', { backbone: 'resnet50', dilate: true }, 49, 81],
  ['resnet50 context', { backbone: 'resnet50', head: 'context' }, 33, 50],
  ['resnet50 context stride 32', { backbone: 'resnet50', head: 'context', outputStride: 32 }, 51, 70],
  ['resnet101', { backbone: 'resnet101', dilate: true }, 33, 47],
  ['lite0', { backbone: 'efficientnet-lite0', width: 0.25 }, 64, 48],
  ['lite0 stride 32', { backbone: 'efficientnet-lite0', width: 0.25, outputStride: 32 }, 47, 65],
  ['lite0 dilated', { backbone: 'efficientnet-lite0', width: 0.25, dilate: true }, 81, 50],
  ['lite0 context', { backbone: 'efficientnet-lite0', width: 0.25, head: 'context' }, 33, 49],
  [
    'lite0 context stride 32',
    { backbone: 'efficientnet-lite0', width: 0.25, head: 'context', outputStride: 32 },
    50,
    71,
  ],
  ['lite0 published width', { backbone: 'efficientnet-lite0', width: 1 }, 32, 40],
  ['resnet50 published width', { backbone: 'resnet50', width: 1 }, 33, 40],
]

needs('build', 'python').describe('outputs with random weights and statistics', () => {
  let expected: Record<string, TensorMap>
  const found: Record<string, TensorMap> = {}
  const heads: Record<string, TensorData> = {}
  beforeAll(async () => {
    const cases: Record<string, CnnCase> = {}
    for (const [name, options, height, width] of forwards) {
      const { generator, w } = await randomCnn({ ...narrow, ...options })
      const images = pictures(2, height, width)
      found[name] = await generator.forward({ images }, { trace: true })
      generator.dispose()
      heads[name] = w['w.classifier.weight']!
      cases[name] = { options: { ...narrow, ...options }, tensors: { ...w, images } }
    }
    expected = await cnnReference(cases)
  })

  test.each(forwards)('%s: are those of plain torch', (name, _, height, width) => {
    const own = expected[name]!
    const names = Object.keys(own).filter((output) => !output.startsWith('buffer.'))
    expect(Object.keys(found[name]!).sort()).toEqual(names.sort())
    // Responses are sums that nearly cancel: rounding is of the size of their summands.
    const summand = largestMagnitude(own.features!) * largestMagnitude(heads[name]!)
    for (const output of names) {
      const size = largestMagnitude(own[output]!)
      const isSum = /^(response|cam|coarse_logits)$/.test(output)
      const closeness = isSum ? { relMax: 5e-6, scale: Math.max(summand, size) } : { relMax: 2e-5 }
      expectClose(found[name]![output]!, own[output]!, { name: output, ...closeness })
    }
    const stride = name.includes('stride 32') ? 32 : 16
    expect(found[name]!.cam!.shape).toEqual([2, 3, Math.ceil(height / stride), Math.ceil(width / stride)])
  })

  test('the class activation map is W F, and the logits the fully connected layer of the pooled features', async () => {
    for (const backbone of ['resnet50', 'efficientnet-lite0']) {
      const { generator, w } = await randomCnn({ ...narrow, backbone })
      const { cam, coarse_logits, features } = await generator.forward({ images: pictures(2, 48, 33) }, { trace: true })
      const [count = 0, channels = 0, rows = 0, columns = 0] = features!.shape
      const [f, weight, cells] = [toNumbers(features!), toNumbers(w['w.classifier.weight']!), rows * columns]
      const row = (picture: number, index: number, cell: number) => {
        let sum = 0
        for (let d = 0; d < channels; d++)
          sum += weight[index * channels + d]! * f[(picture * channels + d) * cells + cell]!
        return sum
      }
      const response = Array.from({ length: count * 3 }, (_, at) =>
        Array.from({ length: cells }, (_, cell) => row(Math.floor(at / 3), at % 3, cell)),
      )
      const positive = response.flat().map((value) => Math.max(0, value))
      expectClose(cam!, positive, { name: `${backbone} cam`, relMax: 1e-5 })
      const means = response.map((own) => own.reduce((sum, value) => sum + value, 0) / cells)
      expectClose(coarse_logits!, means, { name: `${backbone} logits`, relMax: 1e-5 })
      expect(positive.some((value) => value === 0) && positive.some((value) => value > 0)).toBe(true)
      generator.dispose()
    }
  })
})

describeNative('keys and shapes', () => {
  /** What torchvision's resnet50 and resnet101 hold, without the classification head and the counters. */
  function resnet(blocks: number[]): Record<string, number[]> {
    const shapes: Record<string, number[]> = {}
    const norm = (name: string, width: number) => {
      for (const part of ['weight', 'bias', 'running_mean', 'running_var']) shapes[`${name}.${part}`] = [width]
    }
    shapes['conv1.weight'] = [64, 3, 7, 7]
    norm('bn1', 64)
    let [inputs, width] = [64, 64]
    blocks.forEach((count, layer) => {
      for (let block = 0; block < count; block++) {
        const name = `layer${layer + 1}.${block}`
        shapes[`${name}.conv1.weight`] = [width, inputs, 1, 1]
        shapes[`${name}.conv2.weight`] = [width, width, 3, 3]
        shapes[`${name}.conv3.weight`] = [4 * width, width, 1, 1]
        for (const [at, size] of [width, width, 4 * width].entries()) norm(`${name}.bn${at + 1}`, size)
        if (block === 0) {
          shapes[`${name}.downsample.0.weight`] = [4 * width, inputs, 1, 1]
          norm(`${name}.downsample.1`, 4 * width)
        }
        inputs = 4 * width
      }
      width *= 2
    })
    return shapes
  }

  test.each([
    ['resnet50', [3, 4, 6, 3], 25_557_032],
    ['resnet101', [3, 4, 23, 3], 44_549_160],
  ] as const)('%s: as torchvision has them', async (backbone, blocks, published) => {
    using generator = await MaskGenerator.create({ kind: 'cnn', backbone, classes: 20 })
    const own = generator.parameters
    const expected = { ...resnet([...blocks]), 'classifier.weight': [20, 2048, 1, 1] }
    expect(Object.fromEntries(own.map(({ name, shape }) => [name, shape]))).toEqual(expected)
    // The published number of parameters, with a fully connected layer of 1,000 classes.
    const size = (shape: number[]) => shape.reduce((product, side) => product * side, 1)
    const trained = own.filter(({ head, buffer }) => !head && !buffer)
    expect(trained.reduce((sum, { shape }) => sum + size(shape), 0)).toBe(published - 1000 * 2049)
    expect(own.filter(({ head }) => head).map(({ name }) => name)).toEqual(['classifier.weight'])
    for (const { name, buffer } of own) expect(buffer).toBe(/running_(mean|var)$/.test(name))
  })

  test('the published head and counters of a file are left, and its other tensors all needed', async () => {
    using generator = await MaskGenerator.create({ ...narrow, backbone: 'resnet50' })
    const state = await generator.state()
    const { 'classifier.weight': _, ...backbone } = state
    const file: TensorMap = {
      ...backbone,
      'fc.weight': float32([1000, 256]),
      'fc.bias': float32([1000]),
      'bn1.num_batches_tracked': { dtype: 'int64', shape: [], data: BigInt64Array.of(7n) },
    }
    expect((await loadPretrained(generator, file, 'resnet50.pth')).report).toMatchObject({
      missing: ['classifier.weight'],
      unexpected: [],
      dropped: expect.arrayContaining([expect.objectContaining({ name: 'fc.weight' })]),
    })
    const { 'bn1.running_mean': __, ...lacking } = file
    const error = await rejection(loadPretrained(generator, lacking, 'resnet50.pth'))
    expect(error).toMatchObject({
      code: 'SEMPLES_CHECKPOINT_MISMATCH',
      message: expect.stringContaining('bn1.running_mean'),
    })
  })
})

describeNative('pictures of any size', () => {
  test.each([
    ['resnet50', 16],
    ['resnet50', 32],
    ['efficientnet-lite0', 16],
    ['efficientnet-lite0', 32],
  ])('%s, stride %i: give maps', async (backbone, outputStride) => {
    for (const head of ['linear', 'context']) {
      using generator = await MaskGenerator.create({ ...narrow, backbone, outputStride, head })
      for (const [height, width] of [
        [1, 1],
        [1, 300],
        [17, 300],
        [33, 64],
      ] as const) {
        const { cam, coarse_logits } = await generator.forward({ images: pictures(1, height, width) })
        expect(cam!.shape).toEqual([1, 3, Math.ceil(height / outputStride), Math.ceil(width / outputStride)])
        for (const value of [...toNumbers(cam!), ...toNumbers(coarse_logits!)])
          expect(Number.isFinite(value)).toBe(true)
        const data = new Uint8Array(height * width * 3).fill(90)
        const result = await generator.cams([{ data, height, width }], [2, 0])
        expect(result.cams).toHaveLength(2 * height * width)
        for (const value of result.cams) expect(value >= 0 && value <= 1).toBe(true)
      }
    }
  })
})

describeNative('refusals', () => {
  test.each([
    [{ outputStride: 24 }, 'outputStride', /16 or 32.*24/],
    [{ outputStride: 8 }, 'outputStride', /16.*32.*8/],
    [{ outputStride: 32, dilate: true }, 'dilate', /false where outputStride is 32/],
    [{ backbone: 'resnet18' }, 'backbone', /resnet50, resnet101 or efficientnet-lite0.*resnet18/],
    [{ norm: 'group' }, 'norm', /live, fixed or frozen/],
    [{ frozen: 'layer4' }, 'frozen', /none, stem, layer2 or all/],
    [{ width: 0 }, 'width', /0/],
    [{ dropPathRate: 0.1 }, 'dropPathRate', /./],
  ])('%j', async (wrong, field, words) => {
    const error = await rejection(MaskGenerator.create({ ...narrow, ...wrong }))
    expect(error).toMatchObject({ code: 'SEMPLES_ARGUMENT_INVALID', field })
    expect(error.message).toMatch(words)
  })

  test('drop path, which it has not', async () => {
    using generator = await MaskGenerator.create(narrow)
    const images = pictures(1, 32, 32)
    const error = await rejection(generator.forward({ images }, { dropFactors: float32([2, 2, 1], 1) }))
    expect(error).toMatchObject({ code: 'SEMPLES_ARGUMENT_INVALID', field: 'dropFactors' })
    expect(error.message).toMatch(/no drop path/)
  })

  test('loss terms of outputs that it has not', async () => {
    using generator = await MaskGenerator.create(narrow)
    const trainer = await Trainer.create({ generator, terms: { class_logits: 1 }, trains: 'all' })
    const step = trainer.step({ images: pictures(1, 32, 32), labels: Uint8Array.of(1, 0, 0), learningRate: 0 })
    expect(await rejection(step)).toMatchObject({ code: 'SEMPLES_CONFIG_INVALID', field: 'terms' })
  })
})

describeNative('random weights', () => {
  test('have the variance of He et al., and the context of a head begins at nothing', async () => {
    using generator = await MaskGenerator.create({ ...narrow, width: 1, backbone: 'resnet50', head: 'context' })
    const state = await generator.state()
    for (const name of ['conv1.weight', 'layer3.2.conv2.weight', 'layer4.0.downsample.0.weight']) {
      const [out = 0, , rows = 0, columns = 0] = state[name]!.shape
      const values = toNumbers(state[name]!)
      const variance = values.reduce((sum, value) => sum + value ** 2, 0) / values.length
      // The mean square of n normal numbers has the deviation sqrt(2 / n).
      expect(Math.abs(variance / (2 / (out * rows * columns)) - 1)).toBeLessThan(6 * Math.sqrt(2 / values.length))
    }
    expect(toNumbers(state['context.spread.weight']!).every((value) => value === 0)).toBe(true)
    const bound = Math.max(...toNumbers(state['classifier.weight']!).map(Math.abs))
    expect(bound).toBeLessThanOrEqual(1 / Math.sqrt(2048))
    expect(bound).toBeGreaterThan(0.99 / Math.sqrt(2048))
  })

  test('come from the seed', async () => {
    const drawn = [3, 3, 4].map(async (seed) => (await MaskGenerator.create({ ...narrow, seed })).state())
    const [first, same, other] = await Promise.all(drawn)
    expect(differences(first!, same!)).toEqual([])
    expect(differences(first!, other!)).toEqual(expect.arrayContaining(['conv1.weight', 'classifier.weight']))
  })
})
