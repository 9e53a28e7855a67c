import { execFile } from 'node:child_process'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from '@jest/globals'
import sharp from 'sharp'
import { CountedKeys } from '../../lib/formats/camFile/countedKeys.js'
import { writeNpy } from '../../lib/formats/npy.js'
import { writeNpz } from '../../lib/formats/npz.js'
import { readMask, writeMask } from '../../lib/masks/png.js'
import type { NativeScoreMaps } from '../../lib/native/addon.js'
import type { RefineOptions } from '../../lib/refine/options.js'
import { refineMasks } from '../../lib/refine/refineMasks.js'
import { settingsOf } from '../../lib/refine/settings.js'
import { sourceOf } from '../../lib/refine/source.js'
import type { RefineInput } from '../../lib/refine/types.js'
import { rejection } from '../config/refusal.js'
import { needs } from '../support/needs.js'
import { python } from '../support/python.js'

const folder = await mkdtemp(join(tmpdir(), 'semples-classes-'))
const size = { width: 3, height: 2 }
const image = { data: new Uint8Array(18), ...size }
const tensor = (shape: number[], data: ArrayLike<number>) => ({
  dtype: 'float32' as const,
  shape,
  data: Float32Array.from(data),
})
const map = (score: number) => tensor([2, 3], Array(6).fill(score))
const source = async (
  input: Partial<RefineInput>,
  { table, labels, ...options }: RefineOptions & { table?: string; labels?: string } = {},
) => sourceOf({ image, ...input }, size, await settingsOf(options, table, labels))
const write = async (name: string, text: string) => {
  const file = join(folder, name)
  await writeFile(file, text)
  return file
}

describe('1.5: classes that a table which was given does not have', () => {
  test('are refused in files, in memory, in masks and where they are given', async () => {
    const file = join(folder, 'a.npz')
    await writeNpz(file, { 3: map(0.7), 21: map(0.9) })
    const [bytes, png] = [Uint8Array.of(0, 0, 21, 0, 255, 0), join(folder, 'a.png')]
    await writeMask(png, { ...size, data: bytes })
    const scores = tensor([2, 2, 3], Array(12).fill(0.6))
    const inputs: Partial<RefineInput>[] = [
      { scores: file },
      { scores, classes: [3, 21] },
      { labels: bytes },
      { labels: png },
    ]
    for (const input of inputs) {
      const error = await rejection(source(input, { table: 'voc2012' }))
      expect([error.code, error.message, error.expected]).toEqual([
        expect.stringMatching(/^SEMPLES_(CAM_INVALID|REFINE_INPUT)$/),
        expect.stringMatching(/class table.* does not have: 21/),
        'class ids 1 to 20',
      ])
      // Without a table, and in one that has it, any id will do.
      expect((await source(input)).classes).toContain(21)
      expect((await source(input, { table: 'coco2014' })).classes).toContain(21)
    }
    expect((await source({ labels: Uint8Array.of(0, 20, 255, 255, 0, 0) }, { table: 'voc2012' })).classes).toEqual([
      0, 20,
    ])
    expect((await source({ labels: new Uint8Array(6).fill(255) }, { table: 'voc2012' })).classes).toEqual([255])
  })

  needs('python').test('where keys of a dictionary are class ids, the hint says so', async () => {
    const script = `
import sys, numpy as np
maps = {i: np.full((2, 3), .5, 'f4') for i in range(1, 21)}
np.save(sys.argv[1] + '/dict.npy', maps)
np.save(sys.argv[1] + '/keys.npy', {'keys': np.arange(1, 21), 'cam': np.stack(list(maps.values()))})
`
    await promisify(execFile)(python, ['-c', script, folder])
    for (const name of ['dict.npy', 'keys.npy']) {
      const scores = join(folder, name)
      const error = await rejection(source({ scores }, { table: 'voc2012' }))
      expect([error.value, error.hint]).toEqual(['21', expect.stringMatching(/1 was added.*--class-offset 0/)])
      const told = await source({ scores })
      expect(told.countedKeys).toEqual(Array.from({ length: 20 }, (_, i) => i + 1))
      const right = await source({ scores }, { table: 'voc2012', classOffset: 0 })
      expect([right.classes.at(-1), right.countedKeys]).toEqual([20, undefined])
    }
  })

  test('keys from 1 on are told of once, with what they were taken as', () => {
    const warningsOf = (...files: number[][]) => {
      const keys = new CountedKeys()
      for (const file of files) keys.add(file)
      return keys.warnings()
    }
    expect(warningsOf([3, 7], [1, 20], [])).toEqual([
      expect.stringMatching(/keys 1\.\.\.20 .* 2 files .* classes 2\.\.\.21.*--class-offset 0/),
    ])
    expect(warningsOf([1])).toEqual([expect.stringMatching(/keys 1 .* one file .* classes 2,/)])
    for (const files of [[[0, 3], [1]], [[3], [14]], [[]], []]) expect(warningsOf(...files)).toEqual([])
  })
})

describe('2.6: maps of the labels of a picture', () => {
  const all = tensor(
    [4, 2, 3],
    [1, 2, 3, 4].flatMap((value) => [0, ...Array(5).fill(value)]),
  )

  test('are kept, with that of the background, as if there were no others', async () => {
    const labels = await write('labels.csv', 'file,labels\na.jpg,bicycle;bird\nb.jpg,\nc.jpg,boat\n')
    const options = { labels, table: 'voc2012', values: 'logits' as const }
    const kept = await source({ scores: all, classes: [0, 1, 2, 3], name: 'a' }, options)
    const values = [0, 2, 3].flatMap((index) => [...all.data.subarray(6 * index, 6 * index + 6)])
    const alone = await source({ scores: tensor([3, 2, 3], values), classes: [0, 2, 3] }, { values: 'logits' })
    expect([kept.classes, kept.warnings]).toEqual([[0, 2, 3], []])
    expect([...(kept.source as NativeScoreMaps).values]).toEqual([...(alone.source as NativeScoreMaps).values])
    // What was given is not written to.
    expect(all.data[23]).toBe(4)
    const none = await source({ scores: all, classes: [1, 2, 3, 4], name: 'b' }, options)
    expect(none.classes).toEqual([0])
    const file = join(folder, 'c.npy')
    await writeNpy(file, all)
    const missing = await source({ scores: file, classes: [1, 2, 3, 5], name: 'c' }, { ...options, values: 'raw' })
    expect(missing.warnings).toMatchObject([{ seen: 'no map of class 4; there are maps of 1, 2, 3, 5' }])
    const error = await rejection(source({ scores: file, classes: [1, 2, 3, 5], name: 'd' }, options))
    expect([error.code, error.file]).toEqual(['SEMPLES_DATA_FILE_INVALID', labels])
  })

  test('do nothing for a mask, which is told of; names need a table', async () => {
    const labels = await write('labels.csv', 'file,labels\na.jpg,bicycle\n')
    const { warnings } = await source({ labels: new Uint8Array(6).fill(7) }, { labels, table: 'voc2012' })
    expect(warnings).toMatchObject([{ text: expect.stringMatching(/imageLabels \(--labels\)/) }])
    const error = await rejection(settingsOf({}, undefined, labels))
    expect([error.code, error.hint]).toEqual(['SEMPLES_OPTION_INVALID', expect.stringMatching(/--class-table voc2012/)])
  })

  needs('build').test(
    'in folders: labels of all forms, those who are not named fail, other labels are other settings',
    async () => {
      const [images, cams, out] = await Promise.all(
        ['images', 'cams', 'out'].map((name) => mkdtemp(join(tmpdir(), `semples-${name}-`))),
      )
      const picture = sharp(Buffer.alloc(18, 90), { raw: { width: 3, height: 2, channels: 3 } })
      for (const name of ['a', 'b']) {
        await picture
          .clone()
          .png()
          .toFile(join(images!, `${name}.png`))
        await writeNpz(join(cams!, `${name}.npz`), { 2: map(0.6), 3: map(0.7), 5: map(0.8) })
      }
      const job = { images: images!, cams: cams!, out: out!, classTable: 'voc2012', threads: 1 }
      const imageLabels = await write('two.json', '{ "a.png": ["bicycle"], "c.png": [] }')
      const first = await refineMasks({ ...job, imageLabels }).finished
      expect(first).toMatchObject({ refined: 1, failed: [{ name: 'b', error: { code: 'SEMPLES_DATA_FILE_INVALID' } }] })
      expect((await readMask(join(out!, 'a.png'))).data).toEqual(new Uint8Array(6).fill(2))
      const other = await write('three.csv', 'a,bird\nb,\n')
      const refused = await rejection(refineMasks({ ...job, imageLabels: other }).finished)
      expect([refused.code, refused.message]).toEqual(['SEMPLES_OUTPUT_EXISTS', expect.stringMatching(/imageLabels/)])
      const second = await refineMasks({ ...job, imageLabels: other, overwrite: true }).finished
      expect(second).toMatchObject({ refined: 2, failed: [], warnings: [] })
      expect((await readMask(join(out!, 'a.png'))).data).toEqual(new Uint8Array(6).fill(3))
      expect((await readMask(join(out!, 'b.png'))).data).toEqual(new Uint8Array(6))
    },
  )
})

describe('3.3: arrays without classes', () => {
  test.each([
    [20, /--classes 1-20 \(semples eval --cam-classes 1-20\)/],
    [21, /--classes 0-20 \(semples eval --cam-classes 0-20\)/],
    [80, /--classes 1-80/],
    [81, /--classes 0-80/],
    [3, /--classes 0-2 .*first is the background, else 1-3/],
  ])('the hint for %i maps', async (maps, hint) => {
    const file = join(folder, 'array.npy')
    await writeNpy(file, tensor([maps, 2, 3], Array(maps * 6).fill(0.5)))
    expect((await rejection(source({ scores: file }))).hint).toMatch(hint)
  })
})

test('3.4: what to do about other axes is one sentence for all sizes', async () => {
  const settings = await settingsOf({})
  const hints = [
    [8, 16, 3],
    [12, 9, 3],
  ].map(async ([height, width, maps]) => {
    const picture = { width: width!, height: height! }
    const scores = tensor([height!, width!, maps!], Array(height! * width! * maps!).fill(0.5))
    const error = await rejection(sourceOf({ image, scores }, picture, settings))
    expect(error.message).toContain(`They look like 3 maps of ${height}x${width}`)
    return [error.field, error.expected, error.hint].join()
  })
  expect(new Set(await Promise.all(hints)).size).toBe(1)
})
