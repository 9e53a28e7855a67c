import { existsSync } from 'node:fs'
import { cp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from '@jest/globals'
import sharp from 'sharp'
import { voc2012Classes } from '../../lib/datasets/classes/voc2012.js'
import type { Dataset } from '../../lib/datasets/dataset.js'
import { exportFolder } from '../../lib/datasets/exportFolder.js'
import { folder } from '../../lib/datasets/folder.js'
import type { DataSpec } from '../../lib/datasets/kinds.js'
import { hasSplits, openDataset } from '../../lib/datasets/open.js'
import { encodeMask } from '../../lib/masks/png.js'
import { needs } from '../support/needs.js'
import { pictureFolder } from '../support/realPictures.js'
import { picture, temporaryFiles } from './temporaryFiles.js'

const coco = { coco2014: path.join(import.meta.dirname, '../fixtures/coco') }
const real = path.join(pictureFolder, 'coco2014')

/** Everything that training and evaluation see of a data set. */
async function contents({ items, classes, mask }: Dataset): Promise<unknown> {
  const seen = items.map(async (item) => ({
    id: item.id,
    labels: item.labels,
    bytes: (await readFile(item.image)).toString('base64'),
    mask: await mask(item).then((map) => map && { ...map, data: Buffer.from(map.data).toString('base64') }),
  }))
  return { classes: classes.classes, items: await Promise.all(seen) }
}

async function roundTrip(data: DataSpec, split: 'train' | 'val'): Promise<void> {
  const out = path.join(await temporaryFiles({}), 'photos')
  const result = await exportFolder({ data, out, ...(hasSplits(data) ? { split } : {}) })
  const original = await openDataset(data, split)
  const copy = await folder(result.data)
  expect(await contents(copy)).toEqual(await contents(original))
  expect(copy.warnings).toEqual([])
  expect(result).toMatchObject({ source: original.name, pictures: original.items.length })
}

describe('what is read back is what was written', () => {
  test('COCO 2014: one picture without label, masks from outlines', async () => {
    await roundTrip(coco, 'val')
  })

  for (const split of ['train', 'val'] as const)
    needs('pictures').test(`COCO 2014, real pictures, ${split}`, () => roundTrip({ coco2014: real }, split))

  test('VOC 2012: void pixels, a picture without mask', async () => {
    const mask = encodeMask({
      width: 12,
      height: 8,
      data: Uint8Array.from({ length: 96 }, (_, i) => [0, 15, 255][i % 3]!),
    })
    const xml = '<annotation><object><name>person</name></object></annotation>'
    const root = await temporaryFiles({
      'JPEGImages/2007_000001.jpg': 1,
      'JPEGImages/2007_000002.jpg': 2,
      'Annotations/2007_000001.xml': xml,
      'Annotations/2007_000002.xml': xml.replace('person', 'diningtable'),
      'SegmentationClass/2007_000001.png': mask,
      'ImageSets/Segmentation/val.txt': '2007_000002\n2007_000001\n',
    })
    const out = path.join(root, 'photos')
    const result = await exportFolder({ data: { voc2012: root }, split: 'val', out })
    expect(result).toMatchObject({ pictures: 2, masks: 1, unlabelled: 0, classes: 20 })
    const copy = await folder(result.data)
    expect(await contents(copy)).toEqual(await contents(await openDataset({ voc2012: root }, 'val')))
    expect(copy.classes).toEqual(voc2012Classes)
  })

  test('folders within, odd names, names that differ in the extension alone, and no masks', async () => {
    const png = await sharp(await picture(4))
      .png()
      .toBuffer()
    const root = await temporaryFiles({
      'a/b.jpg': 1,
      'x.jpg': 2,
      'x.png': png,
      'y.JPG.jpg': 5,
      'comma, "quote" ü.jpeg': 3,
      'l.json': JSON.stringify({
        'a/b.jpg': ['dining table', 'traffic, light'],
        'x.jpg': ['6"'],
        'x.png': [],
        'y.JPG.jpg': ['a'],
        'comma, "quote" ü.jpeg': ['a'],
      }),
    })
    await roundTrip({ folder: root, labels: 'l.json' }, 'train')
    const result = await exportFolder({ data: { folder: root, labels: 'l.json' }, out: path.join(root, 'out') })
    expect(result.data).not.toHaveProperty('masks')
    expect(await readFile(result.data.labels, 'utf8')).toContain('a/b.jpg,"dining table;traffic, light"\n')
  })

  test('class folders', async () => {
    const root = await temporaryFiles({ 'boat/1.jpg': 1, 'boat/2.jpg': 2, 'cow/2.jpg': 2, '_background/3.jpg': 3 })
    await roundTrip({ folder: root }, 'train')
  })
})

test('a picture whose orientation its annotations ignore is shown as it is stored', async () => {
  const stored = sharp({ create: { width: 12, height: 8, channels: 3, background: '#808080' } })
  const turned = await stored.jpeg().withMetadata({ orientation: 6 }).toBuffer()
  const root = await temporaryFiles({ 'a.jpg': turned, 'b.jpg': 7 })
  const items = ['a', 'b'].map((id) => ({ id, image: path.join(root, `${id}.jpg`), labels: [0] }))
  const data: Dataset = {
    name: 'stored',
    classes: voc2012Classes,
    items,
    orientation: 'stored',
    mask: async () => undefined,
  }
  const asStored = await exportFolder({ data, out: path.join(root, 'stored') })
  const file = path.join(asStored.data.folder, 'a.jpg')
  expect(await sharp(file).autoOrient().toBuffer({ resolveWithObject: true })).toMatchObject({
    info: { width: 12, height: 8 },
  })
  const pixels = (input: string) => sharp(input).raw().toBuffer()
  expect(await pixels(file)).toEqual(await pixels(path.join(root, 'a.jpg')))
  expect(await readFile(path.join(asStored.data.folder, 'b.jpg'))).toEqual(await picture(7))
  const asShown = await exportFolder({ data: { ...data, orientation: 'exif' }, out: path.join(root, 'shown') })
  expect(await readFile(path.join(asShown.data.folder, 'a.jpg'))).toEqual(turned)
})

describe('the folder', () => {
  test('an export that was stopped goes on; labels.csv comes last', async () => {
    const out = path.join(await temporaryFiles({}), 'photos')
    const controller = new AbortController()
    const options = { data: coco, split: 'val' as const, out }
    const many = await exportFolder({ ...options, out: `${out}-whole` })
    const items = (await openDataset(coco, 'val')).items
    const data = { ...(await openDataset(coco, 'val')), items: items.flatMap((item) => copies(item, 5)) }
    const stopped = exportFolder({
      data,
      out,
      signal: controller.signal,
      onProgress: (done) => done === 8 && controller.abort(new Error('stopped')),
    })
    await expect(stopped).rejects.toThrow('stopped')
    expect(existsSync(path.join(out, 'labels.csv'))).toBe(false)
    const begun = await readdir(path.join(out, 'images'))
    expect(begun).toHaveLength(8)
    const before = await stat(path.join(out, 'images', begun[0]!))
    // What another program has changed is not written over.
    const changed = path.join(out, 'images', begun[1]!)
    await writeFile(changed, 'x')
    await expect(exportFolder({ data, out })).rejects.toMatchObject({ code: 'SEMPLES_OUTPUT_EXISTS', file: changed })
    expect(await readFile(changed, 'utf8')).toBe('x')
    await rm(changed)
    const result = await exportFolder({ data, out })
    expect(result.pictures).toBe(15)
    expect((await stat(path.join(out, 'images', begun[0]!))).mtimeMs).toBe(before.mtimeMs)
    expect(await contents(await folder(result.data))).toEqual(await contents(data))
    expect(many.pictures).toBe(3)
  })

  test('with something else in it, or of other data, is refused and stays as it was', async () => {
    const out = await temporaryFiles({ 'mine.txt': 'precious' })
    const refused = { code: 'SEMPLES_OUTPUT_EXISTS', file: out }
    await expect(exportFolder({ data: coco, split: 'val', out })).rejects.toMatchObject(refused)
    expect(await readdir(out)).toEqual(['mine.txt'])
    await rm(path.join(out, 'mine.txt'))
    await exportFolder({ data: coco, split: 'val', out })
    const copy = path.join(await temporaryFiles({}), 'coco')
    await cp(coco.coco2014, copy, { recursive: true })
    const list = path.join(copy, 'list.txt')
    await writeFile(list, '42\n')
    const other = { coco2014: copy, evalList: list }
    await expect(exportFolder({ data: other, split: 'val', out })).rejects.toMatchObject(refused)
    await expect(exportFolder({ data: coco, out: list, split: 'val' })).rejects.toMatchObject({
      ...refused,
      file: list,
    })
  })
})

test.each([
  ['a label with a separator', 'a', 'boat;cow'],
  ['a label with another', 'a', 'boat|cow'],
  ['a label with blanks around it', 'a', ' boat'],
  ['an id that leads out of the folder', '../a', 'boat'],
  ['an id that begins with a blank', ' a', 'boat'],
])('%s is refused', async (_, id, label) => {
  const root = await temporaryFiles({ 'p.jpg': 1 })
  const classes = { name: 'c', classes: [{ ...voc2012Classes.classes[0]!, label }] }
  const items = [{ id, image: path.join(root, 'p.jpg'), labels: [0] }]
  const data: Dataset = { name: 'd', classes, items, orientation: 'exif', mask: async () => undefined }
  const out = path.join(root, 'out', 'photos')
  await expect(exportFolder({ data, out })).rejects.toMatchObject({ code: 'SEMPLES_NAME_INVALID' })
  expect(existsSync(path.join(root, 'out', 'a.jpg'))).toBe(false)
})

function copies(item: Dataset['items'][number], count: number): Dataset['items'] {
  // Masks are found by id, so copies of a picture have none and the first has its own.
  return Array.from({ length: count }, (_, i) => (i === 0 ? item : { ...item, id: `${item.id}-${i}` }))
}
