import path from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { resolveConfig } from '../../lib/config/resolve.js'
import { checkData } from '../../lib/datasets/check/checkData.js'
import { builtInClasses, openClassTable } from '../../lib/datasets/classes/builtIn.js'
import { dataSetsWithin } from '../../lib/datasets/folder/dataSets.js'
import { folder } from '../../lib/datasets/folder.js'
import { detectData } from '../../lib/datasets/kinds.js'
import { readLabelsFile } from '../../lib/datasets/labelsFile.js'
import { encodeMask } from '../../lib/masks/png.js'
import { temporaryFiles } from './temporaryFiles.js'

const mask = encodeMask({ width: 12, height: 8, data: new Uint8Array(96).fill(1) })

async function stopOf(files: Record<string, string | Uint8Array | number>, within = '') {
  const root = await temporaryFiles(files)
  const { canTrain, findings } = await checkData({ data: path.join(root, within) })
  const said = findings.map(({ message, advice }) => `${message} ${advice ?? ''}`.replaceAll(root, 'ROOT'))
  return { canTrain, said }
}

describe('1.6: a folder one level too high', () => {
  const set = (at: string) => ({ [`${at}images/a.jpg`]: 1, [`${at}labels.csv`]: 'file,labels\na.jpg,boat\n' })
  test.each<[string, Record<string, string | Uint8Array | number>, string]>([
    ['two data sets', { ...set('msrc/'), ...set('voc/') }, 'ROOT/msrc or ROOT/voc'],
    ['one data set', set('msrc/'), 'ROOT/msrc'],
    ['a data set two levels down', { ...set('photos/msrc/'), 'crf/x.png': 5 }, 'ROOT/photos/msrc'],
    [
      'pictures and masks',
      { 'mine/JPEGImages/a.jpg': 1, 'mine/SegmentationClass/a.png': mask, 'b/c.jpg': 2 },
      'ROOT/mine',
    ],
    [
      'annotations of COCO',
      { 'coco/annotations/instances_train2014.json': '{}', 'coco/train2014/a.jpg': 1 },
      'ROOT/coco',
    ],
    ['lists of VOC', { 'VOC/JPEGImages/a.jpg': 1, 'VOC/ImageSets/Segmentation/train.txt': 'a' }, 'ROOT/VOC'],
    ['a folder of vectors', { 'set/a.jpg': 1, 'set/cls_labels.npy': 'x', 'other/b.jpg': 2 }, 'ROOT/set'],
    ['class folders', { 'perclass/cow/a.jpg': 1, 'perclass/dog/b.jpg': 2 }, 'ROOT/perclass'],
    ['one class folder', { 'perclass/cow/a.jpg': 1 }, 'ROOT/perclass'],
    ['what convert wrote', { ...set('out/'), 'out/export.json': '{}' }, 'ROOT/out'],
  ])('with %s is refused, and names the right one', async (_, files, expected) => {
    const { canTrain, said } = await stopOf(files)
    expect(canTrain).toBe(false)
    expect(said).toEqual([expect.stringMatching(new RegExp(`Did you mean --data ${expected}\\?$`))])
  })

  test.each<[string, Record<string, number | string>]>([
    ['a folder within a class folder', { 'boat/more/a.jpg': 1, 'cat/b.jpg': 2 }],
    ['years within class folders', { 'boat/2019/a.jpg': 1, 'boat/2020/b.jpg': 2, 'cat/c.jpg': 3 }],
    ['pictures beside folders', { 'boat/a.jpg': 1, 'boat/far/b.jpg': 2, 'boat/near/c.jpg': 3, 'cat/d.jpg': 4 }],
    ['notes beside the pictures', { 'boat/a.jpg': 1, 'boat/notes.csv': 'x', 'cat/b.jpg': 2 }],
  ])('%s: nothing is said', async (_, files) => {
    const data = await folder({ folder: await temporaryFiles(files) })
    expect(data.warnings).toEqual([])
    expect(data.classes.classes.map(({ label }) => label)).toEqual(['boat', 'cat'])
  })

  test('folders within one of several classes: a warning', async () => {
    const root = await temporaryFiles({ 'perclass/cow/a.jpg': 1, 'perclass/dog/b.jpg': 2, 'cat/c.jpg': 3 })
    expect((await folder({ folder: root })).warnings).toEqual([
      expect.stringMatching(
        /^perclass in .* is taken for one class, .* 2 folders in it \(cow, dog\).*--data .*\/perclass$/,
      ),
    ])
    const table = JSON.stringify([{ label: 'perclass' }, { label: 'cat' }])
    const named = await temporaryFiles({
      'perclass/cow/a.jpg': 1,
      'perclass/dog/b.jpg': 2,
      'cat/c.jpg': 3,
      'c.json': table,
    })
    expect((await folder({ folder: named, classes: 'c.json' })).warnings).toEqual([])
  })

  test('the outermost of nested data sets is the one', () => {
    expect(dataSetsWithin(['a/labels.csv', 'a/b/labels.csv', 'ab/labels.csv', 'c/x.jpg'])).toEqual(['a', 'ab'])
    expect(dataSetsWithin(['labels.csv', 'a/labels.csv'])).toEqual([''])
    expect(dataSetsWithin(['c/my-labels.csv', 'xlabels.csv', 'images/a.jpg'])).toEqual([])
  })
})

describe('3.14: a part of a data set', () => {
  const coco = {
    'coco/annotations/instances_train2014.json': '{}',
    'coco/train2014/a.jpg': 1,
    'coco/images/val2014/b.jpg': 2,
  }
  test.each([
    ['coco/annotations', coco, 'ROOT/coco'],
    ['coco/train2014', coco, 'ROOT/coco'],
    ['coco/images/val2014', coco, 'ROOT/coco'],
    ['VOC/JPEGImages', { 'VOC/JPEGImages/a.jpg': 1, 'VOC/ImageSets/x/train.txt': 'a' }, 'ROOT/VOC'],
    ['set/images', { 'set/images/a.jpg': 1, 'set/labels.csv': 'a,boat' }, 'ROOT/set'],
  ])('%s: the folder above is named', async (within, files, expected) => {
    const { canTrain, said } = await stopOf(files, within)
    expect([canTrain, said]).toEqual([
      false,
      [expect.stringMatching(new RegExp(`lies in the folder above: name that one \\(${expected}\\)\\.$`))],
    ])
  })

  test('2.2: a labels file that lies in the folder is named', async () => {
    const { said } = await stopOf({
      'a.jpg': 1,
      'annotations.csv': 'a.jpg,boat',
      'classes.json': '[]',
      'notes.txt': 'x',
    })
    expect(said).toEqual([expect.stringMatching(/--labels annotations\.csv\.$/)])
    const beside = await stopOf({ 'images/a.jpg': 1, 'tags.tsv': 'a.jpg\tboat' })
    expect(beside.said).toEqual([expect.stringMatching(/--labels tags\.tsv\.$/)])
  })
})

describe('2.2: class tables by name', () => {
  test('are those of the published data sets', async () => {
    const sizes = Object.entries(builtInClasses).map(([name, { classes }]) => [name, classes.length])
    expect(sizes).toEqual([
      ['voc2012', 20],
      ['coco2014', 80],
      ['coco2014-90', 90],
    ])
    expect(await openClassTable('voc2012')).toBe(builtInClasses.voc2012)
    const root = await temporaryFiles({ voc2012: '[{"label":"x"}]' })
    expect((await openClassTable(path.join(root, 'voc2012'))).classes).toHaveLength(1)
    await expect(openClassTable('constructor')).rejects.toMatchObject({ code: 'SEMPLES_FILE_UNREADABLE' })
  })

  test('a config keeps the name as it is, and data of that table take it as their own', async () => {
    const config = resolveConfig({
      data: { folder: '/photos', labels: 'l.csv', classes: 'coco2014' },
      out: '/out',
      preset: 'photos',
      stages: ['classify'],
    })
    expect(config.data).toMatchObject({ classes: 'coco2014' })
    const coco = await temporaryFiles({ 'annotations/instances_train2014.json': '{}' })
    expect(await detectData(coco, { classes: 'coco2014' })).toEqual({ coco2014: coco })
    const voc = await temporaryFiles({ 'ImageSets/x': '', 'JPEGImages/x': '' })
    expect(await detectData(voc, { classes: 'voc2012' })).toEqual({ voc2012: voc })
    await expect(detectData(voc, { classes: 'coco2014' })).rejects.toMatchObject({ code: 'SEMPLES_OPTION_INVALID' })
  })
})

describe('files that are not there', () => {
  test.each([
    ['labels', { labels: 'cls_lables.npy' }, /no labels file .*cls_lables\.npy\. Did you mean .*cls_labels\.npy\?/],
    ['classes', { labels: 'l.csv', classes: 'clases.json' }, /no class table .*Did you mean .*classes\.json\?/],
    ['a table by name', { labels: 'l.csv', classes: 'voc2021' }, /no class table .*Did you mean voc2012\?/],
    ['nothing near', { labels: 'l.csv', classes: 'zebra' }, /one of the tables voc2012, coco2014, coco2014-90/],
  ])('%s: one spelled like it is named', async (_, options, message) => {
    const root = await temporaryFiles({
      'a.jpg': 1,
      'cls_labels.npy': 'x',
      'l.csv': 'a.jpg,boat',
      'classes.json': '[]',
    })
    const error = await folder({ folder: root, ...options }).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'SEMPLES_FILE_UNREADABLE', message: expect.stringMatching(message) })
    expect(String(error)).not.toContain('ENOENT')
  })

  test('by every reader of labels', async () => {
    const root = await temporaryFiles({ 'labels.csv': 'x' })
    await expect(readLabelsFile(path.join(root, 'label.csv'))).rejects.toThrow(/Did you mean .*labels\.csv\?/)
  })
})

describe('3.7: misspelt classes', () => {
  const labelled = async (numbers: Record<string, number>) => {
    const pictures = Object.entries(numbers).flatMap(([label, number]) =>
      Array.from({ length: number }, (_, i) => [`${label}/${label}${i}.jpg`, i % 250] as const),
    )
    return (await folder({ folder: await temporaryFiles(Object.fromEntries(pictures)) })).warnings ?? []
  }

  test.each([
    ['letters exchanged', { baot: 1, boat: 1, cat: 2 }, 'baot', 'boat'],
    ['a letter too many', { sheeps: 1, sheep: 6 }, 'sheeps', 'sheep'],
    ['another letter', { flowar: 2, flower: 10 }, 'flowar', 'flower'],
  ])('%s: a warning names the other', async (_, numbers, wrong, right) => {
    expect(await labelled(numbers)).toEqual([
      expect.stringMatching(new RegExp(`^The label "${wrong}" .* spelled almost like "${right}"`)),
    ])
  })

  test.each([
    ['short names', { cat: 1, car: 9 }],
    ['names of about as many pictures', { mouse: 3, house: 9 }],
    ['names of VOC and COCO', { boat: 1, boot: 9 }],
  ])('%s: no warning', async (_, numbers) => expect(await labelled(numbers)).toEqual([]))

  test('with a table, the nearest name', async () => {
    const classes = JSON.stringify(['book', 'boat'].map((label) => ({ label })))
    const root = await temporaryFiles({ 'a.jpg': 1, 'l.csv': 'a.jpg,baot', 'c.json': classes })
    await expect(folder({ folder: root, labels: 'l.csv', classes: 'c.json' })).rejects.toThrow(
      /not in the class table c\.json .*Did you mean "boat"\?/,
    )
  })
})

test('pictures of one content are listed in words', async () => {
  const root = await temporaryFiles({ 'boat/a.jpg': 1, 'boat/b.jpg': 1, 'cat/c.jpg': 2 })
  const { findings } = await checkData({ data: root })
  expect(findings.map(({ message }) => message)).toContain('a and b are the same picture.')
  const more = await temporaryFiles({
    'boat/a.jpg': 1,
    'boat/b.jpg': 1,
    'cat/c.jpg': 2,
    'cat/d.jpg': 2,
    'cat/e.jpg': 2,
  })
  expect((await checkData({ data: more })).findings.map(({ message }) => message)).toContain(
    '2 pictures are there more than once: a and b; c, d and e.',
  )
})
