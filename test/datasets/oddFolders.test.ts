import { mkdir, symlink } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from '@jest/globals'
import sharp from 'sharp'
import { voc2012Classes } from '../../lib/datasets/classes/voc2012.js'
import type { Dataset } from '../../lib/datasets/dataset.js'
import { type FolderOptions, folder, plainFolder } from '../../lib/datasets/folder.js'
import { detectData } from '../../lib/datasets/kinds.js'
import { openDataset } from '../../lib/datasets/open.js'
import { encodeMask } from '../../lib/masks/png.js'
import { encode } from '../../lib/text/tokenizer.js'
import { picture, temporaryFiles } from './temporaryFiles.js'

const mask = { width: 12, height: 8, data: new Uint8Array(96).fill(1) }
const png = encodeMask(mask)

/** Labels by id, as names. */
function named({ items, classes }: Dataset): Record<string, string[]> {
  return Object.fromEntries(items.map(({ id, labels }) => [id, labels.map((index) => classes.classes[index]!.label)]))
}

async function read(files: Record<string, string | Uint8Array | number>, more: Partial<FolderOptions> = {}) {
  const root = await temporaryFiles(files)
  const data = await folder({ folder: root, ...more })
  return { root, data, labels: named(data), warnings: data.warnings ?? [] }
}

describe('R05: what semples wrote is no class', () => {
  const k = { 'boat/a.jpg': 1, 'cat/b.jpg': 2 }
  const meant = { a: ['boat'], b: ['cat'] }

  test.each<[string, Record<string, string | Uint8Array | number>, RegExp[]]>([
    [
      'masks with masks.json',
      { 'masks/a.png': png, 'masks/b.png': png, 'masks/masks.json': '{}' },
      [/masks holds .*\(masks\.json\), which is no class/],
    ],
    [
      'masks with their list',
      { 'out/a.png': png, 'out/.semples-files': '["masks","a.png"]\n["masks","masks.json"]\n' },
      [/out holds .*\.semples-files/],
    ],
    ['refined masks', { 'refined/a.png': png, 'refined/refine.json': '{}' }, [/refined holds .*refine\.json/]],
    ['a run in a folder of runs', { 'runs/x/run.json': '{}', 'runs/x/overlay.jpg': 3 }, [/runs\/x holds .*run\.json/]],
    [
      'the folder of the demo',
      { 'demo/scenes/scenes.json': '{}', 'demo/scenes/JPEGImages/t.jpg': 3 },
      [/demo\/scenes holds/],
    ],
    ['an export', { 'copy/export.json': '{}', 'copy/images/a.jpg': 1 }, [/copy holds/]],
    [
      'indexed PNGs named like the pictures',
      { 'whatever/a.png': png, 'whatever/b.png': png },
      [/whatever holds masks/],
    ],
    [
      'indexed PNGs, one of them without picture',
      { 'gt/a.png': png, 'gt/z.png': png, 'gt/y.png': png },
      [/gt holds masks/],
    ],
    ['indexed PNGs beside the pictures', { 'boat/a.png': png }, [/1 indexed PNG .* taken for a mask .*boat\/a\.png/]],
    ['loose masks', { 'a.png': png }, []],
    ['masks that lie flat', { 'cat/deep/c.jpg': 3, 'x/c.png': png }, [/x holds masks/]],
  ])('%s', async (_, more, expected) => {
    const { labels, warnings, root } = await read({ ...k, ...more })
    expect(labels).toEqual('cat/deep/c.jpg' in more ? { ...meant, 'deep/c': ['cat'] } : meant)
    expect(warnings).toEqual(expected.map((message) => expect.stringMatching(message)))
    const plain = await plainFolder({ folder: root }, voc2012Classes)
    const names = Object.keys(labels).map((id) => path.basename(id))
    expect(plain.items.map(({ id }) => path.basename(id)).sort()).toEqual(names)
  })

  test('grey masks: where the folder is called so, or each has the size of its picture', async () => {
    const grey = (width: number) =>
      sharp({ create: { width, height: 8, channels: 3, background: '#010101' } })
        .toColourspace('b-w')
        .png()
        .toBuffer()
    expect((await read({ ...k, 'gt/a.png': await grey(5) })).labels).toEqual(meant)
    expect((await read({ ...k, 'dog/a.png': await grey(12) })).warnings).toEqual([
      expect.stringMatching(/dog holds masks/),
    ])
    // A grey photograph that happens to be the first of its folder too.
    expect((await read({ ...k, 'dog/a.png': await grey(5) })).labels).toEqual({
      'a.jpg': ['boat'],
      'a.png': ['dog'],
      b: ['cat'],
    })
  })

  test('pictures that are PNGs stay pictures; so does a class of the table', async () => {
    const photo = await sharp(await picture(3))
      .png()
      .toBuffer()
    expect((await read({ 'boat/1.png': photo, 'masks/2.png': photo })).labels).toEqual({
      '1': ['boat'],
      '2': ['masks'],
    })
    expect(
      (await read({ 'boat/1.png': png, 'cat/1.png': encodeMask({ ...mask, data: new Uint8Array(96) }) })).labels,
    ).toEqual({
      'boat/1': ['boat'],
      'cat/1': ['cat'],
    })
    const table = { 'c.json': '[{"label":"boat"},{"label":"icon"},{"label":"images"}]' }
    expect(
      (await read({ 'boat/1.jpg': 1, 'icon/1.png': png, 'images/2.jpg': 2, ...table }, { classes: 'c.json' })).labels,
    ).toEqual({
      '1.jpg': ['boat'],
      '1.png': ['icon'],
      '2': ['images'],
    })
  })
})

describe('R07: a data set whose labels are missing', () => {
  test.each<[string, Record<string, string | Uint8Array | number>]>([
    ['images and masks', { 'images/a.jpg': 1, 'images/b.jpg': 2, 'masks/a.png': png }],
    ['VOC without lists', { 'JPEGImages/a.jpg': 1, 'SegmentationClass/a.png': png }],
    ['other names', { 'imgs/a.jpg': 1, 'Ground_Truth/a.png': png, 'annotations/a.png': png }],
    ['masks as JPEG', { 'images/a.jpg': 1, 'labels/a.jpg': 2 }],
    ['pictures alone', { 'photos/a.jpg': 1 }],
    ['training and test sets', { 'train/boat/a.jpg': 1, 'val/boat/b.jpg': 2 }],
    ['a training set', { 'train/boat/a.jpg': 1, 'train/cat/b.jpg': 2 }],
  ])('%s are refused', async (_, files) => {
    const root = await temporaryFiles(files)
    const expected = { code: 'SEMPLES_NO_LABELS', file: root, hint: expect.stringMatching(/labels|--data/) }
    await expect(folder({ folder: root })).rejects.toMatchObject(expected)
    const [name] = Object.keys(files).filter((file) => file.endsWith('.png'))
    if (name === undefined) return
    const masks = path.join(root, path.dirname(name))
    await expect(folder({ folder: root, masks })).rejects.toMatchObject(expected)
  })

  test('a class that is called like a part of a data set is one', async () => {
    expect((await read({ 'train/a.jpg': 1 })).labels).toEqual({ a: ['train'] })
    expect((await read({ 'train/a.jpg': 1, 'boat/b.jpg': 2 })).labels).toEqual({ a: ['train'], b: ['boat'] })
  })
})

describe('R08: the background as a class', () => {
  test.each(['background', 'Background', '__background__', '_Background', 'negative', 'none', 'bg'])(
    '%s: a warning',
    async (name) => {
      const expected = [
        expect.stringMatching(new RegExp(`"${name}" is a class here \\(id \\d\\).*0 is the background`)),
      ]
      expect((await read({ 'a.jpg': 1, 'l.csv': `a.jpg,${name};boat` }, { labels: 'l.csv' })).warnings).toEqual(
        expected,
      )
      expect((await read({ 'boat/a.jpg': 1, [`${name}/b.jpg`]: 2 })).warnings).toEqual(expected)
    },
  )

  test('_background is no class', async () =>
    expect((await read({ 'boat/a.jpg': 1, '_background/b.jpg': 2 })).warnings).toEqual([]))
})

test('R24: pictures of other formats are counted by extension; a JPEG may be called jfif', async () => {
  const files = {
    'boat/a.jpg': 1,
    'boat/a2.jfif': 2,
    'boat/c.bmp': 'x',
    'boat/d.HEIC': 'x',
    'boat/f.heic': 'x',
    'boat/e.JPEG': 3,
  }
  const left = expect.stringMatching(/3 files .* left out.*: 1 \.bmp, 2 \.heic; the first is .*Convert them/)
  const { labels, warnings } = await read({ ...files, 'boat/notes.txt': 'x' })
  expect(labels).toEqual({ a: ['boat'], a2: ['boat'], e: ['boat'] })
  expect(warnings).toEqual([left])
  const rows = 'boat/a.jpg,x\nboat/a2.jfif,x\nboat/e.JPEG,x'
  expect((await read({ ...files, 'l.csv': rows }, { labels: 'l.csv' })).warnings).toEqual([left])
  const root = await temporaryFiles(files)
  expect((await plainFolder({ folder: root }, voc2012Classes)).warnings).toEqual([left])
})

describe('R27: masks beside pictures', () => {
  const masksOf = (data: Dataset) => Promise.all(data.items.map(async (item) => (await data.mask(item)) !== undefined))

  test.each<
    [
      string,
      Record<string, string | Uint8Array | number>,
      string,
      string,
      string | undefined,
      Record<string, string[]>,
      boolean[],
    ]
  >([
    [
      'in one folder',
      { 'a.jpg': 1, 'b.jpg': 2, 'a.png': png, 'l.csv': 'a.jpg,boat\nb.jpg,cat' },
      '.',
      '.',
      'l.csv',
      { a: ['boat'], b: ['cat'] },
      [true, false],
    ],
    [
      'in one folder, names without extension',
      { 'a.jpg': 1, 'a.png': png, 'l.csv': 'a,boat' },
      '.',
      '.',
      'l.csv',
      { a: ['boat'] },
      [true],
    ],
    [
      'in the folder above',
      { 'i/a.jpg': 1, 'a.png': png, 'l.csv': 'a.jpg,boat' },
      'i',
      '.',
      'l.csv',
      { a: ['boat'] },
      [true],
    ],
    [
      'in a folder within',
      { 'a.jpg': 1, 'm/a.png': png, 'l.csv': 'a.jpg,boat' },
      '.',
      'm',
      'l.csv',
      { a: ['boat'] },
      [true],
    ],
    [
      'above class folders',
      { 'boat/a.jpg': 1, 'cat/b.jpg': 2, 'b.png': png },
      '.',
      '.',
      undefined,
      { a: ['boat'], b: ['cat'] },
      [false, true],
    ],
    [
      'in a class folder',
      { 'boat/a.jpg': 1, 'boat/a.png': png, 'cat/b.jpg': 2 },
      '.',
      'boat',
      undefined,
      { a: ['boat'], b: ['cat'] },
      [true, false],
    ],
  ])('%s', async (_, files, pictures, masks, labels, expected, found) => {
    const root = await temporaryFiles(files)
    const options = { folder: path.join(root, pictures), masks: path.join(root, masks) }
    const data = await folder({ ...options, ...(labels === undefined ? {} : { labels: path.join(root, labels) }) })
    expect(named(data)).toEqual(expected)
    expect(await masksOf(data)).toEqual(found)
    const missing = found.filter((has) => !has).length
    expect(data.warnings).toEqual(missing === 0 ? [] : [expect.stringMatching(/^1 of 2 pictures have no mask/)])
  })
})

describe('R29: one name in several class folders', () => {
  test('different pictures are different pictures; equal content is one, with all labels', async () => {
    const { labels, warnings } = await read({
      'boat/001.jpg': 1,
      'cat/001.jpg': 200,
      'dog/001.jpg': 1,
      'boat/002.jpg': 2,
      'cat/002.jpg': 2,
      'dog/003.jpg': 3,
    })
    expect(labels).toEqual({ 'boat/001': ['boat', 'dog'], 'cat/001': ['cat'], '002': ['boat', 'cat'], '003': ['dog'] })
    expect(warnings).toEqual([expect.stringMatching(/^2 pictures .* share their names .*boat\/001\.jpg\.$/)])
  })

  test('their ids are those of no other picture', async () => {
    const { labels } = await read({ 'boat/1.jpg': 1, 'cat/1.jpg': 2, 'cat/boat/1.jpg': 3, '_background/1.jpg': 4 })
    expect(labels).toEqual({ 'boat/1': ['boat'], 'cat/1': ['cat'], 'cat/boat/1': ['cat'], '_background/1': [] })
  })

  test('masks have the ids as their names', async () => {
    const root = await temporaryFiles({ 'k/boat/1.jpg': 1, 'k/cat/1.jpg': 2, 'm/cat/1.png': png })
    const data = await folder({ folder: path.join(root, 'k'), masks: path.join(root, 'm') })
    expect(await Promise.all(data.items.map((item) => data.mask(item)))).toEqual([undefined, mask])
    expect(data.items.map((item) => data.hasMask?.(item))).toEqual([false, true])
  })
})

describe('R42: other Unicode forms of a name', () => {
  const [nfc, nfd] = ['caf\u00e9', 'cafe\u0301']

  test.each([
    [nfc, nfd],
    [nfd, nfc],
  ])('%j in the file, %j in the folder', async (inFile, inFolder) => {
    for (const [file, row] of [
      [`${inFolder}.jpg`, `${inFile}.jpg`],
      [`${inFolder}.jpg`, inFile],
      [`${inFolder}/x.jpg`, `${inFile}\\x.jpg`],
    ]) {
      const { data } = await read({ [file!]: 1, 'l.csv': `${row},boat` }, { labels: 'l.csv' })
      expect(data.items.map(({ image }) => path.basename(image))).toEqual([path.basename(file!)])
      expect(data.items[0]!.id).toBe(file!.replace('.jpg', ''))
    }
    const root = await temporaryFiles({ [`k/boat/${inFolder}.jpg`]: 1, [`m/${inFile}.png`]: png })
    const data = await folder({ folder: path.join(root, 'k'), masks: path.join(root, 'm') })
    expect(await data.mask(data.items[0]!)).toEqual(mask)
  })

  test('both are there: each is itself', async () => {
    const files = { [`${nfc}.jpg`]: 1, [`${nfd}.jpg`]: 2, 'l.csv': `${nfd}.jpg,a\n${nfc}.jpg,b` }
    expect((await read(files, { labels: 'l.csv' })).labels).toEqual({ [nfd]: ['a'], [nfc]: ['b'] })
  })

  test('labels are one class in both forms', async () => {
    const files = {
      'a.jpg': 1,
      'b.jpg': 2,
      'l.csv': `a.jpg,${nfc}\nb.jpg,${nfd}`,
      'c.json': JSON.stringify([{ label: nfc }]),
    }
    expect((await read(files, { labels: 'l.csv' })).labels).toEqual({ a: [nfc], b: [nfc] })
    expect((await read(files, { labels: 'l.csv', classes: 'c.json' })).labels).toEqual({ a: [nfc], b: [nfc] })
  })
})

describe('R47, R48: links', () => {
  test('that lead nowhere, or in circles, are not seen', async () => {
    const root = await temporaryFiles({ 'boat/a.jpg': 1 })
    await symlink('/nonexistent', path.join(root, 'dead'))
    await symlink('self', path.join(root, 'self'))
    await symlink('nowhere.jpg', path.join(root, 'boat/dead.jpg'))
    await symlink('..', path.join(root, 'boat/up'))
    await symlink('.', path.join(root, 'boat/here'))
    await symlink('.', path.join(root, 'round'))
    await symlink('..', path.join(root, 'out'))
    expect(named(await folder({ folder: root }))).toEqual({ a: ['boat'] })
  })

  test('to folders are followed, with a labels file and without', async () => {
    const elsewhere = await temporaryFiles({ 'cat/x.jpg': 1, 'cat/deep/y.jpg': 2 })
    const root = await temporaryFiles({ 'l.csv': 'sub/cat/x.jpg,boat\n', 'k/boat/a.jpg': 3 })
    await symlink(elsewhere, path.join(root, 'sub'))
    await symlink(path.join(elsewhere, 'cat'), path.join(root, 'k/cat'))
    await symlink(path.join(elsewhere, 'cat/deep'), path.join(root, 'k/boat/more'))
    const data = await folder({ folder: root, labels: 'l.csv' })
    expect(named(data)).toEqual({ 'sub/cat/x': ['boat'] })
    expect(data.warnings).toEqual([expect.stringMatching(/^3 pictures .* not named/)])
    expect(named(await folder({ folder: path.join(root, 'k') }))).toEqual({
      a: ['boat'],
      'deep/y': ['cat'],
      'more/y': ['boat'],
      x: ['cat'],
    })
  })

  test('a file that is there is found, whichever way', async () => {
    const root = await temporaryFiles({ 'real/x.jpg': 1, 'l.csv': 'link/x.jpg,boat\n' })
    await symlink('real', path.join(root, 'link'))
    expect(named(await folder({ folder: root, labels: 'l.csv' }))).toEqual({ 'link/x': ['boat'] })
  })
})

test('hidden files, archives of macOS and empty folders are not seen', async () => {
  const root = await temporaryFiles({
    'boat/a.jpg': 1,
    'boat/._a.jpg': 'x',
    '__MACOSX/boat/._a.jpg': 'x',
    '__MACOSX/boat/a.jpg': 2,
    'boat/@eaDir/a.jpg': 2,
    '.ipynb_checkpoints/a-checkpoint.jpg': 2,
  })
  await mkdir(path.join(root, 'empty/within'), { recursive: true })
  await mkdir(path.join(root, 'boat/folder.jpg'))
  const data = await folder({ folder: root })
  expect(named(data)).toEqual({ a: ['boat'] })
  expect(data.warnings).toEqual([])
})

describe('R60: nothing to tell a class from', () => {
  test.each<[string, Record<string, number>, RegExp | undefined]>([
    ['one class in all pictures', { 'crack/a.jpg': 1, 'crack/b.jpg': 2 }, /^All 2 pictures show crack, .*_background/],
    ['one class, and pictures without', { 'crack/a.jpg': 1, '_background/b.jpg': 2 }, undefined],
    [
      'two classes, one in all pictures',
      { 'sea/a.jpg': 1, 'sea/b.jpg': 2, 'boat/b.jpg': 2 },
      /^All 2 pictures show sea, /,
    ],
    ['two classes', { 'sea/a.jpg': 1, 'boat/b.jpg': 2 }, undefined],
  ])('%s', async (_, files, message) => {
    const data = await openDataset({ folder: await temporaryFiles(files) }, 'train')
    expect(data.warnings).toEqual(message === undefined ? [] : [expect.stringMatching(message)])
  })
})

describe('N17: what is no folder', () => {
  test.each<[string, unknown, RegExp]>([
    ['a path', '/path', /object \(expected \{ folder: "\/path" \}/],
    ['nothing', undefined, /object/],
    ['another type', { folder: 3 }, /option folder .*expected a path, received 3/],
    ['an empty path', { folder: '' }, /option folder/],
    ['labels of another type', { folder: '/tmp', labels: ['l.csv'] }, /option labels/],
  ])('%s', async (_, options, message) => {
    await expect(folder(options as FolderOptions)).rejects.toMatchObject({
      code: 'SEMPLES_ARGUMENT_INVALID',
      message: expect.stringMatching(message),
    })
  })

  test('a file, and nothing at all, are told apart', async () => {
    const root = await temporaryFiles({ 'a.jpg': 1 })
    const file = path.join(root, 'a.jpg')
    const isFile = {
      code: 'SEMPLES_FILE_UNREADABLE',
      message: expect.stringMatching(/a\.jpg is a file, not a folder\. Name the folder/),
    }
    await expect(detectData(file)).rejects.toMatchObject(isFile)
    await expect(folder({ folder: file })).rejects.toMatchObject(isFile)
    await expect(folder({ folder: path.join(file, 'x') })).rejects.toMatchObject({
      message: expect.stringMatching(/There is no folder/),
    })
    await expect(folder({ folder: `${root}\0` })).rejects.toMatchObject({ code: 'SEMPLES_FILE_UNREADABLE' })
  })
})

test('R58: the tokens of 🚤 are those of OpenAI’s tokenizer', () =>
  expect(encode('a photo of 🚤.')).toEqual([320, 1125, 539, 2730, 97, 269]))

test('pictures without labels in a folder within the one with labels.csv', async () => {
  const root = await temporaryFiles({ 'images/a.jpg': 1, 'labels.csv': 'a.jpg,x' })
  await expect(folder({ folder: path.join(root, 'images') })).rejects.toMatchObject({
    code: 'SEMPLES_NO_LABELS',
    hint: `labels.csv lies in the folder above: name that one (${root}).`,
  })
})
