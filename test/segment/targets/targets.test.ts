import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import sharp from 'sharp'
import { writeCamFile } from '../../../lib/formats/camFile/write.js'
import { orientationMark } from '../../../lib/masks/orientation.js'
import { writeMask } from '../../../lib/masks/png.js'
import { openTargets } from '../../../lib/segment/targets/targets.js'
import { temporaryFiles } from '../../datasets/temporaryFiles.js'
import { dataset, options, png, row } from './scene.js'

const wide = { width: 3, height: 1 }

describe('which pictures have a target', () => {
  test('those without are left out, and named', async () => {
    const root = await temporaryFiles({ 'b.png': png(0, 7, 2), 'in/c.png': png(5, 5, 255) })
    const data = dataset(['a', 'b', 'in/c', 'd', 'e', 'f'])
    const targets = await openTargets(options({ folder: root }), data)
    expect(targets).toMatchObject({ found: 2, missing: ['a', 'd', 'e', 'f'], describe: `masks in ${root}`, classes: 4 })
    expect(targets.warnings).toEqual([`4 of 6 pictures have no mask in ${root}, and are left out: a, d, e and 1 more.`])
    expect(data.items.map((item) => targets.has(item))).toEqual([false, true, true, false, false, false])
    expect([...(await targets.read(data.items[1]!, wide)).labels]).toEqual([0, 1, 2])
    expect([...(await targets.read(data.items[2]!)).labels]).toEqual([3, 3, 255])
    await expect(targets.read(data.items[0]!, wide)).rejects.toMatchObject({ code: 'SEMPLES_MASK_MISSING', value: 'a' })
  })

  test('none: the error names files expected, and what is there', async () => {
    const root = await temporaryFiles({ 'x.npy': 'maps' })
    await expect(openTargets(options({ folder: root }), dataset(['a', 'b', 'c', 'd']))).rejects.toMatchObject({
      code: 'SEMPLES_MASK_MISSING',
      file: root,
      field: 'targets.folder',
      expected: 'a.png, b.png, c.png, ...',
      hint: expect.stringContaining('it has x.npy'),
    })
    await expect(
      openTargets(options({ folder: await temporaryFiles({ 'x.png': png(0) }) }), dataset(['a'])),
    ).rejects.toMatchObject({ expected: 'a.png', hint: expect.stringContaining('1 file such as x.png') })
    const empty = await temporaryFiles({})
    await expect(openTargets(options({ from: 'scores', folder: empty }), dataset(['a']))).rejects.toMatchObject({
      code: 'SEMPLES_MASK_MISSING',
      expected: 'a.npz',
      hint: expect.stringContaining('empty'),
    })
  })

  test('a name in another Unicode form is found', async () => {
    const root = await temporaryFiles({ [`${'é'.normalize('NFD')}.png`]: png(0, 2, 2) })
    expect(await openTargets(options({ folder: root }), dataset(['é'.normalize('NFC')]))).toMatchObject({ found: 1 })
  })

  test('a picture is not its own mask', async () => {
    const root = await temporaryFiles({ 'a.png': png(0, 2, 2) })
    const data = dataset([], { items: [{ id: 'a', image: join(root, 'a.png'), labels: [] }] })
    await expect(openTargets(options({ folder: root }), data)).rejects.toMatchObject({ code: 'SEMPLES_MASK_MISSING' })
  })
})

describe('options that do not fit', () => {
  test.each(['masks', 'scores'] as const)('%s without a folder', async (from) => {
    await expect(openTargets(options({ from }), dataset(['a']))).rejects.toMatchObject({
      code: 'SEMPLES_CONFIG_INVALID',
      field: 'targets.folder',
      hint: expect.stringContaining('semples masks RUN'),
    })
  })

  test.each([
    { from: 'truth', folder: '/x' },
    { from: 'truth', confidence: '/x' },
    { from: 'scores', folder: '/x', confidence: '/y' },
  ] as const)('%j: what has no use', async (given) => {
    await expect(openTargets(options(given), dataset(['a']))).rejects.toMatchObject({ code: 'SEMPLES_OPTION_INVALID' })
  })

  test('a folder that is not there, by its field', async () => {
    const root = await temporaryFiles({ 'masks/a.png': png(0) })
    const [there, not] = [join(root, 'masks'), join(root, 'nothing')]
    await expect(openTargets(options({ folder: not }), dataset(['a']))).rejects.toMatchObject({
      code: 'SEMPLES_FILE_UNREADABLE',
      field: 'targets.folder',
      file: not,
    })
    await expect(openTargets(options({ folder: there, confidence: not }), dataset(['a']))).rejects.toMatchObject({
      code: 'SEMPLES_FILE_UNREADABLE',
      field: 'targets.confidence',
    })
  })
})

describe('masks', () => {
  const open = async (files: Record<string, string | Uint8Array>) => {
    const root = await temporaryFiles(files)
    const data = dataset(['a'])
    return { root, targets: await openTargets(options({ folder: root }), data), item: data.items[0]! }
  }

  test('a value that is no class: file, value, and what was expected', async () => {
    const { root, targets, item } = await open({ 'a.png': png(0, 7, 1) })
    await expect(targets.read(item, wide)).rejects.toMatchObject({
      code: 'SEMPLES_MASK_CLASS',
      file: join(root, 'a.png'),
      value: 1,
      expected: '0, 7, 2, 5 or 255',
      hint: expect.stringContaining('class table'),
    })
  })

  test('another size than the picture: both sizes', async () => {
    const { root, targets, item } = await open({ 'a.png': png(0, 7, 2) })
    await expect(targets.read(item, { width: 4, height: 2 })).rejects.toMatchObject({
      code: 'SEMPLES_MASK_SIZE',
      file: join(root, 'a.png'),
      value: '3x1',
      expected: '4x2',
      hint: expect.stringContaining('resized'),
    })
    await expect(targets.read(item, { width: 1, height: 3 })).rejects.toMatchObject({
      hint: expect.stringContaining('EXIF'),
    })
  })

  test('what is no mask is refused as everywhere', async () => {
    const { targets, item } = await open({ 'a.png': 'text' })
    await expect(targets.read(item, wide)).rejects.toMatchObject({ code: 'SEMPLES_MASK_INVALID' })
  })

  test('numbered otherwise by masks.json: matched by name, and said', async () => {
    const table = { classes: ['dog', 'cat', 'boat'].map((label, index) => ({ id: index + 1, label })) }
    const { root, targets, item } = await open({ 'a.png': png(0, 1, 3), 'masks.json': JSON.stringify(table) })
    expect([...(await targets.read(item, wide)).labels]).toEqual([0, 3, 1])
    expect(targets.warnings).toEqual([
      `Masks and data set number their classes differently, and were matched by name: dog is 1 by masks.json in ${root}, and 5 in the data set.`,
    ])
  })

  test('a class by masks.json that the data do not have', async () => {
    const table = { classes: ['dog', 'bird'].map((label, index) => ({ id: index + 1, label })) }
    const { targets, item } = await open({ 'a.png': png(0, 1, 2), 'masks.json': JSON.stringify(table) })
    await expect(targets.read(item, wide)).rejects.toMatchObject({
      code: 'SEMPLES_MASK_CLASS',
      value: 2,
      message: expect.stringContaining('bird'),
      hint: expect.stringContaining('Train'),
    })
  })

  test('0 and 255 alone: a warning once it is read', async () => {
    const { targets, item } = await open({ 'a.png': png(0, 255, 255) })
    expect(targets.warnings).toEqual([])
    expect([...(await targets.read(item, wide)).labels]).toEqual([0, 255, 255])
    expect(targets.warnings).toEqual([expect.stringContaining('255 alone holds no class')])
  })

  test('a signal stops it with its reason', async () => {
    const { targets, item } = await open({ 'a.png': png(0, 7, 2) })
    await expect(targets.read(item, wide, AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough')
  })
})

describe('masks with scores beside', () => {
  const maps = (...rows: [id: number, ...scores: number[]][]) => ({
    data: Float32Array.from(rows.flatMap(([, ...scores]) => scores)),
    classIds: rows.map(([id]) => id),
    height: 1,
    width: 3,
  })

  test('the labels of the masks, the confidence of the scores', async () => {
    const root = await temporaryFiles({ 'masks/a.png': png(0, 7, 2), 'masks/b.png': png(0, 7, 2), 'scores/x': '' })
    await writeCamFile(join(root, 'scores/a.npz'), maps([7, 0.1, 0.8, 0.3], [2, 0, 0.6, 0.4]), 'npz')
    const data = dataset(['a', 'b'])
    const given = { folder: join(root, 'masks'), confidence: join(root, 'scores') }
    const targets = await openTargets(options(given), data)
    expect(targets).toMatchObject({ found: 1, missing: ['b'] })
    expect(targets.warnings).toEqual([expect.stringContaining('1 of 2 pictures has no mask with scores')])
    const { labels, confidence } = await targets.read(data.items[0]!, wide)
    expect([...labels]).toEqual([0, 1, 2])
    // Background 0.4: (0.4 - 0.1) / 0.4, (0.8 - 0.6) / 0.8, and a tie of 0.4 with the background.
    expect([...confidence!]).toEqual([191, 64, 0])
    const strict = await openTargets(options({ ...given, ignoreBelow: 0.3 }), data)
    expect([...(await strict.read(data.items[0]!, wide)).labels]).toEqual([0, 255, 255])
  })

  test('scores with a map of the background need no threshold', async () => {
    const root = await temporaryFiles({ 'masks/a.png': png(0, 7, 7), 'scores/x': '' })
    await writeCamFile(join(root, 'scores/a.npz'), maps([0, 0.8, 0.1, 0.3], [7, 0.2, 0.9, 0.3]), 'npz')
    const data = dataset(['a'])
    const targets = await openTargets(options({ folder: join(root, 'masks'), confidence: join(root, 'scores') }), data)
    const { confidence } = await targets.read(data.items[0]!, wide)
    // 0.6 / 0.8, 0.8 / 0.9, a tie: the threshold of 0.4 is in none.
    expect([...confidence!]).toEqual([191, 227, 0])
  })

  test('without one of the two no picture has a target: the error names the file that lacks', async () => {
    const root = await temporaryFiles({ 'masks/a.png': png(0, 7, 2), 'scores/x': '' })
    await expect(
      openTargets(options({ folder: join(root, 'masks'), confidence: join(root, 'scores') }), dataset(['a'])),
    ).rejects.toMatchObject({ code: 'SEMPLES_MASK_MISSING', expected: 'a.npz' })
  })
})

describe('scores', () => {
  const open = async (classIds: number[], data: number[], side = { width: 3, height: 1 }) => {
    const root = await temporaryFiles({ x: '' })
    await writeCamFile(join(root, 'a.npz'), { data: Float32Array.from(data), classIds, ...side }, 'npz')
    const pictures = dataset(['a'])
    const targets = await openTargets(options({ from: 'scores', folder: root }), pictures)
    return { root, targets, item: pictures.items[0]! }
  }

  test('are resized to the picture', async () => {
    const { targets, item } = await open([2], [0, 0.9], { width: 2, height: 1 })
    const { labels, confidence } = await targets.read(item, { width: 4, height: 1 })
    // Bilinear: 0, 0.225, 0.675, 0.9 against 0.4.
    expect([...labels]).toEqual([0, 0, 2, 2])
    expect([...confidence!]).toEqual([255, 112, 104, 142])
  })

  test('of a class that the table does not have', async () => {
    const { targets, item } = await open([3], [0, 0.8, 0.9])
    await expect(targets.read(item, wide)).rejects.toMatchObject({ code: 'SEMPLES_CAM_INVALID' })
  })

  test.each([Number.NaN, Number.POSITIVE_INFINITY])('%d: refused with its file', async (value) => {
    const { root, targets, item } = await open([2], [0, value, 0.9])
    await expect(targets.read(item, wide)).rejects.toMatchObject({
      code: 'SEMPLES_CAM_INVALID',
      file: join(root, 'a.npz'),
    })
  })

  test('that are no probabilities are refused', async () => {
    const { targets, item } = await open([2], [0, 18, -4])
    await expect(targets.read(item, wide)).rejects.toMatchObject({ code: 'SEMPLES_CAM_INVALID', field: 'values' })
  })
})

test('scores that are of the picture as it is stored are turned with it; without a map too', async () => {
  const root = await temporaryFiles({ x: '' })
  for (const id of ['a', 'b']) {
    const picture = sharp({ create: { width: 3, height: 2, channels: 3, background: 'grey' } })
    await writeFile(join(root, `${id}.jpg`), await picture.withMetadata({ orientation: 6 }).jpeg().toBuffer())
  }
  const maps = { data: Float32Array.from([0, 0.5, 0.6, 0.7, 0.8, 0.9]), classIds: [2], width: 3, height: 2 }
  const none = { data: new Float32Array(), classIds: [], width: 3, height: 2 }
  for (const [id, content] of [['a', maps] as const, ['b', none] as const])
    await writeCamFile(join(root, `${id}.npz`), content, 'npz', orientationMark('stored'))
  const data = dataset(['a', 'b'], { root })
  const targets = await openTargets(options({ from: 'scores', folder: root }), data)
  for (const size of [{ width: 2, height: 3 }, undefined]) {
    const first = await targets.read(data.items[0]!, size)
    // A quarter turn to the right: the lower row becomes the left column.
    expect(first).toMatchObject({ width: 2, height: 3, labels: Uint8Array.from([2, 0, 2, 2, 2, 2]) })
    const expected = [0.3 / 0.7, 1, 0.4 / 0.8, 0.1 / 0.5, 0.5 / 0.9, 0.2 / 0.6]
    for (const [i, sure] of expected.entries()) expect(Math.abs(first.confidence![i]! - 255 * sure)).toBeLessThan(0.51)
    const second = await targets.read(data.items[1]!, size)
    expect(second).toMatchObject({ width: 2, height: 3, labels: new Uint8Array(6) })
  }
})

describe('ground truth', () => {
  test('of the data set, by index', async () => {
    const data = dataset(['a', 'b'], { truth: { a: row(0, 5, 255) } })
    const targets = await openTargets(options({ from: 'truth' }), data)
    expect(targets).toMatchObject({ found: 1, missing: ['b'], describe: 'ground truth of folder pictures' })
    expect([...(await targets.read(data.items[0]!, wide)).labels]).toEqual([0, 3, 255])
  })

  test('is not read to learn that it is there, where the data set can say so', async () => {
    let read = 0
    const data = dataset(['a', 'b'], {
      hasMask: ({ id }) => id === 'b',
      mask: async () => {
        read++
        return row(0, 7, 2)
      },
    })
    const targets = await openTargets(options({ from: 'truth' }), data)
    expect([read, targets.missing]).toEqual([0, ['a']])
  })

  test('none, another class, another size', async () => {
    await expect(openTargets(options({ from: 'truth' }), dataset(['a']))).rejects.toMatchObject({
      code: 'SEMPLES_NO_MASKS',
      field: 'targets.from',
    })
    const data = dataset(['a'], { truth: { a: row(0, 9, 255) } })
    const targets = await openTargets(options({ from: 'truth' }), data)
    await expect(targets.read(data.items[0]!, wide)).rejects.toMatchObject({ code: 'SEMPLES_MASK_CLASS', value: 9 })
    const other = dataset(['a'], { truth: { a: row(0, 7) } })
    const short = await openTargets(options({ from: 'truth' }), other)
    await expect(short.read(other.items[0]!, wide)).rejects.toMatchObject({ code: 'SEMPLES_MASK_SIZE' })
  })
})

describe('masks and maps that say which way round their picture is', () => {
  const stored = { width: 3, height: 2, data: Uint8Array.from([0, 7, 2, 5, 255, 0]) }

  /** The mask turned by sharp, as it turns pictures. */
  async function turned(exif: number): Promise<{ width: number; height: number; data: number[] }> {
    const { data, info } = await sharp(stored.data, { raw: { width: 3, height: 2, channels: 1 } })
      .png()
      .toBuffer()
      .then((bytes) => sharp(bytes).withMetadata({ orientation: exif }).png().toBuffer())
      .then((bytes) => sharp(bytes).autoOrient().extractChannel(0).raw().toBuffer({ resolveWithObject: true }))
    return { width: info.width, height: info.height, data: [...data] }
  }
  const indexOf = new Map([0, 7, 2, 5].map((id, index) => [id, index])).set(255, 255)

  test.each([1, 2, 3, 4, 5, 6, 7, 8])('EXIF orientation %i', async (exif) => {
    const root = await temporaryFiles({ 'stored/x': '', 'shown/x': '' })
    const image = join(root, 'a.jpg')
    const picture = sharp({ create: { width: 3, height: 2, channels: 3, background: 'grey' } })
    await writeFile(image, await picture.withMetadata({ orientation: exif }).jpeg().toBuffer())
    const shown = await turned(exif)
    await writeMask(join(root, 'stored/a.png'), stored, undefined, 'stored')
    await writeMask(join(root, 'shown/a.png'), { ...shown, data: Uint8Array.from(shown.data) }, undefined, 'applied')
    const asShown = shown.data.map((id) => indexOf.get(id))
    const asStored = [...stored.data].map((id) => indexOf.get(id))
    for (const folder of ['stored', 'shown'])
      for (const [orientation, size, expected] of [
        ['exif', shown, asShown],
        ['stored', stored, asStored],
      ] as const) {
        const data = dataset(['a'], { root, orientation })
        const targets = await openTargets(options({ folder: join(root, folder) }), data)
        const { width, height } = size
        const { labels } = await targets.read(data.items[0]!, { width, height })
        expect([folder, orientation, ...labels]).toEqual([folder, orientation, ...expected])
      }
  })
})
