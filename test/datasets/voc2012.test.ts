import { rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { voc2012 } from '../../lib/datasets/voc2012.js'
import { encodeMask } from '../../lib/masks/png.js'
import { temporaryFiles } from './temporaryFiles.js'

const mask = (id: number) => ({ width: 2, height: 1, data: Uint8Array.of(id, 255) })

function xml(...objects: string[]): string {
  const rows = objects.map(
    (name) => `<object><name>${name}</name><difficult>${name === 'boat' ? 1 : 0}</difficult>
      <part><name>head</name><bndbox><xmin>1</xmin></bndbox></part></object>`,
  )
  return `<annotation><folder>VOC2012</folder><source><database>x</database></source>${rows.join('\n')}</annotation>`
}

function devkit(more: Record<string, string | Uint8Array | number> = {}): Promise<string> {
  return temporaryFiles({
    'JPEGImages/2007_000032.jpg': 1,
    'JPEGImages/2007_000039.jpg': 2,
    'JPEGImages/2008_000002.jpg': 3,
    'Annotations/2007_000032.xml': xml('person', 'boat', 'person'),
    'Annotations/2007_000039.xml': xml(' tvmonitor\n'),
    'Annotations/2008_000002.xml': xml('dog'),
    'ImageSets/Segmentation/train.txt': '2007_000032\n2007_000039\n',
    'ImageSets/Segmentation/val.txt': '2008_000002\r\n',
    'SegmentationClass/2007_000032.png': encodeMask(mask(4)),
    'SegmentationClassAug/2007_000032.png': encodeMask(mask(15)),
    ...more,
  })
}

describe('voc2012', () => {
  test('labels pictures by their objects, difficult ones included, parts not', async () => {
    const data = await voc2012({ root: await devkit(), split: 'train' })
    expect(data.items.map(({ id }) => id)).toEqual(['2007_000032', '2007_000039'])
    expect(data.items.map(({ labels }) => labels)).toEqual([[3, 14], [19]])
    expect(data.classes.classes[14]).toMatchObject({ id: 15, label: 'person', prompt: 'player' })
    expect(data.orientation).toBe('stored')
    expect((await voc2012({ root: await devkit(), split: 'val' })).items.map(({ labels }) => labels)).toEqual([[11]])
  })

  test('masks are SegmentationClass, SegmentationClassAug for train_aug, or as asked', async () => {
    const root = await devkit({ 'ImageSets/Segmentation/trainaug.txt': '2007_000032\n2008_000002' })
    const first = async (options: Parameters<typeof voc2012>[0]) => {
      const data = await voc2012(options)
      const masks = await Promise.all(data.items.map((item) => data.mask(item)))
      expect(data.items.map((item) => data.hasMask?.(item))).toEqual(masks.map((found) => found !== undefined))
      return masks
    }
    expect(await first({ root, split: 'train' })).toEqual([mask(4), undefined])
    expect(await first({ root, split: 'train_aug' })).toEqual([mask(15), undefined])
    expect(await first({ root, split: 'train', masks: 'SegmentationClassAug' })).toEqual([mask(15), undefined])
    await expect(voc2012({ root, split: 'train', masks: 'Masks' })).rejects.toMatchObject({
      code: 'SEMPLES_FILE_UNREADABLE',
      file: path.join(root, 'Masks'),
    })
  })

  test('takes lists of paths, as the augmented set has them, from anywhere', async () => {
    const root = await devkit({
      'lists/aug.txt':
        '/JPEGImages/2007_000032.jpg /SegmentationClassAug/2007_000032.png\n/JPEGImages/2008_000002.jpg /SegmentationClassAug/2008_000002.png\n',
    })
    const data = await voc2012({ root, split: path.join(root, 'lists/aug.txt') })
    expect(data.items.map(({ id }) => id)).toEqual(['2007_000032', '2008_000002'])
    expect(await data.mask(data.items[0]!)).toEqual(mask(15))
  })

  test.each([
    ['/JPEGImages/a.jpg /../../x.png', /wrong line 1/],
    ['2007_000032\n2007_000039 extra words', /wrong line 2/],
    ['2007_000032\n2007_000032', /names 2007_000032 twice, again in line 2/],
    ['\n', /names no picture/],
  ])('refuses the list %j', async (text, message) => {
    const root = await devkit({ 'ImageSets/Segmentation/mine.txt': text })
    await expect(voc2012({ root, split: 'mine' })).rejects.toMatchObject({
      code: 'SEMPLES_DATA_FILE_INVALID',
      file: path.join(root, 'ImageSets/Segmentation/mine.txt'),
      message: expect.stringMatching(message),
    })
  })

  test('a labels file serves pictures without XML, and its lack is an error that counts them', async () => {
    const root = await devkit({ 'labels.csv': 'file,labels\n2007_000032.jpg,cat\n2007_000039,car;bus' })
    await rm(path.join(root, 'Annotations/2007_000039.xml'))
    await expect(voc2012({ root, split: 'train' })).rejects.toMatchObject({
      code: 'SEMPLES_NO_LABELS',
      message: expect.stringMatching(/1 of 2 .*2007_000039/),
    })
    const data = await voc2012({ root, split: 'train', labels: path.join(root, 'labels.csv') })
    expect(data.items.map(({ labels }) => labels)).toEqual([
      [3, 14],
      [5, 6],
    ])
  })

  test.each<[string, string, string, RegExp]>([
    ['broken', '<annotation><object><name>dog', 'SEMPLES_DATA_FILE_INVALID', /not readable XML/],
    ['empty', '', 'SEMPLES_DATA_FILE_INVALID', /2007_000032\.xml/],
    ['of another kind', '<html/>', 'SEMPLES_DATA_FILE_INVALID', /root is <html>/],
    [
      'with an entity bomb',
      '<!DOCTYPE a [<!ENTITY b "dog">]><annotation><object><name>&b;</name></object></annotation>',
      'SEMPLES_DATA_FILE_INVALID',
      /entity/,
    ],
    ['of an unknown class', xml('tv monitor'), 'SEMPLES_CLASS_UNKNOWN', /"tv monitor".*"tvmonitor"\?/],
  ])('refuses an XML file that is %s', async (_, text, code, message) => {
    const root = await devkit()
    await writeFile(path.join(root, 'Annotations/2007_000032.xml'), text)
    await expect(voc2012({ root, split: 'train' })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    })
  })

  test('names the missing folder, list or picture', async () => {
    const root = await devkit()
    await expect(voc2012({ root: path.dirname(root), split: 'train' })).rejects.toMatchObject({
      code: 'SEMPLES_FILE_UNREADABLE',
      message: expect.stringMatching(/JPEGImages.*VOCdevkit\/VOC2012/),
    })
    await expect(voc2012({ root, split: 'train_aug' })).rejects.toMatchObject({
      code: 'SEMPLES_SPLIT_MISSING',
      message: expect.stringMatching(/train_aug\.txt of the SBD/),
    })
    await expect(voc2012({ root, split: path.join(root, 'no.txt') })).rejects.toMatchObject({
      code: 'SEMPLES_FILE_UNREADABLE',
    })
    await rm(path.join(root, 'JPEGImages/2007_000039.jpg'))
    await expect(voc2012({ root, split: 'train' })).rejects.toMatchObject({
      code: 'SEMPLES_PICTURE_MISSING',
      message: expect.stringMatching(/1 of the 2 .*2007_000039\.jpg/),
    })
  })
})
