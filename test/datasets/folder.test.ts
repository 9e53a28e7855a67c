import { symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from '@jest/globals'
import type { Dataset } from '../../lib/datasets/dataset.js'
import { type FolderOptions, folder } from '../../lib/datasets/folder.js'
import { maskPalette } from '../../lib/masks/palette.js'
import { encodeMask, writeMask } from '../../lib/masks/png.js'
import { temporaryFiles } from './temporaryFiles.js'

/** Labels by item id, as names. */
function named({ items, classes }: Dataset): Record<string, string[]> {
  return Object.fromEntries(items.map(({ id, labels }) => [id, labels.map((index) => classes.classes[index]!.label)]))
}

async function withLabels(labels: string, name = 'labels.csv', more: Partial<FolderOptions> = {}): Promise<Dataset> {
  const root = await temporaryFiles({ 'a.jpg': 10, 'b.jpg': 20, 'sub/c.jpg': 30, [name]: labels })
  return folder({ folder: root, labels: name, ...more })
}

describe('a labels file', () => {
  const expected = { a: ['boat', 'person'], b: [], 'sub/c': ['boat'] }

  test.each([
    ['CSV', 'labels.csv', 'file,labels\na.jpg,boat;person\nb.jpg,\nsub/c.jpg,boat\n'],
    ['CSV without header', 'labels.csv', 'a.jpg,person|boat\nb.jpg,\nsub/c.jpg,boat'],
    [
      'CSV with quotes, spaces, blank lines, BOM and CRLF',
      'my.txt',
      '\uFEFFFile, Labels\r\n\r\n"a.jpg" , "boat ; person; boat"\r\nb.jpg,""\r\n./sub/c.jpg,boat\r\n',
    ],
    ['JSON object', 'labels.json', '{"a.jpg": ["person", "boat"], "b.jpg": [], "sub/c.jpg": ["boat"]}'],
    [
      'JSON list',
      'labels.json',
      '[{"file":"a.jpg","labels":["boat","person"]},{"file":"b.jpg","labels":[]},{"file":"sub/c.jpg","labels":["boat"]}]',
    ],
  ])('as %s', async (_, name, text) => {
    const data = await withLabels(text, name)
    expect(named(data)).toEqual(expected)
    expect(data.warnings).toEqual([])
    expect(data.orientation).toBe('exif')
  })

  test('classes are alphabetical with ids from 1, VOC colours, and spaces in prompts', async () => {
    const { classes } = await withLabels('a.jpg,traffic_light\nb.jpg,boat\nsub/c.jpg,Zebra')
    expect(classes.classes).toEqual([
      { id: 1, label: 'Zebra', prompt: 'Zebra', color: [128, 0, 0] },
      { id: 2, label: 'boat', prompt: 'boat', color: [0, 128, 0] },
      { id: 3, label: 'traffic_light', prompt: 'traffic light', color: [128, 128, 0] },
    ])
  })

  test('quotes may hold what separates columns', async () => {
    const root = await temporaryFiles({ 'a, b.jpg': 1, 'l.csv': '"a, b.jpg","dining table, round;""x"""' })
    expect(named(await folder({ folder: root, labels: path.join(root, 'l.csv') }))).toEqual({
      'a, b': ['"x"', 'dining table, round'],
    })
  })

  test('pictures that it does not name are counted, other files are not', async () => {
    const data = await withLabels('a.jpg,boat')
    expect(data.items.length).toBe(1)
    expect(data.warnings).toEqual([expect.stringMatching(/^2 pictures .* left out; the first is b\.jpg\.$/)])
  })

  test('labels that differ in case only are two classes, and said', async () => {
    expect((await withLabels('a.jpg,Boat\nb.jpg,boat\nsub/c.jpg,x')).warnings).toEqual([
      expect.stringMatching(/"Boat" and "boat"/),
    ])
  })

  test('pictures that differ in their extension only keep it in their ids', async () => {
    const root = await temporaryFiles({ 'a.jpg': 1, 'a.jpeg': 2, 'b.jpg': 3, 'l.csv': 'a.jpg,x\na.jpeg,y\nb.jpg,x' })
    expect(Object.keys(named(await folder({ folder: root, labels: 'l.csv' })))).toEqual(['a.jpg', 'a.jpeg', 'b'])
  })

  test.each<[string, string, string, RegExp]>([
    [
      'a missing picture',
      'file,labels\na.jpg,x\nd.jpg,x\n',
      'SEMPLES_PICTURE_MISSING',
      /1 of the 2 .*d\.jpg \(line 3\)\./,
    ],
    [
      'many missing pictures',
      'd,x\ne,x\nf,x\ng,x\n',
      'SEMPLES_PICTURE_MISSING',
      /4 of the 4 .*d \(line 1\), e \(line 2\), f \(line 3\), \.\.\./,
    ],
    ['a wrong case', 'A.jpg,x', 'SEMPLES_PICTURE_MISSING', /upper and lower case/],
    ['a way out', 'a.jpg,x\n../a.jpg,x', 'SEMPLES_DATA_FILE_INVALID', /line 2.*'\.\.\/a\.jpg'/],
    ['a longer way out', 'sub/../../etc/passwd,x', 'SEMPLES_DATA_FILE_INVALID', /line 1/],
    ['an absolute path', '/etc/passwd,x', 'SEMPLES_DATA_FILE_INVALID', /line 1/],
    ['the folder itself', 'sub/..,x', 'SEMPLES_DATA_FILE_INVALID', /line 1/],
    ['three columns', 'a.jpg,boat,0.5', 'SEMPLES_DATA_FILE_INVALID', /3 columns in line 1 \("a\.jpg,boat,0\.5"\)/],
    ['one column', 'file,labels\na.jpg,x\n\nb.jpg', 'SEMPLES_DATA_FILE_INVALID', /1 column in line 4/],
    [
      'another header',
      'file,Luokka\na.jpg,x',
      'SEMPLES_DATA_FILE_INVALID',
      /line 1 what looks like a header .*file,labels/,
    ],
    ['no file name', ',x', 'SEMPLES_DATA_FILE_INVALID', /no file name in line 1/],
    ['an open quote', 'a.jpg,"x', 'SEMPLES_DATA_FILE_INVALID', /readable CSV.*[Qq]uote/],
    [
      'the same row twice',
      'a.jpg,x\nb.jpg,y;z\na.jpg,y',
      'SEMPLES_DATA_FILE_INVALID',
      /a\.jpg twice \(lines 1 and 3\)/,
    ],
    [
      'the same picture twice',
      'a.jpg,x;z\n./a.jpg,y',
      'SEMPLES_DATA_FILE_INVALID',
      /a\.jpg twice: line 1 .* and line 2/,
    ],
    ['nothing', '\n\n', 'SEMPLES_DATA_FILE_INVALID', /labels no picture/],
    ['a header alone', 'file,labels\n', 'SEMPLES_DATA_FILE_INVALID', /labels no picture/],
    ['bytes', 'a\0b', 'SEMPLES_DATA_FILE_INVALID', /neither CSV nor JSON/],
    ['cut JSON', '{"a.jpg": ["x"', 'SEMPLES_DATA_FILE_INVALID', /is not JSON/],
    ['JSON of another shape', '{"a.jpg": 3}', 'SEMPLES_DATA_FILE_INVALID', /at a\.jpg/],
    ['rows of another shape', '[{"file":"a.jpg","lable":["x"]}]', 'SEMPLES_DATA_FILE_INVALID', /at 0/],
    ['no label at all', 'a.jpg,\nb.jpg,;', 'SEMPLES_NO_LABELS', /all label fields are empty/],
  ])('with %s is refused', async (_, text, code, message) => {
    await expect(withLabels(text)).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
  })

  test('of more classes than a mask byte holds is refused', async () => {
    const labels = (count: number) => Array.from({ length: count }, (_, i) => `class${i}`)
    expect((await withLabels(`a.jpg,${labels(254).join(';')}`)).classes.classes.at(-1)!.id).toBe(254)
    await expect(withLabels(`a.jpg,${labels(255).join(';')}`)).rejects.toMatchObject({
      code: 'SEMPLES_DATA_FILE_INVALID',
      value: 255,
    })
  })

  test('that is absent, or a folder, is named', async () => {
    const root = await temporaryFiles({ 'sub/a.jpg': 1 })
    for (const labels of ['no.csv', 'sub']) {
      await expect(folder({ folder: root, labels })).rejects.toMatchObject({
        code: 'SEMPLES_FILE_UNREADABLE',
        message: expect.stringContaining(labels),
      })
    }
  })
})

describe('one sub-folder a class', () => {
  test('a file in several folders has all their labels; _background and empty folders give none', async () => {
    const root = await temporaryFiles({
      'person/a.jpg': 1,
      'boat/a.jpg': 1,
      'boat/deep/b.jpg': 2,
      'boat/Thumbs.db': 'x',
      'person/.hidden/c.jpg': 1,
      '.git/x.jpg': 1,
      '_background/d.jpg': 4,
      'notes.txt': 'x',
    })
    const data = await folder({ folder: root })
    expect(named(data)).toEqual({ a: ['boat', 'person'], 'deep/b': ['boat'], d: [] })
    expect(data.items.map(({ image }) => path.relative(root, image))).toEqual([
      'boat/a.jpg',
      '_background/d.jpg',
      'boat/deep/b.jpg',
    ])
    expect(data.classes.classes.map(({ label }) => label)).toEqual(['boat', 'person'])
    expect(data.warnings).toEqual([])
  })

  test('links count as files and as class folders', async () => {
    const root = await temporaryFiles({ 'boat/a.jpg': 1 })
    const elsewhere = await temporaryFiles({ 'b.jpg': 2 })
    await symlink(path.join(elsewhere, 'b.jpg'), path.join(root, 'boat/b.jpg'))
    await symlink(elsewhere, path.join(root, 'person'))
    await symlink('nowhere', path.join(root, 'boat/broken.jpg'))
    expect(named(await folder({ folder: root }))).toEqual({ a: ['boat'], b: ['boat', 'person'] })
  })

  test('a picture with and without object is refused', async () => {
    const root = await temporaryFiles({ 'boat/1.jpg': 1, '_background/1.jpg': 1 })
    await expect(folder({ folder: root })).rejects.toMatchObject({ code: 'SEMPLES_DATA_FILE_INVALID' })
  })

  test('pictures outside the class folders are counted', async () => {
    const root = await temporaryFiles({ 'boat/1.jpg': 1, 'z.jpg': 1, 'y.png': 1 })
    expect((await folder({ folder: root })).warnings).toEqual([
      expect.stringMatching(/^2 pictures .* first is y\.png\.$/),
    ])
  })

  test.each<[string, Record<string, number>]>([
    ['only loose pictures', { 'a.jpg': 1 }],
    ['only background', { '_background/a.jpg': 1 }],
    ['nothing', {}],
  ])('%s is no labelled picture', async (_, files) => {
    const root = await temporaryFiles(files)
    await expect(folder({ folder: root })).rejects.toMatchObject({ code: 'SEMPLES_NO_LABELS', file: root })
  })

  test('an absent folder is named', async () => {
    await expect(folder({ folder: '/no/such/folder' })).rejects.toMatchObject({
      code: 'SEMPLES_FILE_UNREADABLE',
      field: 'folder',
      file: '/no/such/folder',
    })
  })
})

describe('classes.json', () => {
  const classes = '[{"label":"person","prompt":"player","id":15,"color":[1,2,3]},{"label":"boat","id":4}]'

  test('decides ids, order, prompts and colours', async () => {
    const root = await temporaryFiles({ 'boat/a.jpg': 1, 'person/a.jpg': 1, 'classes.json': classes })
    const data = await folder({ folder: root, classes: 'classes.json' })
    expect(data.classes.classes).toEqual([
      { id: 15, label: 'person', prompt: 'player', color: [1, 2, 3] },
      { id: 4, label: 'boat', prompt: 'boat', color: [0, 0, 128] },
    ])
    expect(data.items[0]!.labels).toEqual([0, 1])
  })

  test('a label that it lacks is refused, with the nearest one and the line', async () => {
    const root = await temporaryFiles({ 'a.jpg': 1, 'classes.json': classes, 'l.csv': 'file,labels\na.jpg,persn' })
    await expect(folder({ folder: root, labels: 'l.csv', classes: 'classes.json' })).rejects.toMatchObject({
      code: 'SEMPLES_CLASS_UNKNOWN',
      value: 'persn',
      message: expect.stringMatching(/line 2 of .*l\.csv.*"person"\?/),
    })
  })
})

describe('masks', () => {
  test('belong to item ids; indices or class colours; absent ones are counted', async () => {
    const mask = { width: 12, height: 8, data: Uint8Array.from({ length: 96 }, (_, i) => [0, 1, 2, 255][i % 4]!) }
    const root = await temporaryFiles({
      'boat/a.jpg': 1,
      'person/sub/b.jpg': 2,
      'boat/c.jpg': 3,
      'masks/a.png': encodeMask(mask),
    })
    const masks = path.join(root, 'masks')
    await writeMask(path.join(masks, 'sub/b.png'), mask, maskPalette())
    const data = await folder({ folder: root, masks })
    expect(Object.keys(named(data))).toEqual(['a', 'c', 'sub/b'])
    const found = await Promise.all(data.items.map((item) => data.mask(item)))
    expect(found).toEqual([mask, undefined, mask])
    expect(data.warnings).toEqual([expect.stringMatching(/^1 of 3 pictures have no mask .*c\.png\.$/)])
  })

  test('a damaged one and an absent folder are named', async () => {
    const root = await temporaryFiles({ 'boat/a.jpg': 1, 'masks/a.png': 'not a PNG' })
    const masks = path.join(root, 'masks')
    const data = await folder({ folder: root, masks })
    await expect(data.mask(data.items[0]!)).rejects.toMatchObject({
      code: 'SEMPLES_MASK_INVALID',
      file: path.join(masks, 'a.png'),
    })
    await writeFile(path.join(root, 'x'), '')
    await expect(folder({ folder: root, masks: path.join(root, 'x') })).rejects.toMatchObject({
      code: 'SEMPLES_FILE_UNREADABLE',
      field: 'masks',
    })
  })
})
