import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { writeClassTable } from '../../lib/datasets/classes/classTableFile.js'
import { classTable } from '../../lib/datasets/classes/names.js'
import { voc2012Classes } from '../../lib/datasets/classes/voc2012.js'
import type { ClassTable, Dataset } from '../../lib/datasets/dataset.js'
import { evaluatePictures } from '../../lib/evaluate/evaluate.js'
import { encodeIndexedPngSync } from '../../lib/formats/png.js'
import { vocColor } from '../../lib/masks/palette.js'
import { encodeMask, writeMask } from '../../lib/masks/png.js'
import { temporaryFiles } from '../datasets/temporaryFiles.js'

const one = classTable('pets', ['cat'])
const two = classTable('pets', ['cat', 'dog'])
const side = 8

/** 8x8 pixels: so many of each value, and 0. */
function png(pixels: Record<number, number>): Uint8Array {
  const data = new Uint8Array(side * side)
  let at = 0
  for (const [value, number] of Object.entries(pixels)) {
    data.fill(Number(value), at, at + number)
    at += number
  }
  return encodeMask({ width: side, height: side, data })
}

async function warnings(files: Record<string, string | Uint8Array>, classes: ClassTable = one): Promise<string[]> {
  const root = await temporaryFiles(files)
  const options = { masks: path.join(root, 'p'), groundTruth: path.join(root, 'gt'), classes }
  return (await evaluatePictures(options)).warnings
}

describe('ground truth without a class', () => {
  test('R09: 255 for the object is told, and what to do', async () => {
    expect(await warnings({ 'gt/a.png': png({ 255: 20 }), 'p/a.png': png({ 1: 5 }) })).toEqual([
      expect.stringMatching(
        /No ground-truth mask has a pixel of a class.*255 \(void\) is ignored.*id of its class, such as 1/,
      ),
    ])
    // As people mean it.
    const root = await temporaryFiles({ 'gt/a.png': png({ 1: 20 }), 'p/a.png': png({ 1: 5 }) })
    const options = { masks: path.join(root, 'p'), groundTruth: path.join(root, 'gt'), classes: one }
    const { perClass, warnings: none } = await evaluatePictures(options)
    expect(perClass.map(({ iou }) => iou)).toEqual([44 / 59, 5 / 20])
    expect(none).toEqual([])
  })

  test('R09: with maps too', async () => {
    const root = await temporaryFiles({ 'gt/a.png': png({ 255: 20 }) })
    const dataset: Dataset = {
      name: 'd',
      classes: one,
      items: [{ id: 'a', image: 'a.jpg', labels: [0] }],
      orientation: 'exif',
      mask: async () => ({ width: 2, height: 1, data: Uint8Array.of(0, 255) }),
    }
    const { writeNpz } = await import('../../lib/formats/npz.js')
    await writeNpz(path.join(root, 'a.npz'), { 1: { dtype: 'float32', shape: [1, 2], data: Float32Array.of(0, 1) } })
    expect((await evaluatePictures({ cams: root, groundTruth: dataset })).warnings).toHaveLength(1)
  })

  test('background alone is told too; void borders beside a class are not', async () => {
    expect(await warnings({ 'gt/a.png': png({}), 'p/a.png': png({ 1: 5 }) })).toEqual([
      expect.stringMatching(/all are background/),
    ])
    expect(
      await warnings({
        'gt/a.png': png({ 255: 20 }),
        'gt/b.png': png({ 1: 9, 255: 4 }),
        'p/a.png': png({}),
        'p/b.png': png({ 1: 5 }),
      }),
    ).toEqual([])
  })

  test('R09: masks of 0 and 255 are told', async () => {
    expect(await warnings({ 'gt/a.png': png({ 1: 20 }), 'p/a.png': png({ 255: 20 }) })).toEqual([
      expect.stringMatching(/No mask has a pixel of a class, but some have 255/),
    ])
  })
})

describe('N12: tables that do not belong together', () => {
  const files = { 'gt/a.png': png({ 2: 20 }), 'p/a.png': png({ 1: 20 }) }

  test('no class in common', async () => {
    expect(await warnings(files, two)).toEqual([expect.stringMatching(/masks hold the ids 1, the ground truth 2/)])
    expect(await warnings({ ...files, 'gt/b.png': png({ 1: 1 }), 'p/b.png': png({}) }, two)).toEqual([])
  })

  test.each<[string, (run: string) => object]>([
    [
      'a list',
      () => ({
        classes: [
          { id: 1, label: 'boat' },
          { id: 2, label: 'dog' },
        ],
      }),
    ],
    [
      'a table',
      () => ({
        classes: {
          name: 'x',
          classes: [
            { id: 1, label: 'boat' },
            { id: 2, label: 'dog' },
          ],
        },
      }),
    ],
    ['the folder of its run', (run) => ({ run })],
  ])('masks.json states another table: %s', async (_, record) => {
    const run = await temporaryFiles({})
    await writeClassTable(path.join(run, 'classes.json'), classTable('x', ['boat', 'dog']))
    const state = { 'p/masks.json': JSON.stringify(record(run)), 'gt/a.png': png({ 1: 3 }), 'p/a.png': png({ 1: 4 }) }
    expect(await warnings(state, two)).toEqual([
      expect.stringMatching(/masks\.json.*another class table.*1 is boat, here it is cat \(1 difference\).*--classes/),
    ])
    expect(await warnings(state, classTable('y', ['boat', 'dog', 'cow']))).toEqual([])
  })

  test.each(['no JSON', '{"run": "/nonexistent"}', '{}', '[]', 'null', '{"classes": 3}'])(
    'masks.json that says nothing: %s',
    async (text) => {
      expect(await warnings({ 'gt/a.png': png({ 1: 3 }), 'p/a.png': png({ 1: 4 }), 'p/masks.json': text })).toEqual([])
    },
  )

  test('the data have another table than the one given', async () => {
    const root = await temporaryFiles({ 'a.png': png({ 1: 2 }) })
    const dataset: Dataset = {
      name: 'pets',
      classes: two,
      items: [{ id: 'a', image: 'a.jpg', labels: [0] }],
      orientation: 'exif',
      warnings: ['1 picture was left out.'],
      mask: async () => ({ width: side, height: side, data: new Uint8Array(side * side).fill(1, 0, 2) }),
    }
    const given = classTable('x', ['boat', 'dog'])
    expect((await evaluatePictures({ masks: root, groundTruth: dataset, classes: given })).warnings).toEqual([
      '1 picture was left out.',
      expect.stringMatching(/data set pets.*1 is cat, here it is boat/),
    ])
  })
})

test('10,582 pictures of VOC are named as train_aug, with the list of published figures', async () => {
  const root = await temporaryFiles({ 'a.png': png({ 1: 2 }) })
  const items = Array.from({ length: 10_582 }, (_, i) => ({
    id: i === 0 ? 'a' : String(i),
    image: 'a.jpg',
    labels: [0],
  }))
  const data = (classes: ClassTable, count = items.length): Dataset => ({
    name: 'voc2012 train_aug',
    classes,
    items: items.slice(0, count),
    orientation: 'stored',
    mask: async ({ id }) =>
      id === 'a' ? { width: side, height: side, data: new Uint8Array(side * side).fill(1, 0, 2) } : undefined,
  })
  const of = async (groundTruth: Dataset) => (await evaluatePictures({ masks: root, groundTruth })).warnings
  expect(await of(data(voc2012Classes))).toEqual([expect.stringMatching(/10,582.*train, 1,464 pictures.*lower/)])
  expect(await of(data(voc2012Classes, 1464))).toEqual([])
  expect(await of(data(two))).toEqual([])
})

describe('folders of ground truth', () => {
  test('R32: hidden files and folders are no masks', async () => {
    const junk = Buffer.from('8 bytes.')
    const root = await temporaryFiles({
      'gt/a.png': png({ 1: 20 }),
      'gt/sub/b.png': png({ 1: 8 }),
      'gt/._a.png': junk,
      'gt/.ipynb_checkpoints/a-checkpoint.png': png({ 1: 1 }),
      'gt/__MACOSX/._a.png': junk,
      'gt/dir.png/readme.txt': 'a folder',
      'gt/.DS_Store': junk,
      'p/a.png': png({ 1: 5 }),
      'p/sub/b.png': png({ 1: 8 }),
    })
    const options = { masks: path.join(root, 'p'), groundTruth: path.join(root, 'gt'), classes: one }
    const { pictures, perClass } = await evaluatePictures(options)
    expect(pictures).toBe(2)
    expect(perClass[1]!.iou).toBe(13 / 28)
    await expect(evaluatePictures({ ...options, groundTruth: path.join(root, 'gt/a.png') })).rejects.toMatchObject({
      code: 'SEMPLES_FILE_UNREADABLE',
    })
  })

  test('R21: sorted palettes are refused; maskColors reads them either way', async () => {
    const data = Uint8Array.from({ length: side * side }, (_, i) => i % 3)
    const sorted = encodeIndexedPngSync({ width: side, height: side, data, palette: [0, 15, 255].map(vocColor) })
    const truth = data.map((index) => [0, 15, 255][index]!)
    const root = await temporaryFiles({ 'gt/a.png': sorted })
    await writeMask(path.join(root, 'p/a.png'), { width: side, height: side, data: truth.map((id) => id % 255) })
    const options = { masks: path.join(root, 'p'), groundTruth: path.join(root, 'gt'), classes: voc2012Classes }
    await expect(evaluatePictures(options)).rejects.toMatchObject({ code: 'SEMPLES_MASK_INVALID' })
    expect((await evaluatePictures({ ...options, maskColors: 'use' })).miou).toBe(1)
    expect((await evaluatePictures({ ...options, maskColors: 'ignore' })).miou).toBeLessThan(0.5)
  })

  test('R21: truecolour masks are read in the colours of the classes', async () => {
    const sharp = (await import('sharp')).default
    const data = Uint8Array.from({ length: side * side }, (_, i) => [0, 15, 255][i % 3]!)
    const rgb = Buffer.from([...data].flatMap((id) => [...vocColor(id)]))
    const root = await temporaryFiles({
      'gt/a.png': await sharp(rgb, { raw: { width: side, height: side, channels: 3 } })
        .png()
        .toBuffer(),
    })
    await writeMask(path.join(root, 'p/a.png'), { width: side, height: side, data: data.map((id) => id % 255) })
    const options = { masks: path.join(root, 'p'), groundTruth: path.join(root, 'gt'), classes: voc2012Classes }
    expect((await evaluatePictures(options)).miou).toBe(1)
  })

  test("VOC's colours turned into grey are named", async () => {
    // Pillow: Image.open(voc).convert('L') of 0, 15 (192, 128, 128) and 255 (224, 224, 192).
    const root = await temporaryFiles({ 'p/a.png': png({ 15: 3 }), 'gt/a.png': png({ 147: 20, 220: 3 }) })
    const options = { masks: path.join(root, 'p'), groundTruth: path.join(root, 'gt'), classes: voc2012Classes }
    await expect(evaluatePictures(options)).rejects.toMatchObject({
      code: 'SEMPLES_MASK_CLASS',
      hint: expect.stringMatching(/brightness of VOC/),
    })
    await writeFile(path.join(root, 'gt/a.png'), png({ 77: 20 }))
    await expect(evaluatePictures(options)).rejects.toMatchObject({ hint: expect.not.stringMatching(/brightness/) })
  })
})
