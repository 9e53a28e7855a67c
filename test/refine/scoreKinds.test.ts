import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { writeNpy } from '../../lib/formats/npy.js'
import { writeNpz } from '../../lib/formats/npz.js'
import { voc2012Classes } from '../../lib/index.js'
import type { NativeLabelMap, NativeScoreMaps } from '../../lib/native/addon.js'
import { classNamesOf } from '../../lib/refine/classTable.js'
import { type RefineOptions, resolveRefineOptions } from '../../lib/refine/options.js'
import { type Source, sourceOf } from '../../lib/refine/source.js'
import type { RefineInput } from '../../lib/refine/types.js'
import { rejection } from '../config/refusal.js'

const folder = await mkdtemp(join(tmpdir(), 'semples-kinds-'))
const size = { width: 3, height: 2 }
const image = { data: new Uint8Array(18), ...size }
const source = (input: Partial<RefineInput>, options: RefineOptions = {}, sides = size) =>
  sourceOf({ image, ...input }, sides, resolveRefineOptions(options))
const tensor = (shape: number[], data: ArrayLike<number>) => ({
  dtype: 'float32' as const,
  shape,
  data: Float32Array.from(data),
})
/** Maps of 3 x 2 pixels, each with one value throughout but for its first pixel. */
const maps = (...values: [first: number, others: number][]) =>
  Float32Array.from(values.flatMap(([first, others]) => [first, ...Array(5).fill(others)]))
const valuesOf = ({ source: native }: Source) => [...(native as NativeScoreMaps).values]

/** The same maps in memory and in a file. */
async function both(data: Float32Array, classes: number[], options: RefineOptions = {}): Promise<Source[]> {
  const file = join(folder, `${Math.random()}.npy`)
  await writeNpy(file, { dtype: 'float32', shape: [classes.length, 2, 3], data })
  return [
    await source({ scores: data.slice(), classes }, options),
    await source({ scores: file, classes }, options),
    await source({ scores: tensor([classes.length, 2, 3], data), classes }, options),
  ]
}

describe('logits', () => {
  test('R13: with a background map become a softmax', async () => {
    const data = maps([-11, 2], [11, 1], [3, 0])
    for (const found of await both(data, [0, 4, 9], { values: 'logits' })) {
      expect(found.classes).toEqual([0, 4, 9])
      for (const pixel of [0, 1]) {
        const logits = [0, 1, 2].map((map) => data[6 * map + pixel]!)
        const sum = logits.reduce((total, logit) => total + Math.exp(logit), 0)
        for (const [map, logit] of logits.entries())
          expect(valuesOf(found)[6 * map + pixel]).toBeCloseTo(Math.exp(logit) / sum, 6)
      }
    }
  })

  test('without one become a sigmoid each, and the threshold stands in front', async () => {
    for (const found of await both(maps([0, Math.log(3)]), [4], { values: 'logits', threshold: 0.3 })) {
      expect(found).toMatchObject({ classes: [0, 4], source: { background: { threshold: 0.3 } } })
      expect(valuesOf(found)[0]).toBeCloseTo(0.5, 6)
      expect(valuesOf(found)[1]).toBeCloseTo(0.75, 6)
    }
  })

  test('of -infinity are classes that are not there', async () => {
    const data = maps([1, 1], [2, 2], [-Infinity, -Infinity])
    expect((await source({ scores: data, classes: [0, 1, 2] }, { values: 'logits' })).classes).toEqual([0, 1])
  })

  test('that look like probabilities are told of', async () => {
    const { warnings } = await source({ scores: maps([0.5, 0.2], [0.5, 0.8]) }, { values: 'logits' })
    expect(warnings).toEqual([{ text: expect.stringMatching(/as logits all lie from 0 to 1/), seen: '0.2 to 0.8' }])
  })
})

test('raw maps are scaled each to its own minimum and maximum, as SemPLeS scales CAMs', async () => {
  for (const found of await both(maps([-4, 12], [100, 50], [7, 7]), [1, 2, 3], { values: 'raw' })) {
    // A map of one number says nothing, and is left out.
    expect(found.classes).toEqual([0, 1, 2])
    expect(valuesOf(found)).toEqual([0, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0])
  }
})

test('raw maps of a whole class table are told of: each reaches 1 somewhere', async () => {
  const classes = Array.from({ length: 20 }, (_, index) => index + 1)
  const data = maps(...classes.map((id): [number, number] => [id, 0]))
  for (const { warnings } of await both(data, classes, { values: 'raw' }))
    expect(warnings).toEqual([{ text: expect.stringMatching(/keep the maps of its labels/), seen: '20 maps' }])
  expect((await source({ scores: data.slice(0, 12), classes: [1, 2] }, { values: 'raw' })).warnings).toEqual([])
})

test('the numbers of a caller stay as they are', async () => {
  for (const values of ['logits', 'raw'] as const) {
    const data = maps([-4, 12], [100, 50])
    await source({ scores: data }, { values })
    expect(data).toEqual(maps([-4, 12], [100, 50]))
  }
})

describe('probabilities', () => {
  test.each([
    ['logits', maps([-11, 11], [0, 1]), '-11 to 11', /--scores logits.*--scores raw.*--scores energies.*softmax/],
    ['bytes', maps([0, 255], [0, 1]), '0 to 255', /--scores raw.*\/ 255/],
    ['energies', maps([0.1, 9], [0, 1]), '0 to 9', /energies/],
  ])('R13: %s are refused, with the range and both remedies', async (_, data, range, hint) => {
    const file = join(folder, 'range.npy')
    await writeNpy(file, { dtype: 'float32', shape: [2, 2, 3], data })
    for (const scores of [data, file])
      expect(await rejection(source({ scores, classes: [0, 1] }))).toMatchObject({
        code: 'SEMPLES_CAM_INVALID',
        field: 'values',
        value: range,
        hint: expect.stringMatching(hint),
        ...(scores === file ? { file } : {}),
      })
  })

  test('may be rounded, and what a cubic filter adds is told of', async () => {
    const rounded = await source({ scores: maps([1.0004, -1e-6], [0.2, 0.3]), classes: [1, 2] })
    expect(rounded.warnings).toEqual([])
    const { warnings } = await source({ scores: maps([1.08, -0.04], [0.2, 0.3]), classes: [1, 2] })
    expect(warnings).toMatchObject([{ seen: '-0.04 to 1.08' }])
  })

  test('that never reach the threshold are told of', async () => {
    const low = maps([0.01, 0.03])
    expect((await source({ scores: low, classes: [1] })).warnings).toMatchObject([{ seen: 'the highest is 0.03' }])
    expect((await source({ scores: low, classes: [1] }, { threshold: 0.02 })).warnings).toEqual([])
    expect((await source({ scores: low, classes: [1] }, { backgroundPower: 2 })).warnings).toEqual([])
  })
})

test('R11: one map without a class is refused, in a file and in memory', async () => {
  const file = join(folder, 'one.npy')
  for (const shape of [
    [2, 3],
    [1, 2, 3],
  ]) {
    await writeNpy(file, tensor(shape, Array(6).fill(0.5)))
    const error = await rejection(source({ scores: file }))
    expect([error.code, error.hint]).toEqual(['SEMPLES_CAM_INVALID', expect.stringMatching(/--classes 1.*threshold/)])
    expect((await source({ scores: file, classes: [1] })).classes).toEqual([0, 1])
  }
  const error = await rejection(source({ scores: new Float32Array(6).fill(0.5) }))
  expect([error.code, error.hint]).toEqual(['SEMPLES_REFINE_INPUT', expect.stringMatching(/classes: \[1\]/)])
  // As WeakTr's class 0 is called where it is saved by name.
  await writeNpz(join(folder, 'zero.npz'), { 0: tensor([2, 3], [0, 1, 0, 0, 0, 0]) })
  expect((await rejection(source({ scores: join(folder, 'zero.npz') }))).hint).toMatch(/--class-offset 1/)
})

describe('R15: axes', () => {
  const sides = { width: 16, height: 8 }
  const pixels = (index: number) => Math.floor(index / 3) / 128
  const hwc = Float32Array.from({ length: 384 }, (_, index) => (index % 3 === 1 ? pixels(index) : 0))

  test('of height, width, maps are refused by their shape, and read where that is said', async () => {
    const file = join(folder, 'hwc.npy')
    await writeNpy(file, tensor([8, 16, 3], hwc))
    for (const scores of [file, tensor([8, 16, 3], hwc)]) {
      const refused = await rejection(source({ scores }, {}, sides))
      expect([refused.field, refused.message]).toEqual(['axes', expect.stringMatching(/3 maps of 8x16.*--axes hwc/)])
      if (scores === file)
        expect((await rejection(source({ scores, classes: [0, 1, 2] }, {}, sides))).hint).toMatch(/3 maps.*--axes hwc/)
      const found = await source({ scores, classes: [4, 5, 6] }, { axes: 'hwc' }, sides)
      expect(found).toMatchObject({ classes: [0, 5], source: { channels: 1, height: 8, width: 16 } })
      expect(valuesOf(found)[127]).toBe(127 / 128)
    }
    const flat = await source({ scores: hwc, classes: [4, 5, 6] }, { axes: 'hwc' }, sides)
    expect([flat.classes, valuesOf(flat)[127]]).toEqual([[0, 5], 127 / 128])
  })

  test('of a smaller copy, and the other way round', async () => {
    const small = tensor([24, 32, 5], new Float32Array(3840))
    const photo = { width: 500, height: 375 }
    expect((await rejection(source({ scores: small }, {}, photo))).message).toMatch(/5 maps of 24x32/)
    const chw = tensor([3, 8, 16], new Float32Array(384))
    expect((await rejection(source({ scores: chw }, { axes: 'hwc' }, sides))).hint).toMatch(/--axes chw/)
  })

  test.each([
    [[21, 14, 14], { width: 500, height: 375 }],
    [[20, 41, 41], { width: 321, height: 321 }],
    [[3, 3, 3], { width: 3, height: 3 }],
    [[90, 32, 24], { width: 281, height: 375 }],
    [[3, 5, 7], { width: 3, height: 2 }],
  ])('%j of a picture %j are plainly fine', async (shape, picture) => {
    const data = new Float32Array(shape.reduce((product, side) => product * side, 1)).fill(0.5)
    expect((await source({ scores: tensor(shape, data) }, {}, picture)).classes).toHaveLength(shape[0]!)
  })

  const even = (height: number, width: number) =>
    tensor([2, height, width], new Float32Array(2 * height * width).fill(0.6))

  test('sides that are exchanged are told of', async () => {
    const { warnings } = await source({ scores: even(16, 8) }, {}, sides)
    expect(warnings).toMatchObject([{ text: expect.stringMatching(/transposed/), seen: 'maps 8x16, picture 16x8' }])
  })

  test.each([
    [93, 70, 282, 375],
    [32, 24, 375, 500],
    [24, 32, 500, 375],
    [125, 119, 475, 500],
    [750, 564, 282, 375],
  ])('1.4: at any size: %i x %i of a picture of %i x %i', async (height, width, ofPicture, across) => {
    const { warnings } = await source({ scores: even(height, width) }, {}, { height: ofPicture, width: across })
    expect(warnings).toMatchObject([{ text: expect.stringMatching(/transposed/) }])
    // The other way round they are right.
    const right = await source({ scores: even(width, height) }, {}, { height: ofPicture, width: across })
    expect(right.warnings).toEqual([])
  })

  test.each([
    [14, 14, 282, 375],
    [4, 3, 282, 375],
    [30, 31, 480, 500],
    [31, 30, 480, 500],
    [512, 512, 375, 500],
    [24, 32, 375, 499],
    [30, 20, 375, 500],
  ])('1.4: nothing is said of %i x %i of a picture of %i x %i', async (height, width, ofPicture, across) => {
    const { warnings } = await source({ scores: even(height, width) }, {}, { height: ofPicture, width: across })
    expect(warnings).toEqual([])
  })
})

describe('N06', () => {
  test('names of classes are looked up in a table', async () => {
    const file = join(folder, 'bus.npz')
    await writeNpz(file, { bus: tensor([2, 3], Array(6).fill(0.5)) })
    for (const table of ['voc2012', voc2012Classes]) {
      const settings = { ...resolveRefineOptions(), ...(await classNamesOf(table)) }
      expect((await sourceOf({ image, scores: file }, size, settings)).classes).toEqual([0, 6])
    }
    expect((await rejection(source({ scores: file }))).hint).toMatch(/--class-table/)
  })

  test('a 2-D array of whole numbers holds labels', async () => {
    const file = join(folder, 'labels.npy')
    await writeNpy(file, { dtype: 'uint8', shape: [2, 3], data: Uint8Array.of(0, 6, 6, 255, 0, 6) })
    const { source: native, classes } = await source({ scores: file })
    expect([classes, (native as NativeLabelMap).labelMap]).toEqual([[0, 6], Uint8Array.of(0, 1, 1, 255, 0, 1)])
    // Unless they are said to be scores.
    expect((await source({ scores: file, classes: [3] }, { values: 'raw' })).classes).toEqual([0, 3])
    await writeNpy(file, { dtype: 'int64', shape: [2, 3], data: BigInt64Array.of(0n, 6n, -1n, 0n, 0n, 0n) })
    expect((await rejection(source({ scores: file }))).message).toMatch(/among them -1/)
    const grey = { dtype: 'uint8' as const, shape: [16, 16], data: Uint8Array.from({ length: 256 }, (_, i) => i) }
    await writeNpy(file, grey)
    expect((await rejection(source({ scores: file }))).message).toMatch(/256 different.*--classes 1 --scores raw/)
  })

  test('a mask of 0 and 255 is told of', async () => {
    const { warnings } = await source({ labels: Uint8Array.of(0, 0, 0, 255, 255, 0) })
    expect(warnings).toMatchObject([{ seen: '33 % of the pixels are 255' }])
    expect((await source({ labels: Uint8Array.of(0, 0, 0, 255, 1, 0) })).warnings).toEqual([])
  })

  test('entry takes one of several arrays', async () => {
    const file = join(folder, 'several.npz')
    await writeNpz(file, { a: tensor([2, 3], Array(6).fill(0.5)), b: tensor([2, 3], Array(6).fill(0.7)) })
    const found = await source({ scores: file }, { entry: 'b', classes: [2] })
    expect([found.classes, valuesOf(found)[0]]).toEqual([[0, 2], Math.fround(0.7)])
  })
})
