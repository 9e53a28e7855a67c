import path from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { readClassTable } from '../../lib/datasets/classes/classTableFile.js'
import { coco2014Classes90 } from '../../lib/datasets/classes/coco2014.js'
import { voc2012Classes } from '../../lib/datasets/classes/voc2012.js'
import { coco2014 } from '../../lib/datasets/coco2014.js'
import { folder } from '../../lib/datasets/folder.js'
import { detectData } from '../../lib/datasets/kinds.js'
import { readLabelsFile } from '../../lib/datasets/labelsFile.js'
import { openDataset } from '../../lib/datasets/open.js'
import { voc2012 } from '../../lib/datasets/voc2012.js'
import { needs } from '../support/needs.js'
import { runPython } from './python.js'
import { temporaryFiles } from './temporaryFiles.js'

async function read(content: string | Uint8Array, name = 'labels.csv') {
  const root = await temporaryFiles({ [name]: content })
  const { rows, ...rest } = await readLabelsFile(path.join(root, name))
  return { ...rest, labels: Object.fromEntries(rows.map(({ file, labels }) => [file, labels])) }
}

const utf16be = (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le').swap16()
const both = { 'a.jpg': ['boat', 'person'], 'b.jpg': ['boat'], 'c.jpg': [] }

describe('R45: labels files of spreadsheets, PowerShell, pandas and others', () => {
  test.each<[string, string | Uint8Array, string]>([
    [
      'filename,label',
      'filename,label\na.jpg,boat;person\nb.jpg,boat\nc.jpg,',
      'header filename,label, 3 pictures, 2 classes',
    ],
    ['IMAGE,TAGS', 'IMAGE,TAGS\na.jpg,boat|person\nb.jpg,boat\nc.jpg,', 'header IMAGE,TAGS, 3 pictures, 2 classes'],
    [
      'Image Path and Classes',
      'Classes,Image Path\nboat;person,a.jpg\nboat,b.jpg\n,c.jpg',
      'header Classes,Image Path, 3 pictures, 2 classes',
    ],
    [
      'semicolons, commas between labels',
      'id;class\na.jpg;boat,person\nb.jpg;boat\nc.jpg;',
      'semicolons, header id;class, 3 pictures, 2 classes',
    ],
    [
      'semicolons without header',
      'a.jpg;boat|person\nb.jpg;boat\nc.jpg;',
      'semicolons, no header, 3 pictures, 2 classes',
    ],
    [
      'sep=; of Excel',
      'sep=;\r\nImage;Label\r\na.jpg;boat|person\r\nb.jpg;boat\r\nc.jpg;\r\n',
      'semicolons, header Image;Label, 3 pictures, 2 classes',
    ],
    [
      'tabs',
      'file\tlabels\na.jpg\tboat;person\nb.jpg\tboat\nc.jpg\t',
      'tabs, header file labels, 3 pictures, 2 classes',
    ],
    [
      'a row a label',
      'a.jpg,boat\nb.jpg,boat\na.jpg,person\nc.jpg,',
      'no header, a row a label, 3 pictures, 2 classes',
    ],
    [
      'one-hot columns',
      'file,boat,person\na.jpg,1,1\nb.jpg,1.0,0.0\nc.jpg,0,',
      'header file,boat,person, a column of 0 and 1 a class, 3 pictures, 2 classes',
    ],
    [
      'one-hot columns of pandas',
      ',boat,person\na.jpg,True,True\nb.jpg,True,False\nc.jpg,False,False',
      'header ,boat,person, a column of 0 and 1 a class, 3 pictures, 2 classes',
    ],
    [
      'UTF-16 of PowerShell',
      Buffer.from('\ufeffImage;Label\r\na.jpg;boat|person\r\nb.jpg;boat\r\nc.jpg;\r\n', 'utf16le'),
      'UTF-16, semicolons, header Image;Label, 3 pictures, 2 classes',
    ],
    [
      'UTF-16, the other order',
      utf16be('file,labels\na.jpg,boat;person\nb.jpg,boat\nc.jpg,'),
      'UTF-16, header file,labels, 3 pictures, 2 classes',
    ],
    [
      'UTF-16 without mark',
      Buffer.from('file,labels\na.jpg,boat;person\nb.jpg,boat\nc.jpg,', 'utf16le'),
      'UTF-16, header file,labels, 3 pictures, 2 classes',
    ],
    [
      'a byte order mark',
      '\ufefffile,labels\na.jpg,boat;person\nb.jpg,boat\nc.jpg,',
      'header file,labels, 3 pictures, 2 classes',
    ],
    [
      'JSON lines',
      '{"file":"a.jpg","labels":["boat","person"]}\r\n{"file":"b.jpg","labels":"boat"}\n{"image":"c.jpg","tags":[]}\n',
      'JSON lines, 3 pictures, 2 classes',
    ],
    [
      'JSON list with other words',
      '[{"filename":"a.jpg","classes":["boat","person"]},{"path":"b.jpg","label":"boat"},{"id":"c.jpg","tags":[]}]',
      'JSON, 3 pictures, 2 classes',
    ],
  ])('%s', async (_, content, described) => {
    const found = await read(content)
    expect(found.labels).toEqual(both)
    expect(found.described).toBe(`labels.csv: ${described}`)
    expect(found.warnings).toEqual([])
  })

  test('columns that are not used are named', async () => {
    const table = 'filename,width,class,xmin\na.jpg,9,boat,1\na.jpg,9,boat,3\nb.jpg,9,cat,2'
    const { labels, warnings } = await read(table)
    expect(labels).toEqual({ 'a.jpg': ['boat'], 'b.jpg': ['cat'] })
    expect(warnings).toEqual([expect.stringMatching(/has columns that are not used: width, xmin\.$/)])
  })

  test.each<[string, string | Uint8Array, string, RegExp]>([
    [
      'another header',
      'image,Art\na.jpg,boat',
      'l.csv',
      /line 1 what looks like a header without a column of labels .*expected file,labels/,
    ],
    ['columns of other numbers', 'file,boat,cat\na.jpg,1,-1', 'l.csv', /line 2, column cat .*received '-1'/],
    ['0 and 1 without names', 'a.jpg,1,0', 'l.csv', /3 columns in line 1.*header with the names/],
    ['two columns of labels', 'file,label,class\na.jpg,x,y', 'l.csv', /several columns of labels: label, class/],
    ['a class twice', 'file,cat,cat\na.jpg,1,0', 'l.csv', /two columns cat/],
    ['a short row', 'file,labels\na.jpg,x\nb.jpg', 'l.csv', /1 column in line 3/],
    ['a spreadsheet', Buffer.from('PK\u0003\u0004'), 'labels.xlsx', /is a spreadsheet.*CSV/],
    ['a key twice', '{"a.jpg":["x"],"a.jpg":["y"]}', 'l.json', /names a\.jpg twice/],
    [
      'a line of JSON lines without labels',
      '{"file":"a.jpg","labels":[]}\n{"file":"b.jpg"}',
      'l.jsonl',
      /wrong entry at line 2/,
    ],
    ['a broken line', '{"file":"a.jpg","labels":[]}\n{"file":"b.jpg",}', 'l.jsonl', /not JSON, line 2/],
    ['numbers for names', '[{"file":"a.jpg","labels":[0,1]}]', 'l.json', /wrong entry at 0/],
    ['half a UTF-16 letter', Buffer.from([0xff, 0xfe, 0x61, 0x00, 0x00, 0xd8]), 'l.csv', /looks like UTF-16/],
  ])('%s is refused', async (_, content, name, message) => {
    await expect(read(content, name)).rejects.toMatchObject({
      code: 'SEMPLES_DATA_FILE_INVALID',
      file: expect.stringContaining(name),
      message: expect.stringMatching(message),
    })
  })
})

/** What an hour of somebody new to it came to. */
describe('labels in several columns', () => {
  const two = { 'a.jpg': ['face', 'flower'], 'b.jpg': ['flower'], 'c.jpg': ['cow', 'face'] }
  const rows = 'a.jpg;face;flower\nb.jpg;flower;\nc.jpg;cow;face\n'

  test.each([
    ['no name over the second', `Image;Label;\n${rows}`],
    ['the same name', `Image;Label;Label\n${rows}`],
    ['Label 2', `Image;Label;Label 2\n${rows}`],
    ['Label1 and Label2', `Image;Label1;Label2\n${rows}`],
    ['label.1 of pandas', `Image;label;label.1\n${rows}`],
    ['label and labels', `Image;label;labels\n${rows}`],
    ['another word, and names of the same classes', `Image;Class;Tag\n${rows}`],
    ['German words', `Bild;Klasse 1;Klasse 2\n${rows}`],
    ['no header', rows],
    ['no header, commas', rows.replaceAll(';', ',')],
    ['commas, no name', `Image,Label,\n${rows.replaceAll(';', ',')}`],
    ['tabs', `Image;Label;\n${rows}`.replaceAll(';', '\t')],
    ['trailing semicolons', `Image;Label;;;\n${rows.replaceAll('\n', ';;\n')}`],
    ['before the pictures', 'Label 1;Label 2;File\nface;flower;a.jpg\nflower;;b.jpg\n;cow|face;c.jpg'],
  ])('1.1: with %s over them all are labels of the row', async (_, content) => {
    const found = await read(content)
    expect(found.labels).toEqual(two)
    expect(found.described).toMatch(/, labels in 2 columns, 3 pictures, 3 classes$/)
    expect(found.warnings).toEqual([])
  })

  test.each<[string, string, RegExp]>([
    [
      'notes without a name',
      'Image;Label;\na.jpg;face;\nb.jpg;cow;blurry',
      /no name over column 3.*line 3.*'blurry'.*label 2/,
    ],
    [
      'groups under another word',
      'file,class,category\na.jpg,face,body\nb.jpg,cow,beast',
      /several columns of labels: class, category.*call them label 1, label 2/,
    ],
    ['numbers under the same word', 'file,label,label 2\na.jpg,face,3\nb.jpg,cow,1', /several columns of labels/],
    [
      'notes without a header',
      'a.jpg;face;blurry\nb.jpg;cow;',
      /3 columns in line 1.*one cell, separated by \| or , \(a\.jpg;boat\|person\).*file;label 1;label 2/,
    ],
    ['numbers without a header', 'a.jpg,boat,0.9', /3 columns in line 1.*one cell, separated by ; or \|/],
    [
      'more cells than the header has',
      'file,labels\na.jpg,boat,person',
      /3 columns in line 2.*one cell, separated by ; or \|/,
    ],
    ['a column of 0 and 1 without a name', 'file,boat,\na.jpg,1,1', /no name over column 3/],
  ])('1.1: %s: refused, with what to do', async (_, content, message) => {
    await expect(read(content)).rejects.toMatchObject({
      code: 'SEMPLES_DATA_FILE_INVALID',
      message: expect.stringMatching(message),
    })
  })

  test('1.1: numbered words over 0 and 1 are classes', async () => {
    expect((await read('file,class1,class2\na.jpg,1,0\nb.jpg,1,1')).labels).toEqual({
      'a.jpg': ['class1'],
      'b.jpg': ['class1', 'class2'],
    })
  })

  test('1.1: a column of another name with names of classes is not used, and the warning says so', async () => {
    const { labels, warnings } = await read('file,label,second\na.jpg,face,cow\nb.jpg,cow,')
    expect(labels).toEqual({ 'a.jpg': ['face'], 'b.jpg': ['cow'] })
    expect(warnings).toEqual([
      expect.stringMatching(/a column that is not used: second\. second holds names of classes/),
    ])
  })

  test.each([
    [
      'a quoted ; in a file with semicolons',
      'Image;Label\na.jpg;"face;flower"\nb.jpg;flower\nc.jpg;"cow;face"',
      'labels.csv',
    ],
    ['a text of JSON', '{"a.jpg":"face;flower","b.jpg":"flower","c.jpg":"cow|face"}', 'labels.json'],
  ])('1.2: %s separates labels', async (_, content, name) => {
    expect(await read(content, name)).toMatchObject({ labels: two, warnings: [] })
  })

  test.each([
    [
      '/',
      'Image;Label\na.jpg;face/flower\nb.jpg;face\nc.jpg;flower',
      /"face\/flower" .*names of classes too; .* separated by \| or ,\.$/,
    ],
    ['+', 'Image;Label\na.jpg;cat + dog', /"cat \+ dog" .*separated by \| or ,\.$/],
    ['&', 'a.jpg,cat & dog', /"cat & dog" .*separated by ; or \|\.$/],
    ['and', 'file\tlabels\na.jpg\tcat and dog', /"cat and dog" .*separated by ;, \| or ,\.$/],
    [
      '; within a list of JSON',
      '[{"file":"a.jpg","labels":["cat;dog"]}]',
      /"cat;dog" .* is one class; several labels are a list, \["boat", "person"\]\.$/,
    ],
  ])('1.2: names joined by %s: a warning names what separates labels in such a file', async (_, content, message) => {
    expect((await read(content)).warnings).toEqual([expect.stringMatching(message)])
  })
})

describe('R45: names of pictures', () => {
  const files = { 'a.jpg': 1, 'sub/b.JPEG': 2, '2007_000032.jpg': 3 }
  const ids = async (labels: string, more: Record<string, number> = {}) => {
    const root = await temporaryFiles({ ...files, ...more, 'l.csv': labels })
    return (await folder({ folder: root, labels: 'l.csv' })).items.map(({ id }) => id)
  }

  test.each([
    ['without extension', 'a,x\nsub/b,x', ['a', 'sub/b']],
    ['with backslashes', 'sub\\b.JPEG,x\n.\\a.jpg,x', ['sub/b', 'a']],
    ['with numbers for VOC ids, as IRN writes them', '2007000032,x', ['2007_000032']],
  ])('%s', async (_, labels, expected) => expect(await ids(labels)).toEqual(expected))

  test('with the name of the folder before them', async () => {
    const root = await temporaryFiles({ 'images/a.jpg': 1, 'l.csv': 'images/a.jpg,x\n' })
    const data = await folder({ folder: path.join(root, 'images'), labels: path.join(root, 'l.csv') })
    expect(data.items.map(({ id }) => id)).toEqual(['a'])
  })

  test.each<[string, string, string, RegExp]>([
    ['that may be two files', 'a,x', 'SEMPLES_DATA_FILE_INVALID', /a\.jpg or a\.webp/],
    ['of a Windows disk', 'C:\\photos\\a.jpg,x', 'SEMPLES_DATA_FILE_INVALID', /outside the folder/],
    ['that lead out with backslashes', '..\\a.jpg,x', 'SEMPLES_DATA_FILE_INVALID', /outside the folder/],
    ['that is a header in another language', 'Kuva,Luokka\na.jpg,x', 'SEMPLES_PICTURE_MISSING', /looks like a header/],
    ['whose zeros a spreadsheet has cut off', '12,x\n', 'SEMPLES_PICTURE_MISSING', /There is 0012\.jpg: .*zeros/],
  ])('%s are refused', async (_, labels, code, message) => {
    await expect(ids(labels, { 'a.webp': 4, '0012.jpg': 5 })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    })
  })
})

describe('R25: labels that are no names', () => {
  test.each<[string, string | Uint8Array, RegExp]>([
    ['a list of Python', `a.jpg,"['boat', 'person']"`, /list in brackets .*line 1.*boat;person/],
    ['a set of Python', `a.jpg,"{'boat'}"`, /list in brackets/],
    ['a vector', 'a.jpg,"[0, 1, 0]"', /list in brackets.*column a class/],
    ['a vector without brackets', 'a.jpg,0 1 0', /list of numbers.*column a class/],
    ['Latin-1', Buffer.from('file,labels\na.jpg,caf\xe9', 'latin1'), /not UTF-8 in line 2 .*café.*Save it as UTF-8/],
  ])('%s is refused', async (_, content, message) => {
    await expect(read(content)).rejects.toMatchObject({
      code: 'SEMPLES_DATA_FILE_INVALID',
      message: expect.stringMatching(message),
    })
  })

  test.each([
    ['names joined by a comma', 'a.jpg,"boat, person"', /has a comma/],
    ['names joined by a blank', 'a.jpg,boat person', /its words are names of classes too/],
    [
      'names joined by a blank that are names elsewhere',
      'a.jpg,kiwi fig\nb.jpg,kiwi\nc.jpg,fig',
      /"kiwi fig" \(line 1\)/,
    ],
    ['quotes', `a.jpg,'boat'`, /quotes of the label/],
    ['numbers', 'a.jpg,3\nb.jpg,5', /All labels .* are numbers/],
  ])('%s: a warning', async (_, content, message) =>
    expect((await read(content)).warnings).toEqual([expect.stringMatching(message)]),
  )

  test.each(['traffic light', 'dining table', '007', 'boat(s)', "ship's bell"])('%s is a name', async (label) =>
    expect(await read(`a.jpg,${label}\nb.jpg,cat`)).toMatchObject({ labels: { 'a.jpg': [label] }, warnings: [] }),
  )
})

describe('R58: prompts', () => {
  test.each(['___', '...', '-', '\u200b', '&nbsp;'])('a label %j without any word is refused', async (label) => {
    const root = await temporaryFiles({ 'a.jpg': 1, 'l.csv': `a.jpg,${label}`, [`f/${label}/b.jpg`]: 2 })
    const expected = { code: 'SEMPLES_DATA_FILE_INVALID', message: expect.stringMatching(/has no word/) }
    await expect(folder({ folder: root, labels: 'l.csv' })).rejects.toMatchObject(expected)
    if (label !== '...') await expect(folder({ folder: path.join(root, 'f') })).rejects.toMatchObject(expected)
  })

  test.each(['', ' ', '__', '!?'])('a prompt %j in classes.json is refused', async (prompt) => {
    const root = await temporaryFiles({ 'c.json': JSON.stringify([{ label: 'boat', prompt }]) })
    await expect(readClassTable(path.join(root, 'c.json'))).rejects.toMatchObject({
      code: 'SEMPLES_DATA_FILE_INVALID',
      file: path.join(root, 'c.json'),
    })
  })

  test.each(['🚤', '7', '船', '$', 'C++'])('%s is a word', async (label) => {
    const root = await temporaryFiles({ 'a.jpg': 1, 'l.json': JSON.stringify({ 'a.jpg': [label] }) })
    expect((await folder({ folder: root, labels: 'l.json' })).classes.classes[0]!.prompt).toBe(label)
  })
})

needs('python').describe('R44: cls_labels.npy, written by NumPy', () => {
  const voc = {
    'JPEGImages/2007_000032.jpg': 1,
    'JPEGImages/2007_000033.jpg': 2,
    'ImageSets/Segmentation/train_aug.txt': '2007_000032\n2007_000033\n',
  }
  const write = async (code: string, files: Record<string, string | number> = voc) => {
    const root = await temporaryFiles(files)
    await runPython(`import numpy as np, pickle, sys, os\nos.chdir(sys.argv[1])\n${code}`, root)
    return root
  }
  const vectors = "{'2007_000032': np.eye(20)[0], '2007_000033': np.eye(20)[14] + np.eye(20)[3]}"

  test.each([
    ['a dictionary', `np.save('l.npy', ${vectors})`, 'l.npy'],
    ['float32, a row each', `np.save('l.npy', {k: v.astype('f4')[None] for k, v in ${vectors}.items()})`, 'l.npy'],
    [
      'int64 and numbers for names',
      `np.save('l.npy', {int(k.replace('_', '')): v.astype(int) for k, v in ${vectors}.items()})`,
      'l.npy',
    ],
    ['an archive', `np.savez('l.npz', **${vectors})`, 'l.npz'],
    ['a pickle', `pickle.dump(${vectors}, open('l.pkl', 'wb'))`, 'l.pkl'],
    [
      'lists, protocol 0',
      `pickle.dump({k: [int(x) for x in v] for k, v in ${vectors}.items()}, open('l.pkl', 'wb'), protocol=0)`,
      'l.pkl',
    ],
  ])('%s labels VOC', async (_, code, name) => {
    const root = await write(code)
    const data = await openDataset(await detectData(root, { labels: path.join(root, name) }), 'train')
    expect(data.items.map(({ labels }) => labels)).toEqual([[0], [3, 14]])
    expect(data.described).toBe(`${name}: a dictionary of vectors with 20 columns, 2 pictures, 3 classes`)
  })

  test('labels a folder by its class table, found beside images/', async () => {
    const classes = '[{"label":"cat","id":7},{"label":"boat","id":3}]'
    const root = await write("np.save('cls_labels.npy', {'a': np.array([0., 1.]), 'b': np.array([1., 1.])})", {
      'images/a.jpg': 1,
      'images/b.jpg': 2,
      'classes.json': classes,
    })
    const data = await openDataset(await detectData(root, { labels: path.join(root, 'cls_labels.npy') }), 'train')
    expect(data.items.map(({ id, labels }) => [id, labels])).toEqual([
      ['a', [1]],
      ['b', [0, 1]],
    ])
    await expect(
      folder({ folder: path.join(root, 'images'), labels: path.join(root, 'cls_labels.npy') }),
    ).rejects.toMatchObject({
      code: 'SEMPLES_DATA_FILE_INVALID',
      message: expect.stringMatching(/vectors of 2 numbers, and nothing says which classes/),
    })
  })

  test.each([
    ['voc2012', 20, 'tvmonitor'],
    ['coco2014', 80, 'toothbrush'],
    ['coco2014-90', 90, 'toothbrush'],
  ])('2.2: labels a folder by the table %s', async (classes, columns, last) => {
    const code = `np.save('cls_labels.npy', {'a': np.eye(${columns})[${columns - 1}], 'b': np.zeros(${columns})})`
    const root = await write(code, { 'a.jpg': 1, 'b.jpg': 2 })
    const data = await openDataset({ folder: root, labels: 'cls_labels.npy', classes }, 'train')
    expect(data.classes).toMatchObject({ name: classes, classes: { length: columns } })
    expect(data.items.map(({ labels }) => labels)).toEqual([[columns - 1], []])
    expect(data.classes.classes.at(-1)!.label).toBe(last)
    expect(await detectData(root, { labels: 'cls_labels.npy', classes })).toEqual({
      folder: root,
      labels: 'cls_labels.npy',
      classes,
    })
    await expect(folder({ folder: root, labels: 'cls_labels.npy' })).rejects.toThrow(
      new RegExp(`nothing says which classes.*--classes ${classes} `),
    )
    await expect(folder({ folder: root })).rejects.toThrow(
      /cls_labels\.npy lies in it: .*--labels cls_labels\.npy \(with --classes/,
    )
  })

  test('3.5: a name of vectors without a picture is no header', async () => {
    const root = await write("np.save('l.npy', {'a': np.eye(20)[0], 'absent': np.eye(20)[1]})", { 'a.jpg': 1 })
    await expect(folder({ folder: root, labels: 'l.npy', classes: 'voc2012' })).rejects.toMatchObject({
      code: 'SEMPLES_PICTURE_MISSING',
      message: expect.stringMatching(/^1 of the 2 pictures that .* names is not in .*: absent\. Check the folder/),
    })
  })

  test('labels COCO by names, file names or image ids', async () => {
    const coco = path.join(import.meta.dirname, '../fixtures/coco')
    const items = (await coco2014({ root: coco, split: 'val2014' })).items
    const id = Number(items[0]!.id.slice(-12))
    for (const key of [JSON.stringify(items[0]!.id), JSON.stringify(`${items[0]!.id}.jpg`), String(id)]) {
      const root = await write(`np.save('l.npy', {${key}: np.eye(80)[79]})`, {})
      const labels = path.join(root, 'l.npy')
      const data = await openDataset({ coco2014: coco, labels }, 'val')
      expect(data.items.map((item) => item.labels)).toEqual([[79], ...items.slice(1).map((item) => item.labels)])
      expect(data.warnings).toEqual([expect.stringMatching(/2 of 3 pictures are not named/)])
      await expect(coco2014({ root: coco, split: 'val2014', labels, classes: 90 })).rejects.toThrow(
        /80 numbers, .* 90 classes/,
      )
    }
  })

  test.each<[string, string, RegExp]>([
    [
      'another number of columns',
      "np.save('l.npy', {'a': np.zeros(21)})",
      /vectors of 21 numbers, .*class table has 20 classes \(aeroplane, bicycle, bird, \.\.\.\).*background/,
    ],
    ['80 columns', "np.save('l.npy', {'a': np.zeros(80)})", /vectors of 80 numbers, .*20 classes.*COCO/],
    ['other values', "np.save('l.npy', {'a': np.full(20, 0.5)})", /another number than 0 and 1 for a, column 0 .*0\.5/],
    [
      'different lengths',
      "np.save('l.npy', {'a': np.zeros(20), 'b': np.zeros(3)})",
      /20 numbers for one picture, and 3 for b/,
    ],
    ['an array without names', "np.save('l.npy', np.eye(20))", /no dictionary/],
    ['maps', "np.save('l.npy', {'a': np.zeros((20, 3))})", /no vector of numbers for a/],
  ])('%s is refused', async (_, code, message) => {
    const root = await write(code)
    await expect(readLabelsFile(path.join(root, 'l.npy'), voc2012Classes)).rejects.toMatchObject({
      code: 'SEMPLES_DATA_FILE_INVALID',
      file: path.join(root, 'l.npy'),
      message: expect.stringMatching(message),
    })
  })

  test('90 columns are those of the table of 90', async () => {
    const root = await write("np.save('l.npy', {'a': np.eye(90)[89]})", {})
    expect((await readLabelsFile(path.join(root, 'l.npy'), coco2014Classes90)).rows).toEqual([
      { file: 'a', labels: ['toothbrush'], line: undefined },
    ])
  })

  test('a picture with an XML file that says something else: a warning', async () => {
    const root = await write(`np.save('l.npy', ${vectors})`, {
      ...voc,
      'Annotations/2007_000033.xml': '<annotation><object><name>cat</name></object></annotation>',
    })
    const data = await voc2012({ root, split: 'train_aug', labels: path.join(root, 'l.npy') })
    expect(data.items.map(({ labels }) => labels)).toEqual([[0], [7]])
    expect(data.warnings).toEqual([expect.stringMatching(/1 of 2 pictures have other labels/)])
  })
})
