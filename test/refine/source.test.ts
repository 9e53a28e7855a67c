import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { writeCamFile } from '../../lib/formats/camFile/write.js'
import { writeNpy } from '../../lib/formats/npy.js'
import { writeNpz } from '../../lib/formats/npz.js'
import { writeMask } from '../../lib/masks/png.js'
import type { NativeLabelMap, NativeScoreMaps } from '../../lib/native/addon.js'
import { pixelsOf } from '../../lib/refine/image.js'
import { type RefineOptions, resolveRefineOptions } from '../../lib/refine/options.js'
import { sourceOf } from '../../lib/refine/source.js'
import type { RefineInput } from '../../lib/refine/types.js'
import { rejection } from '../config/refusal.js'

const size = { width: 3, height: 2 }
const folder = await mkdtemp(join(tmpdir(), 'semples-source-'))

function source(input: Partial<RefineInput>, options: RefineOptions = {}) {
  return sourceOf({ image: '', ...input }, size, resolveRefineOptions(options))
}

/** Maps of 3 x 2 pixels, each with one value throughout. */
const maps = (...values: number[]) => Float32Array.from(values.flatMap((value) => Array(6).fill(value)))
const float32 = (shape: number[], data: Float32Array) => ({ dtype: 'float32' as const, shape, data })

describe('score maps', () => {
  test('with a background map are taken as they are', async () => {
    const { source: native, classes } = await source({ scores: maps(0.5, 0.2, 0.3), classes: [0, 15, 19] })
    expect(classes).toEqual([0, 15, 19])
    expect(native).toMatchObject({ channels: 3, height: 2, width: 3, unary: 'hard', gtProb: 0.7 })
    expect((native as NativeScoreMaps).background).toBeUndefined()
  })

  test('without one get a background in front', async () => {
    const given = await source({ scores: maps(0.2, 0.3), classes: [15, 19] }, { threshold: 0.25 })
    expect(given.classes).toEqual([0, 15, 19])
    expect(given.source).toMatchObject({ channels: 2, background: { threshold: 0.25 } })
    const power = await source({ scores: maps(0.2) }, { classes: [4], backgroundPower: 2, unary: 'soft' })
    expect(power).toMatchObject({ classes: [0, 4], source: { background: { power: 2 }, unary: 'soft' } })
  })

  test('of absent classes take no part', async () => {
    const { source: native, classes } = await source({ scores: maps(0.5, 0, 0.25, 0) })
    expect(classes).toEqual([0, 2])
    expect((native as NativeScoreMaps).values).toEqual(maps(0.5, 0.25))
    // Energies of 0 are the best score there is, and a matrix is about all labels.
    expect((await source({ scores: maps(0, 1) }, { values: 'energies', unary: 'soft' })).classes).toEqual([0, 1])
    const compat = [
      [0, 1],
      [1, 0],
    ]
    expect((await source({ scores: maps(0.5, 0) }, { gaussian: { sxy: 3, compat } })).classes).toEqual([0, 1])
  })

  test('of no class at all leave the background', async () => {
    const background = { classes: [0], source: { labelMap: new Uint8Array(6), labels: 1 }, warnings: [] }
    expect(await source({ scores: maps(0, 0), classes: [3, 4] })).toEqual(background)
    expect(await source({ scores: maps(), classes: [] })).toEqual(background)
    const empty = join(folder, 'empty.npz')
    await writeNpz(empty, {})
    expect(await source({ scores: empty })).toEqual(background)
  })

  test('of another size keep it', async () => {
    const tensor = { dtype: 'float64' as const, shape: [1, 5, 7], data: new Float64Array(35).fill(0.5) }
    const { source: native } = await source({ scores: tensor, classes: [3] })
    expect(native).toMatchObject({ channels: 1, height: 5, width: 7, alignCorners: false })
    expect((native as NativeScoreMaps).values).toEqual(new Float32Array(35).fill(0.5))
    expect((await source({ scores: tensor, classes: [3] }, { method: 'pamr' })).source).toMatchObject({
      alignCorners: true,
      unary: 'soft',
    })
  })

  test('of files: classes by name, by position, as given', async () => {
    const plain = (shape: number[], data: Float32Array) => float32(shape, data)
    const npz = join(folder, 'a.npz')
    await writeNpz(npz, { 15: plain([2, 3], maps(0.25)), 2: plain([2, 3], maps(0.75)) })
    const named = await source({ scores: npz })
    expect([...named.classes].sort((one, other) => one - other)).toEqual([0, 2, 15])
    const upper = join(folder, 'b.NPZ')
    await writeNpz(upper, { 15: plain([2, 3], maps(0.25)) })
    expect((await source({ scores: upper })).classes).toEqual([0, 15])
    expect((await source({ scores: upper }, { classOffset: 1 })).classes).toEqual([0, 16])
    const npy = join(folder, 'a.npy')
    await writeNpy(npy, plain([3, 2, 3], maps(0.1, 0.2, 0.3)))
    expect(await rejection(source({ scores: npy }))).toMatchObject({
      code: 'SEMPLES_CAM_INVALID',
      file: npy,
      field: 'classes',
      message: expect.stringMatching(/does not say which classes.*--classes/),
    })
    expect((await source({ scores: npy, classes: [7, 0, 9] })).classes).toEqual([7, 0, 9])
    expect((await source({ scores: npy }, { classes: [7, 8, 9] })).classes).toEqual([0, 7, 8, 9])
  })

  test('of files whose classes are no class ids', async () => {
    const file = join(folder, 'void.npz')
    for (const classIds of [[255], [3, 3]]) {
      const data = maps(...classIds.map(() => 0.5))
      await writeCamFile(join(folder, 'void.npy'), { data, classIds, height: 2, width: 3 }, 'npy')
      expect(await rejection(source({ scores: join(folder, 'void.npy') }))).toMatchObject({
        code: 'SEMPLES_CAM_INVALID',
        field: 'classes',
      })
    }
    await writeNpz(file, { 254: float32([2, 3], maps(0.5)) })
    expect(await rejection(source({ scores: file }, { classOffset: 1 }))).toMatchObject({ file, value: [255] })
    expect(await rejection(source({ scores: file, classes: [1, 2] }))).toMatchObject({
      file,
      message: expect.stringMatching(/1 maps, and 2 classes/),
    })
  })

  test.each<[string, Partial<RefineInput>, string]>([
    ['neither', {}, 'scores'],
    ['both', { scores: maps(1), labels: new Uint8Array(6) }, 'scores'],
    ['a broken size', { scores: new Float32Array(7) }, 'scores'],
    ['two axes', { scores: float32([2, 3], maps(1)) }, 'scores'],
    ['other numbers', { scores: { dtype: 'int32', shape: [1, 2, 3], data: new Int32Array(6) } }, 'scores'],
    ['too few classes', { scores: maps(1, 1), classes: [1] }, 'classes'],
    ['a class twice', { scores: maps(1, 1), classes: [1, 1] }, 'classes'],
    ['void as a class', { scores: maps(1), classes: [255] }, 'classes'],
  ])('refuses %s', async (_, input, field) => {
    expect(await rejection(source(input))).toMatchObject({ code: 'SEMPLES_REFINE_INPUT', field })
  })
})

describe('labels', () => {
  test('become indices of those that are present, 255 unsure', async () => {
    const { source: native, classes } = await source({ labels: Uint8Array.of(0, 19, 4, 19, 255, 4) })
    expect(classes).toEqual([0, 4, 19])
    expect(native).toEqual({ labelMap: Uint8Array.of(0, 2, 1, 2, 255, 1), labels: 3, gtProb: 0.7 })
  })

  test('0 is unsure where that is asked for', async () => {
    const { source: native, classes } = await source(
      { labels: Uint8Array.of(0, 19, 4, 19, 255, 4) },
      { zeroUnsure: true, gtProb: 0.9 },
    )
    expect([classes, (native as NativeLabelMap).labelMap]).toEqual([[4, 19], Uint8Array.of(255, 1, 0, 1, 255, 0)])
  })

  test('nothing but unsure ones stay so', async () =>
    expect((await source({ labels: new Uint8Array(6).fill(255) })).classes).toEqual([255]))

  test('come from PNGs, of the size of the picture', async () => {
    const file = join(folder, 'mask.png')
    await writeMask(file, { ...size, data: Uint8Array.of(1, 1, 1, 0, 0, 0) })
    expect((await source({ labels: file })).classes).toEqual([0, 1])
    await writeMask(file, { width: 2, height: 3, data: new Uint8Array(6) })
    expect(await rejection(source({ labels: file }))).toMatchObject({
      code: 'SEMPLES_REFINE_INPUT',
      file,
      value: '2x3, 6 labels',
    })
  })
})

describe('pixels', () => {
  test('of RGB, RGBA and grey', async () => {
    const rgb = await pixelsOf({ data: Uint8Array.of(1, 2, 3, 4, 5, 6), width: 2, height: 1 })
    expect(rgb.data).toEqual(Uint8Array.of(1, 2, 3, 4, 5, 6))
    const rgba = await pixelsOf({ data: Uint8ClampedArray.of(1, 2, 3, 9, 4, 5, 6, 9), width: 2, height: 1 })
    expect(rgba.data).toEqual(rgb.data)
    expect((await pixelsOf({ data: Uint8Array.of(7, 8), width: 2, height: 1 })).data).toEqual(
      Uint8Array.of(7, 7, 7, 8, 8, 8),
    )
  })

  test.each([
    [{ data: new Uint8Array(5), width: 2, height: 1 }],
    [{ data: new Uint8Array(0), width: 0, height: 0 }],
    [{ data: [1, 2, 3], width: 1, height: 1 }],
    [undefined],
  ])('not %j', async (image) => {
    expect(await rejection(pixelsOf(image as never))).toMatchObject({ code: 'SEMPLES_REFINE_INPUT', field: 'image' })
  })
})
