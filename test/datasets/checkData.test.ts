import { chmod, readFile, symlink } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from '@jest/globals'
import sharp from 'sharp'
import { checkData } from '../../lib/datasets/check/checkData.js'
import type { DataCheck } from '../../lib/datasets/check/types.js'
import { encodeMask } from '../../lib/masks/png.js'
import { needs } from '../support/needs.js'
import { pictureFolder } from '../support/realPictures.js'
import { temporaryFiles } from './temporaryFiles.js'

const png = encodeMask({ width: 12, height: 8, data: new Uint8Array(96).fill(1) })

function sized(width: number, height: number): Promise<Buffer> {
  return sharp({ create: { width, height, channels: 3, background: '#123456' } })
    .png()
    .toBuffer()
}

/** A JPEG of some kilobytes. */
function noise(): Promise<Buffer> {
  const data = Uint8Array.from({ length: 64 * 64 * 3 }, (_, i) => (i * i * 31) % 251)
  return sharp(data, { raw: { width: 64, height: 64, channels: 3 } })
    .jpeg()
    .toBuffer()
}

function messages({ findings }: DataCheck, level: string): string[] {
  return findings.filter((found) => found.level === level).map(({ message }) => message)
}

test('says what a folder is taken for, and finds nothing where nothing is wrong', async () => {
  const files = Object.fromEntries(
    await Promise.all(
      Array.from(
        { length: 10 },
        async (_, i) => [`${i < 5 ? 'boat' : 'cat'}/${i}.png`, await sized(20 + i, 30)] as const,
      ),
    ),
  )
  const root = await temporaryFiles(files)
  const seen: number[] = []
  const result = await checkData({ data: root, onProgress: (done) => seen.push(done) })
  expect(result).toEqual({
    canTrain: true,
    kind: 'a folder of pictures',
    name: `folder ${root}`,
    labels: `${path.basename(root)}: one folder a class, 10 pictures, 2 classes`,
    pictures: 10,
    unlabelled: 0,
    classes: [
      { id: 1, label: 'boat', prompt: 'boat', pictures: 5 },
      { id: 2, label: 'cat', prompt: 'cat', pictures: 5 },
    ],
    sizes: {
      smallest: { width: 20, height: 30 },
      median: { width: 25, height: 30 },
      largest: { width: 29, height: 30 },
    },
    unreadable: [],
    duplicates: [],
    findings: [],
  })
  expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
})

test('finds what is wrong with pictures, labels and masks', async () => {
  const whole = await sized(40, 30)
  const root = await temporaryFiles({
    'images/a.png': whole,
    'images/b.png': whole,
    'images/c.png': await sized(20, 20),
    'images/cut.jpg': (await noise()).subarray(0, 2000),
    'images/none.jpg': 3,
    'images/x.bmp': 'x',
    'masks/a.png': encodeMask({ width: 40, height: 30, data: new Uint8Array(1200).fill(7) }),
    'masks/b.png': png,
    'masks/c.png': encodeMask({ width: 20, height: 20, data: new Uint8Array(400).fill(1) }),
    'masks/none.png': 'x',
    'classes.json': '[{"label":"boat"},{"label":"cat"},{"label":"dog"}]',
    'labels.csv': 'a.png,boat\nb.png,cat\nc.png,boat\ncut.jpg,cat\nnone.jpg,\n',
  })
  const result = await checkData({ data: root })
  expect(result).toMatchObject({ canTrain: true, pictures: 5, unlabelled: 1, masks: 2, duplicates: [['a', 'b']] })
  expect(result.unreadable.map(({ id }) => id)).toEqual(['cut'])
  const expected = [
    /^No picture shows dog\.$/,
    /^Fewer than 5 pictures show boat \(2\), cat \(2\)\.$/,
    /have no mask/,
    /1 \.bmp/,
    /^1 picture cannot be read: cut /,
    /^1 picture is smaller than a patch of 16 pixels: none\.$/,
    /^a and b are the same picture, with different labels\.$/,
    /^2 masks cannot be used: that of b is 12x8, and its picture 40x30, that of none cannot be read/,
    /^1 mask has pixels that are no class: 7\.$/,
  ]
  const warnings = messages(result, 'warning')
  for (const message of expected) expect(warnings).toContainEqual(expect.stringMatching(message))
  expect(warnings).toHaveLength(expected.length)
  expect(messages(result, 'note')).toEqual(['1 picture has no label.'])
})

describe('where training cannot start', () => {
  test.each<[string, Record<string, number | string>, RegExp]>([
    ['labels are missing', { 'images/a.jpg': 1, 'masks/x.txt': 'x' }, /images in .* is no name of a class/],
    ['no picture has a label', { 'a.jpg': 1, 'labels.csv': 'a.jpg,' }, /all label fields are empty/],
    ['a picture is missing', { 'a.jpg': 1, 'labels.csv': 'b.jpg,x' }, /1 of the 1 pictures .* b\.jpg/],
    ['nothing is there', {}, /No picture in .* has a label/],
  ])('%s: it is a finding with advice, not an error', async (_, files, message) => {
    const result = await checkData({ data: await temporaryFiles(files) })
    expect(result).toMatchObject({ canTrain: false, kind: 'a folder of pictures', classes: [], pictures: 0 })
    expect(result.findings).toEqual([
      { level: 'stop', message: expect.stringMatching(message), advice: expect.stringMatching(/^[A-Z].*/) },
    ])
  })
})

test('one class in all pictures is said', async () => {
  const result = await checkData({ data: await temporaryFiles({ 'crack/a.jpg': 1, 'crack/b.jpg': 2 }) })
  expect(messages(result, 'warning')).toContainEqual(expect.stringMatching(/^All 2 pictures show crack/))
})

test('what is no data at all is an error, and so are wrong options', async () => {
  const root = await temporaryFiles({ 'a.jpg': 1 })
  await expect(checkData({ data: path.join(root, 'a.jpg') })).rejects.toMatchObject({ code: 'SEMPLES_FILE_UNREADABLE' })
  await expect(checkData({ data: root, concurrency: 0 })).rejects.toMatchObject({
    code: 'SEMPLES_ARGUMENT_INVALID',
    field: 'concurrency',
  })
})

test('an abort ends it, and nothing was changed', async () => {
  const files = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`boat/${i}.jpg`, i]))
  const root = await temporaryFiles(files)
  const before = await readFile(path.join(root, 'boat/3.jpg'))
  const controller = new AbortController()
  const reason = new Error('enough')
  const done: number[] = []
  const checked = checkData({
    data: root,
    signal: controller.signal,
    concurrency: 2,
    onProgress: (number) => {
      done.push(number)
      if (number === 3) controller.abort(reason)
    },
  })
  await expect(checked).rejects.toBe(reason)
  expect(done.length).toBeLessThan(8)
  expect(await readFile(path.join(root, 'boat/3.jpg'))).toEqual(before)
  await expect(checkData({ data: root, signal: controller.signal })).rejects.toBe(reason)
})

test('a picture that may not be read, or is gone meanwhile, is one of those that cannot be read', async () => {
  const root = await temporaryFiles({ 'boat/a.jpg': 1, 'boat/b.jpg': 2, 'elsewhere.txt': 'x' })
  await chmod(path.join(root, 'boat/b.jpg'), 0)
  await symlink(path.join(root, 'elsewhere.txt'), path.join(root, 'boat/c.jpg'))
  const { unreadable } = await checkData({ data: root })
  expect(unreadable.map(({ id }) => id)).toContain('c')
})

needs('pictures').test('the real pictures of COCO 2014', async () => {
  const result = await checkData({ data: path.join(pictureFolder, 'coco2014') })
  expect(result).toMatchObject({ canTrain: true, kind: 'COCO 2014', pictures: 48, unlabelled: 2, masks: 48 })
  expect(result.classes.length).toBe(80)
})

needs('photographs').test(
  'photographs: a folder of its own, with masks and two equal files',
  async () => {
    const result = await checkData({ data: path.join(pictureFolder, 'photos/msrc') })
    expect(result).toMatchObject({
      canTrain: true,
      labels: 'labels.csv: header file,labels, 391 pictures, 14 classes',
      unlabelled: 64,
      masks: 391,
      duplicates: [['50804453', '51674754']],
      unreadable: [],
    })
  },
  120_000,
)
