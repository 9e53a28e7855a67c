import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { ClassTable, Dataset } from '../../lib/datasets/dataset.js'
import { evaluatePictures } from '../../lib/evaluate/evaluate.js'
import { writeCamFile } from '../../lib/formats/camFile/write.js'
import { writeNpy } from '../../lib/formats/npy.js'
import { writeNpz } from '../../lib/formats/npz.js'
import type { LabelMap } from '../../lib/masks/labelMap.js'
import { writeMask } from '../../lib/masks/png.js'

const classes: ClassTable = {
  name: 'pets',
  classes: [
    { id: 3, label: 'cat', prompt: 'cat', color: [255, 0, 0] },
    { id: 5, label: 'dog', prompt: 'dog', color: [0, 255, 0] },
  ],
}
const map = (...data: number[]): LabelMap => ({ width: 2, height: 2, data: Uint8Array.from(data) })
const float = (shape: number[], ...data: number[]) => ({
  dtype: 'float32' as const,
  shape,
  data: Float32Array.from(data),
})

let folder: string
let masks: string
let truth: string
let cams: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'semples-evaluate-'))
  masks = join(folder, 'masks')
  truth = join(folder, 'truth')
  cams = join(folder, 'cams')
  await writeMask(join(truth, 'a.png'), map(0, 3, 3, 255))
  await writeMask(join(truth, 'sub', 'b.png'), map(0, 5, 5, 5))
  await writeMask(join(masks, 'a.png'), map(0, 3, 0, 5))
  await writeMask(join(masks, 'sub', 'b.png'), map(0, 5, 5, 3))
  await writeMask(join(masks, 'c.png'), map(0, 0, 0, 0))
  await writeNpz(join(cams, 'a.npz'), { 5: float([2, 2], 0, 0, 0, 0), 3: float([2, 2], 0.1, 0.8, 0.6, 1) })
  const b = { data: Float32Array.of(0, 0, 0, 0, 0.2, 0.9, 0.9, 0.5), classIds: [3, 5], height: 2, width: 2 }
  await writeCamFile(join(cams, 'sub', 'b.npy'), b, 'npy')
  await writeFile(join(truth, 'notes.txt'), 'not a mask')
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** A data set in memory; a picture `d` without ground truth is among its items. */
const dataset: Dataset = {
  name: 'pets val',
  classes,
  orientation: 'exif',
  items: [
    { id: 'a', image: '/nowhere/a.jpg', labels: [0] },
    { id: 'sub/b', image: '/nowhere/b.jpg', labels: [1] },
    { id: 'd', image: '/nowhere/d.jpg', labels: [] },
  ],
  mask: async ({ id }) => (id === 'a' ? map(0, 3, 3, 255) : id === 'sub/b' ? map(0, 5, 5, 5) : undefined),
}

describe('masks', () => {
  // truth 0 3 3 . | 0 5 5 5, masks 0 3 0 . | 0 5 5 3: background 2/3, cat 1/3, dog 2/3
  const iou = [2 / 3, 1 / 3, 2 / 3]

  test('a folder against a folder, ids with folders in them', async () => {
    const result = await evaluatePictures({ masks, groundTruth: truth, classes })
    expect(result.perClass.map(({ id, label, iou }) => [id, label, iou])).toEqual([
      [0, 'background', iou[0]],
      [3, 'cat', iou[1]],
      [5, 'dog', iou[2]],
    ])
    expect(result.miou).toBeCloseTo(5 / 9, 12)
    expect(result).toMatchObject({ pictures: 2 })
    expect(result.curve).toBeUndefined()
  })

  test('a data set knows its classes; pictures without ground truth are left out', async () => {
    const seen: number[] = []
    const result = await evaluatePictures({ masks, groundTruth: dataset, onProgress: ({ done }) => seen.push(done) })
    expect(result).toEqual(await evaluatePictures({ masks, groundTruth: truth, classes }))
    expect(seen).toEqual([1, 2, 3])
  })

  test('only the ids asked for, each once', async () => {
    const result = await evaluatePictures({ masks, groundTruth: truth, classes, ids: ['a', 'a'] })
    expect(result).toMatchObject({ pictures: 1, miou: (1 / 2 + 1 / 2) / 2 })
  })
})

describe('maps', () => {
  test('named arrays and stacked arrays, the whole curve, the figures of its best point', async () => {
    // a: cat at 0.8 0.6 | b: dog at 0.9 0.9 0.5; all right while 0.2 <= threshold < 0.5
    const result = await evaluatePictures({
      cams,
      groundTruth: truth,
      classes,
      thresholds: [0, 0.15, 0.2, 0.4, 0.55, 0.7, 0.85],
    })
    expect(result.curve?.map(({ miou }) => miou)).toEqual([
      (0 / 2 + 2 / 3 + 3 / 4) / 3,
      (1 / 2 + 1 + 3 / 4) / 3,
      1,
      1,
      (2 / 3 + 1 + 2 / 3) / 3,
      expect.closeTo((2 / 4 + 1 / 2 + 2 / 3) / 3, 12),
      expect.closeTo((2 / 5 + 0 + 2 / 3) / 3, 12),
    ])
    expect(result.best).toEqual({ threshold: 0.2, miou: 1 })
    expect(result).toMatchObject({ miou: 1, recall: 1, precision: 1, pictures: 2 })
  })

  test('the default curve has a hundred points; the greedy one stops early', async () => {
    const options = { cams, groundTruth: truth, classes }
    const whole = await evaluatePictures(options)
    expect(whole.curve).toHaveLength(100)
    const greedy = await evaluatePictures({ ...options, greedy: true })
    expect(greedy.curve).toEqual(whole.curve?.slice(0, 2))
    expect(greedy.best).toEqual(whole.curve?.[0])
  })

  test('an array alone says nothing of classes: it takes camClasses', async () => {
    const alone = join(folder, 'alone')
    await writeNpy(join(alone, 'a.npy'), float([2, 2, 2], 0, 0, 0, 0, 0.1, 0.8, 0.6, 1))
    await writeNpy(join(alone, 'sub', 'b.npy'), {
      dtype: 'float64',
      shape: [2, 2, 2],
      data: Float64Array.of(0.2, 0.9, 0.9, 0.5, 0, 0, 0, 0),
    })
    const options = { cams: alone, groundTruth: dataset, thresholds: [0.3] }
    expect(await evaluatePictures({ ...options, camClasses: [5, 3] })).toMatchObject({ miou: 1 })
    for (const [camClasses, message] of [
      [undefined, /a\.npy does not say which classes.*--cam-classes/],
      [[3], /a\.npy.*2 maps, and 1 classes/],
    ] as const) {
      await expect(evaluatePictures({ ...options, camClasses })).rejects.toMatchObject({
        code: 'SEMPLES_CAM_INVALID',
        file: join(alone, 'a.npy'),
        message: expect.stringMatching(message),
      })
    }
  })

  test('a map of the background competes with the threshold', async () => {
    const scores = join(folder, 'scores')
    const a = { data: Float32Array.of(0.7, 0.1, 0.2, 0, 0.3, 0.9, 0.8, 1), classIds: [0, 3], height: 2, width: 2 }
    await writeCamFile(join(scores, 'a.npz'), a, 'npz')
    const { curve } = await evaluatePictures({
      cams: scores,
      groundTruth: truth,
      classes,
      ids: ['a'],
      thresholds: [0, 0.85],
    })
    // At 0 the highest map decides, which is right everywhere; at 0.85 the third pixel becomes background.
    expect(curve?.map(({ miou }) => miou)).toEqual([1, (1 / 2 + 1 / 2) / 2])
  })
})

describe('evaluate refuses', () => {
  test.each([
    ['neither masks nor maps', () => ({ groundTruth: truth, classes }), 'SEMPLES_CONFIG_INVALID', /masks/],
    ['both', () => ({ masks, cams, groundTruth: truth, classes }), 'SEMPLES_CONFIG_INVALID', /either/],
    ['a folder without classes', () => ({ masks, groundTruth: truth }), 'SEMPLES_CONFIG_INVALID', /class table/],
    ['an absent folder', () => ({ masks, groundTruth: join(folder, 'no'), classes }), 'SEMPLES_FILE_UNREADABLE', /no/],
    ['an unknown id', () => ({ masks, groundTruth: truth, classes, ids: ['x'] }), 'SEMPLES_MASK_MISSING', /picture x/],
    ['an id without truth', () => ({ masks, groundTruth: dataset, ids: ['d'] }), 'SEMPLES_MASK_MISSING', /picture d/],
    ['no pictures', () => ({ masks, groundTruth: truth, classes, ids: [] }), 'SEMPLES_NO_MASKS', /truth/],
    ['a missing mask', () => ({ masks: cams, groundTruth: truth, classes }), 'SEMPLES_MASK_MISSING', /cams\/a\.png/],
    [
      'missing maps',
      () => ({ cams: masks, groundTruth: truth, classes }),
      'SEMPLES_MASK_MISSING',
      /picture a in .*masks/,
    ],
    [
      'descending thresholds',
      () => ({ cams, groundTruth: truth, classes, thresholds: [1, 0] }),
      'SEMPLES_CONFIG_INVALID',
      /asc/,
    ],
  ])('%s', async (_, options, code, message) => {
    await expect(evaluatePictures(options())).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
  })

  test('a mask of another size, naming both files', async () => {
    const other = join(folder, 'other')
    await writeMask(join(other, 'a.png'), { width: 4, height: 1, data: new Uint8Array(4) })
    await expect(evaluatePictures({ masks: other, groundTruth: truth, classes })).rejects.toMatchObject({
      code: 'SEMPLES_MASK_SIZE',
      message: expect.stringMatching(/other\/a\.png.*truth\/a\.png/),
    })
  })

  test('a class that the table does not have, naming the file', async () => {
    const other = join(folder, 'classes')
    await writeMask(join(other, 'a.png'), map(0, 4, 0, 0))
    await expect(evaluatePictures({ masks: other, groundTruth: truth, classes })).rejects.toMatchObject({
      code: 'SEMPLES_MASK_CLASS',
      file: join(other, 'a.png'),
      value: 4,
    })
  })

  test.each([
    ['an array that is not named by an id', { lynx: float([2, 2], 0, 0, 0, 0) }, /a\.npz does not say which class/],
    [
      'arrays of different sizes',
      { 3: float([2, 2], 0, 0, 0, 0), 5: float([1, 4], 0, 0, 0, 0) },
      /map 3 is 2 by 2, map 5 is 1 by 4/,
    ],
    ['the id of void', { 255: float([2, 2], 0, 0, 0, 0) }, /a\.npz.*255/],
  ])('maps: %s', async (name, arrays, message) => {
    const bad = join(folder, name.replaceAll(' ', '-'))
    await mkdir(bad)
    await writeNpz(join(bad, 'a.npz'), arrays)
    await expect(evaluatePictures({ cams: bad, groundTruth: truth, classes })).rejects.toMatchObject({
      code: 'SEMPLES_CAM_INVALID',
      message: expect.stringMatching(message),
    })
  })

  test('to go on after an abort', async () => {
    const controller = new AbortController()
    const work = evaluatePictures({
      masks,
      groundTruth: truth,
      classes,
      signal: controller.signal,
      onProgress: () => controller.abort(new Error('enough')),
    })
    await expect(work).rejects.toThrow('enough')
  })
})
