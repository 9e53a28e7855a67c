import { mkdir } from 'node:fs/promises'
import { describe, expect, test } from '@jest/globals'
import { inspectFile } from '../../../lib/api.js'
import { factsOf, inspectionFolder } from './folder.js'

const { at, write } = inspectionFolder()

describe('labels', () => {
  test('CSV: form, classes, first rows', async () => {
    const path = write('l.csv', 'file,labels\na.jpg,boat;person\nb.jpg,\nc.jpg,cat\nd.jpg,cat\n')
    const { form, classes, rows, found } = await factsOf(path)
    expect(form).toBe('header file,labels, 4 pictures, 3 classes')
    expect(classes).toBe('3: boat, cat, person')
    expect(rows).toBe('a.jpg: boat, person\nb.jpg: no object\nc.jpg: cat\nand 1 more')
    expect(found.labels).toMatchObject({ pictures: 4, classes: ['boat', 'cat', 'person'] })
    expect(found.next!.commands).toEqual([`npx semples data check DIR --labels ${path}`])
  })

  test('JSON, and UTF-16 under another name', async () => {
    expect((await inspectFile(write('l.txt', '{"a.jpg":["boat"],"b.jpg":["cat"]}'))).kind).toBe('labels')
    const text = Buffer.from('\ufefffile,labels\na.jpg,boat\nb.jpg,cat\n', 'utf16le')
    expect((await factsOf(write('l.bin', text))).form).toContain('UTF-16')
  })

  test('a mistake in them is named, with the line', async () => {
    await expect(inspectFile(write('twice.csv', 'file,labels\na.jpg,boat;cat\na.jpg,cat\n'))).rejects.toMatchObject({
      code: 'SEMPLES_DATA_FILE_INVALID',
      message: expect.stringMatching(/lines 2 and 3/),
    })
  })

  test('a text that is none is not blamed for being bad labels alone', async () => {
    await expect(inspectFile(write('README.md', '# A title\n\nSome text, and more.\n'))).rejects.toMatchObject({
      message: expect.stringMatching(
        /README\.md is a text, of which semples knows no other kind than image-level labels/,
      ),
    })
  })
})

test('a list of pictures', async () => {
  const { kind, what } = await inspectFile(write('train.txt', '2007_000032\n2007_000039\n'))
  expect([kind, what]).toEqual(['list', 'a list of 2 pictures'])
})

test.each([
  ['classes', { name: 'boats', classes: [{ label: 'boat' }] }, 'a class table (boats)'],
  [
    'data',
    { images: [{ id: 1 }], annotations: [], categories: [{ id: 1, name: 'boat' }] },
    'annotations in the form of COCO',
  ],
  ['settings', { threshold: 0.5, run: '/runs/a' }, 'the settings of the masks in its folder'],
  ['settings', { generator: { kind: 'cnn' }, stages: ['classify'], loader: {} }, 'the whole config of a run'],
  ['settings', { method: 'crf', iterations: 10, unary: 'soft' }, 'the settings of the refined masks'],
  ['settings', { model_cfg: {} }, 'the config of a CLIP of open_clip'],
  ['settings', { image_mean: [0.5] }, 'preprocessor_config.json'],
  ['settings', { tokenizer_class: 'CLIPTokenizer' }, 'the tokenizer'],
  ['settings', { thresholds: { boat: 0.5 }, checkpoint: 'epoch-0001' }, 'labels.json'],
  ['settings', { epoch: 1, files: [], state: {} }, 'state.json'],
  ['settings', { last: 'epoch-0001' }, 'state.json'],
  ['settings', { model_type: 'bert' }, 'the config of a network of Hugging Face'],
])('JSON: %s', async (kind, content, what) => {
  const found = await inspectFile(write('any.json', JSON.stringify(content)))
  expect(found.kind).toBe(kind)
  expect(found.what).toContain(what)
})

describe('what semples has no use for', () => {
  test('JSON with a field that settings of ours have too', async () => {
    const file = write('request.json', JSON.stringify({ method: 'GET', url: '/' }))
    await expect(inspectFile(file)).rejects.toMatchObject({ message: expect.stringContaining('request.json is JSON') })
  })

  test.each([
    ['a page', 'a.pth', '<!DOCTYPE html><html><title>Login</title></html>', /page of a web site/],
    ['a pointer', 'b.pth', 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 12\n', /Git LFS/],
    ['a program', 'c.bin', '\x7fELF\x02\x01\x01', /program/],
    ['bytes', 'd.bin', '\x01\x02\x03\x04', /begins with 01 02 03 04/],
  ])('%s', async (_, name, content, message) => {
    await expect(inspectFile(write(name, Buffer.from(content, 'latin1')))).rejects.toMatchObject({
      code: 'SEMPLES_FILE_UNKNOWN',
      file: at(name),
      message: expect.stringMatching(message),
    })
  })

  test('nothing there, nothing in it, and a folder without anything', async () => {
    await expect(inspectFile(at('gone'))).rejects.toMatchObject({ code: 'SEMPLES_FILE_UNREADABLE' })
    await expect(inspectFile(write('empty', ''))).rejects.toMatchObject({ code: 'SEMPLES_FILE_UNREADABLE' })
    await mkdir(at('folder'))
    await expect(inspectFile(at('folder'))).rejects.toMatchObject({ code: 'SEMPLES_FILE_UNKNOWN' })
    write('folder/notes.txt', 'a')
    await expect(inspectFile(at('folder'))).rejects.toMatchObject({ code: 'SEMPLES_FILE_UNKNOWN' })
  })
})
