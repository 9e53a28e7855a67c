import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { TensorMap } from '../../../lib/base/tensor.js'
import { readWeights } from '../../../lib/formats/stateDict.js'
import { cnnTensors, weaktrTensors } from '../../../lib/models/foreign/own.js'
import { resizeGrid } from '../../../lib/models/foreign/positions.js'
import { MaskGenerator } from '../../../lib/models/maskGenerator.js'
import { loadPretrained } from '../../../lib/models/weights.js'
import { describeNative, float32, tiny } from '../../native/models.js'
import { expectClose } from '../../support/close.js'
import { needs } from '../../support/needs.js'
import { runScript } from '../../support/python.js'

const read = async (path: string): Promise<TensorMap> => (await readWeights(path)).tensors

needs('python').describe('against torch', () => {
  let folder = ''
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'semples-vits-'))
    await runScript('test/models/foreign/vits.py', folder)
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test('positions are resized as by interpolate', async () => {
    const tables = await read(join(folder, 'tables.safetensors'))
    const sizes = Object.keys(tables).flatMap((name) => /^(\d+) (\d+) from$/.exec(name)?.slice(1, 3).map(Number) ?? [])
    expect(sizes.length).toBe(12)
    for (let at = 0; at < sizes.length; at += 2) {
      const [side, toSide] = [sizes[at]!, sizes[at + 1]!]
      const data = resizeGrid(tables[`${side} ${toSide} from`]!.data as Float32Array, side, toSide, 6)
      const expected = tables[`${side} ${toSide} to`]!
      expectClose({ ...expected, data }, expected, { name: `${side} to ${toSide}`, relMax: 1e-5 })
    }
  })

  for (const names of ['torchvision', 'huggingFace'])
    needs('build').test(`${names} computes what it does there`, async () => {
      const file = join(folder, `${names}.safetensors`)
      const { images, features } = await read(join(folder, 'output.safetensors'))
      using generator = await MaskGenerator.create({ ...tiny, classes: 1 })
      const { report } = await loadPretrained(generator, await read(file), file)
      expect(report.unexpected).toEqual([])
      const { patch_features: found } = await generator.forward({ images }, { featureMaps: true })
      expectClose(found!, features!, { relMax: 1e-4 })
    })
})

describeNative('loading', () => {
  const plain = async (classes: number, seed: number) => {
    using source = await MaskGenerator.create({ ...tiny, classes, seed })
    const state = await source.state()
    return Object.fromEntries(Object.entries(state).filter(([name]) => !/^(head|adaptive)/.test(name)))
  }

  test('equal shapes of other numbers of classes and patches are not taken as they are', async () => {
    // 1 + 4 * 4 rows are 13 classes and 2 * 2 patches as well.
    using generator = await MaskGenerator.create({ ...tiny, imageSize: 16, classes: 13 })
    const weights = await plain(1, 4)
    const { report } = await loadPretrained(generator, weights, 'deit.pth')
    expect(report.interpolated).toContainEqual({ name: 'pos_embed', from: [1, 17, 16], to: [1, 17, 16] })
    const table = (await generator.state()).pos_embed!.data as Float32Array
    const row = (weights.pos_embed!.data as Float32Array).slice(0, tiny.width)
    for (let at = 0; at < 13; at++) expect(table.slice(at * tiny.width, (at + 1) * tiny.width)).toEqual(row)
  })

  test('numbers are those that the addon makes of a DeiT', async () => {
    const weights = await plain(1, 4)
    const config = { ...tiny, imageSize: 56 }
    using one = await MaskGenerator.create(config)
    using other = await MaskGenerator.create(config)
    await loadPretrained(one, weights, 'deit.pth')
    await other.load(weights, { strict: false, adapt: true })
    const [first, second] = [await one.state(), await other.state()]
    for (const name of Object.keys(weights)) expectClose(first[name]!, second[name]!, { name, relMax: 1e-6 })
  })

  test('a network without positions for its class token has zeros there', async () => {
    using generator = await MaskGenerator.create(tiny)
    const weights = await plain(1, 4)
    const table = float32([1, 16, tiny.width], (index) => 1 + index)
    await loadPretrained(generator, { ...weights, pos_embed: table }, 'vit.pth')
    const found = (await generator.state()).pos_embed!.data as Float32Array
    expect(found.slice(0, 3 * tiny.width).every((value) => value === 0)).toBe(true)
    expect(Array.from(found.slice(3 * tiny.width))).toEqual(Array.from(table.data as Float32Array))
  })

  test('names and shapes told without a generator are those of one', async () => {
    const plainly = ({
      name,
      shape,
      head,
      buffer,
    }: {
      name: string
      shape: readonly number[]
      head: boolean
      buffer: boolean
    }) => `${name} [${shape}] ${head} ${buffer}`
    using weaktr = await MaskGenerator.create({ ...tiny, mlpRatio: 3 })
    const sizes = { width: 16, depth: 2, patchSize: 8, mlpRatio: 3, grid: 4, heads: 2 }
    expect(weaktrTensors(sizes, 3).map(plainly)).toEqual(weaktr.parameters.map(plainly))
    for (const backbone of ['resnet50', 'resnet101', 'efficientnet-lite0'] as const)
      for (const width of [0.25, 0.3]) {
        using cnn = await MaskGenerator.create({ kind: 'cnn', backbone, width, classes: 4, seed: 1 })
        expect(cnnTensors(backbone, width, 4).map(plainly).sort()).toEqual(cnn.parameters.map(plainly).sort())
      }
  })
})
