import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import type { TensorData, TensorMap } from '../../lib/base/tensor.js'
import { writeSafetensors } from '../../lib/formats/safetensors.js'
import { Random } from '../../lib/loader/random.js'
import { Clip } from '../../lib/models/clip/clip.js'
import { Segmenter, type SegmenterConfig, SegmentTrainer } from '../../lib/models/segmenter.js'
import type { NativeSegmentTrainerOptions } from '../../lib/native/segmentAddon.js'
import { rejection } from '../config/refusal.js'
import { openAiIntegers, openAiTensors } from '../models/clip/lookAlikes.js'
import { expectClose, largestMagnitude } from '../support/close.js'
import { needs } from '../support/needs.js'
import { randomImages, randomLabels, randomSegmenter, type SegmentCase, segmentReference } from './reference.js'

const FORWARD = { relMax: 1e-4 }

const vit = {
  kind: 'vit-mask',
  classes: 4,
  imageSize: 32,
  patchSize: 8,
  width: 16,
  depth: 2,
  heads: 2,
  dropout: 0,
  dropPathRate: 0,
} satisfies SegmenterConfig
const deeplab = {
  kind: 'deeplabv3plus',
  classes: 4,
  backbone: 'resnet50',
  width: 0.125,
  channels: 16,
  lowChannels: 8,
} satisfies SegmenterConfig

/** One step without an update: loss, share of clipped pixels and gradients by parameter. */
async function step(
  segmenter: Segmenter,
  batch: { images: TensorData; labels: TensorData; confidence?: Uint8Array; classWeights?: Float32Array },
  options: NativeSegmentTrainerOptions = {},
) {
  using trainer = await SegmentTrainer.create({ segmenter, ...options })
  const { labels, ...rest } = batch
  return trainer.step({ ...rest, labels: labels.data as Uint8Array, learningRate: 0, details: true })
}

function expectGradients(details: TensorMap, expected: TensorMap): void {
  const gradients = Object.entries(expected).filter(([name]) => name.startsWith('gradient.'))
  expect(gradients.length).toBeGreaterThan(10)
  const scale = Math.max(...gradients.map(([, tensor]) => largestMagnitude(tensor)))
  for (const [name, tensor] of gradients) expectClose(details[name]!, tensor, { name, relMax: 2e-3, abs: 1e-5 * scale })
}

needs('build', 'python').describe('segmentation models beside plain PyTorch', () => {
  const outputs: [string, SegmenterConfig, [number, number], [number, number] | undefined][] = [
    ['vit-mask', vit, [32, 32], undefined],
    ['vit-mask on another grid', vit, [24, 56], undefined],
    ['vit-mask, filled up', vit, [29, 43], [32, 48]],
    ['vit-mask, other statistics', { ...vit, halfStatistics: true }, [32, 32], undefined],
    ['deeplabv3plus on ResNet-50', deeplab, [64, 48], undefined],
    [
      'deeplabv3plus on EfficientNet-Lite0',
      { ...deeplab, backbone: 'efficientnet-lite0', dilate: false },
      [64, 64],
      undefined,
    ],
    ['deeplabv3plus at stride 32', { ...deeplab, outputStride: 32, dilate: false }, [64, 96], undefined],
  ]
  test.each(outputs)('%s: logits', async (_, config, [height, width], filled) => {
    const { segmenter, w } = await randomSegmenter(config)
    using model = segmenter
    const images = randomImages(2, height, width)
    const everyOutput = config.kind === 'vit-mask'
    const found = await model.respond({ images }, { everyOutput })
    const whole = filled === undefined ? images : pad(images, ...filled)
    const { one } = await segmentReference({
      one: { options: config, size: [height, width], tensors: { ...w, images: whole } },
    })
    expect(Object.keys(found)).toEqual(Object.keys(one))
    expect(Object.keys(found)).toHaveLength(everyOutput ? 2 : 1)
    for (const [name, logits] of Object.entries(one)) expectClose(found[name]!, logits, { name, ...FORWARD })
  })

  const losses: [string, NativeSegmentTrainerOptions['loss'], { confidence?: boolean; classWeights?: boolean }][] = [
    ['over all pixels', { mean: 'all' }, {}],
    ['over those with a label', { mean: 'valid' }, {}],
    ['weighted by confidence and class', { mean: 'valid' }, { confidence: true, classWeights: true }],
    ['adaptive clipping', { clipping: { enabled: true, start: 9, tile: 16 } }, {}],
    ['adaptive clipping whose tiles do not fit', { clipping: { enabled: true, start: 9, tile: 20 } }, {}],
    ['adaptive clipping that does not begin', { clipping: { enabled: true, start: 0.01, tile: 16 } }, {}],
  ]
  test.each(losses)('losses %s: value, share and gradients', async (_, loss, given) => {
    const { segmenter, w } = await randomSegmenter(vit)
    using model = segmenter
    const images = randomImages(3, 32, 48)
    const labels = randomLabels(3, 32, 48, 4)
    const confidence = Uint8Array.from(labels.data as Uint8Array, (_, at) => (37 * at) % 256)
    const classWeights = Float32Array.of(0.5, 1, 2, 0.25)
    const extra = {
      ...(given.confidence ? { confidence } : {}),
      ...(given.classWeights ? { classWeights } : {}),
    }
    const result = await step(model, { images, labels, ...extra }, { loss })
    const tensors: SegmentCase['tensors'] = { ...w, images, labels }
    if (given.confidence) tensors.confidence = { ...labels, data: confidence }
    if (given.classWeights) tensors.class_weights = { dtype: 'float32', shape: [4], data: classWeights }
    const { one } = await segmentReference({ one: { options: vit, loss, tensors } })
    expectClose(result.loss, Number(one.loss!.data[0]), { relMax: 1e-4 })
    expectClose(result.clipped, Number(one.clipped!.data[0]), { abs: 2e-3 })
    if (loss?.clipping !== undefined) expect(result.clipped > 0.05).toBe(loss.clipping.start === 9)
    expectGradients(result.details!, one)
  })

  test('clip-decoder: logits and gradients over what the blocks of a CLIP give', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'semples-clip-decoder-'))
    try {
      const sizes = { patch: 8, imageSize: 16, width: 64, textWidth: 8, blocks: 3 }
      const weights = { ...openAiTensors(sizes), ...openAiIntegers(sizes) }
      const draws = new Random(3, 'clip')
      for (const tensor of Object.values(weights))
        if (tensor.dtype === 'float32')
          tensor.data = Float32Array.from(tensor.data as Float32Array, () => draws.uniform(-0.3, 0.3))
      await writeSafetensors(join(folder, 'clip.safetensors'), weights)
      using clip = await Clip.open({ path: join(folder, 'clip.safetensors') })
      const config = { kind: 'clip-decoder', classes: 4, width: 16, depth: 2, heads: 2, dropout: 0 }
      const { segmenter, w } = await randomSegmenter({ ...config, clip })
      using model = segmenter
      const images = randomImages(2, 24, 32)
      const labels = randomLabels(2, 24, 32, 4)
      const own = renormalised(images, { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] }, clip.info)
      const { tokens } = await clip.encodeBlocks(own)
      const { one } = await segmentReference({
        one: { options: { ...config, patchSize: 8 }, tensors: { ...w, images, tokens, labels } },
      })
      expectClose((await model.respond({ images }))['logits.0']!, one['logits.0']!, FORWARD)
      const result = await step(model, { images, labels })
      expectClose(result.loss, Number(one.loss!.data[0]), { relMax: 1e-4 })
      expectGradients(result.details!, one)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })

  test('deeplabv3plus: gradients, the norms of its head with the statistics of the batch', async () => {
    const config = { ...deeplab, norm: 'fixed', dropout: 0 }
    const { segmenter, w } = await randomSegmenter(config)
    using model = segmenter
    const images = randomImages(3, 64, 64)
    const labels = randomLabels(3, 64, 64, 4)
    const { one } = await segmentReference({
      one: { options: config, training: true, tensors: { ...w, images, labels } },
    })
    const result = await step(model, { images, labels })
    expectClose(result.loss, Number(one.loss!.data[0]), { relMax: 1e-4 })
    expectGradients(result.details!, one)
  })

  test('deeplabv3plus: a step moves the statistics of its head', async () => {
    const { segmenter } = await randomSegmenter({ ...deeplab, norm: 'fixed' })
    using model = segmenter
    const images = randomImages(3, 64, 64)
    const labels = randomLabels(3, 64, 64, 4)
    const before = await model.state()
    const result = await step(model, { images, labels })
    expect(result.loss).toBeGreaterThan(0)
    // Running statistics move, parameters do not at a rate of 0.
    const after = await model.state()
    for (const [name, tensor] of Object.entries(before)) {
      const moved = tensor.data.some((value, at) => value !== after[name]!.data[at])
      expect([name, moved]).toEqual([name, /^(aspp|decoder).*running_/.test(name)])
    }
  })
})

interface Statistics {
  mean: readonly number[]
  std: readonly number[]
}

/** Pictures normalised with other statistics. */
function renormalised(images: TensorData, from: Statistics, to: Statistics): TensorData {
  const [, , height = 0, width = 0] = images.shape
  const data = Float32Array.from(images.data as Float32Array, (value, at) => {
    const channel = Math.floor(at / (height * width)) % 3
    return (value * from.std[channel]! + from.mean[channel]! - to.mean[channel]!) / to.std[channel]!
  })
  return { ...images, data }
}

/** Pictures with zeros at the right and the bottom. */
function pad({ shape, data }: TensorData, height: number, width: number): TensorData {
  const [count = 0, channels = 0, rows = 0, columns = 0] = shape
  const padded = new Float32Array(count * channels * height * width)
  for (let plane = 0; plane < count * channels; plane++)
    for (let y = 0; y < rows; y++)
      for (let x = 0; x < columns; x++)
        padded[(plane * height + y) * width + x] = Number(data[(plane * rows + y) * columns + x])
  return { dtype: 'float32', shape: [count, channels, height, width], data: padded }
}

needs('build').describe('segmentation models', () => {
  test('parts of a batch make the step of the whole', async () => {
    const { segmenter } = await randomSegmenter({ ...vit, dropout: 0.2, dropPathRate: 0.3 })
    using model = segmenter
    const images = randomImages(4, 32, 32)
    const labels = randomLabels(4, 32, 32, 4)
    for (const mean of ['all', 'valid'] as const) {
      const whole = await step(model, { images, labels }, { loss: { mean } })
      const parts = await step(model, { images, labels }, { loss: { mean }, microBatch: 3 })
      expectClose(parts.loss, whole.loss, { relMax: 1e-5 })
      for (const [name, gradient] of Object.entries(whole.details!))
        if (name !== 'logits') expectClose(parts.details![name]!, gradient, { name, relMax: 1e-4, abs: 1e-7 })
    }
  })

  test('a batch without labels is skipped, and labels out of range are refused', async () => {
    using model = await Segmenter.create(vit)
    using trainer = await SegmentTrainer.create({ segmenter: model })
    const images = randomImages(1, 16, 16)
    const before = await model.state()
    const nothing = await trainer.step({ images, labels: new Uint8Array(256).fill(255), learningRate: 1 })
    expect(nothing).toMatchObject({ skipped: true, labelled: 0 })
    expect(await model.state()).toEqual(before)
    const wrong = trainer.step({ images, labels: new Uint8Array(256).fill(4), learningRate: 1 })
    expect(await rejection(wrong)).toMatchObject({ code: 'SEMPLES_ARGUMENT_INVALID', field: 'labels', value: '4' })
    const short = trainer.step({ images, labels: new Uint8Array(255), learningRate: 1 })
    expect(await rejection(short)).toMatchObject({ code: 'SEMPLES_ARGUMENT_INVALID', field: 'labels' })
  })

  test.each<[string, SegmenterConfig, string]>([
    ['a width that heads do not divide', { ...vit, width: 15 }, 'width'],
    ['one class', { ...vit, classes: 1 }, 'classes'],
    ['a kind that is none', { ...vit, kind: 'unet' }, 'kind'],
    ['an option of another kind', { ...vit, backbone: 'resnet50' }, 'backbone'],
    ['a CLIP decoder without a CLIP', { kind: 'clip-decoder', classes: 4 }, 'clip'],
  ])('%s is refused', async (_, config, field) => {
    expect(await rejection(Segmenter.create(config))).toMatchObject({ code: 'SEMPLES_ARGUMENT_INVALID', field })
  })

  test('the same seed makes the same model and the same steps', async () => {
    const states: TensorMap[] = []
    for (let round = 0; round < 2; round++) {
      using model = await Segmenter.create({ ...vit, dropout: 0.3, dropPathRate: 0.2, seed: 5 })
      using trainer = await SegmentTrainer.create({
        segmenter: model,
        optimizer: { kind: 'sgd', momentum: 0.9, nesterov: true, weightDecay: 0 },
        groups: [{ parameters: 'encoder', factor: 0.1 }],
      })
      const images = randomImages(2, 32, 32)
      const labels = randomLabels(2, 32, 32, 4).data as Uint8Array
      for (let at = 0; at < 3; at++) await trainer.step({ images, labels, learningRate: 0.1, seed: at })
      states.push(await model.state())
    }
    expect(states[1]).toEqual(states[0])
  })
})

describe('learning', () => {
  needs('build').test('a few steps lower the loss', async () => {
    using model = await Segmenter.create({ ...vit, seed: 2 })
    using trainer = await SegmentTrainer.create({ segmenter: model, optimizer: { kind: 'adamw', weightDecay: 0 } })
    const images = randomImages(2, 32, 32)
    const labels = randomLabels(2, 32, 32, 4).data as Uint8Array
    const losses: number[] = []
    for (let at = 0; at < 30; at++) losses.push((await trainer.step({ images, labels, learningRate: 3e-3 })).loss)
    expect(losses.at(-1)!).toBeLessThan(0.7 * losses[0]!)
  })
})
