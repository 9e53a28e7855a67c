import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { coco2014Classes } from '../../lib/datasets/classes/coco2014.js'
import { voc2012Classes } from '../../lib/datasets/classes/voc2012.js'
import type { Dataset } from '../../lib/datasets/dataset.js'
import { ImageLabels } from '../../lib/datasets/imageLabels.js'
import { rejection } from '../config/refusal.js'

const folder = await mkdtemp(join(tmpdir(), 'semples-image-labels-'))
async function labels(text: string, table = voc2012Classes): Promise<ImageLabels> {
  const file = join(folder, `${Math.random()}.csv`)
  await writeFile(file, text)
  return ImageLabels.read(file, table)
}
const refused = (call: () => unknown) => rejection(Promise.resolve().then(call))

describe('2.6: image-level labels as class ids', () => {
  test('labels are looked up in the table, in any spelling of their words', async () => {
    const found = await labels('file,labels\na.jpg,Boat;person\nb.jpg,dining_table\nc.jpg,\n')
    expect(found.idsOf({ name: 'a' })).toEqual([4, 15])
    expect(found.idsOf({ name: 'b' })).toEqual([11])
    expect(found.idsOf({ name: 'c' })).toEqual([])
    const error = await rejection(labels('file,labels\na.jpg,boat\nb.jpg,baot\n'))
    expect([error.code, error.value]).toEqual(['SEMPLES_DATA_FILE_INVALID', 'baot'])
    expect(error.message).toMatch(/line 3.*class table voc2012.*Did you mean/)
  })

  test.each([
    ['2007_000032.jpg', '2007_000032', undefined],
    ['2007000032', '2007_000032', undefined],
    ['boat/1.jpg', 'boat/1', undefined],
    ['boat\\1.jpg', 'boat/1', undefined],
    ['photos/boat/1.jpg', 'boat/1', undefined],
    ['1.jpg', 'boat/1', undefined],
    ['boat/1.jpg', '1', undefined],
    ['one.jpg', 'input7', '/data/photos/one.jpg'],
    ['boat/1.jpg', 'input7', '/data/photos/boat/1.jpg'],
    ['002.jpg', '002', undefined],
    ['2.jpg', '002', undefined],
    ['9', 'COCO_train2014_000000000009', undefined],
    ['img.v2', 'img.v2', undefined],
    ['Gr\u00fcn.jpg', 'Gru\u0308n', undefined],
  ])('the row %s is of the picture %s', async (row, name, image) => {
    const found = await labels(`file,labels\n"${row}",cow\nother.jpg,cat\n`)
    expect(found.idsOf({ name, ...(image === undefined ? {} : { image }) })).toEqual([10])
  })

  test.each([
    ['a.jpg', 'b'],
    ['boat/1.jpg', 'car/1'],
    ['1.jpg', 'set_1'],
    ['1.jpg', '10'],
    ['boat/1.jpg', 'ships/boat/2'],
  ])('the row %s is not of the picture %s', async (row, name) => {
    const found = await labels(`file,labels\n${row},cow\nother.jpg,cat\n`)
    const error = await refused(() => found.idsOf({ name }))
    expect([error.code, error.message]).toEqual(['SEMPLES_DATA_FILE_INVALID', expect.stringContaining(name)])
  })

  test('what is not clear is refused', async () => {
    const flat = await labels('file,labels\n1.jpg,cow\n2.jpg,cat\n')
    expect(flat.idsOf({ name: 'boat/1' })).toEqual([10])
    expect((await refused(() => flat.idsOf({ name: 'car/1' }))).message).toMatch(/boat\/1 or car\/1/)
    // Asked for again it is the same picture.
    expect(flat.idsOf({ name: 'boat/1' })).toEqual([10])
    const deep = await labels('file,labels\nboat/1.jpg,cow\ncar/1.jpg,cat\n')
    expect(deep.idsOf({ name: 'car/1' })).toEqual([8])
    expect((await refused(() => deep.idsOf({ name: '1' }))).message).toMatch(/not clear/)
  })

  test('the fingerprint tells labels apart, not their spelling', async () => {
    const [one, other, third] = await Promise.all(
      ['a.jpg,boat', 'a.jpg,Boat', 'a.jpg,cow'].map((row) => labels(`file,labels\n${row}\nb.jpg,cat\n`)),
    )
    expect(one!.fingerprint).toBe(other!.fingerprint)
    expect(one!.fingerprint).not.toBe(third!.fingerprint)
  })

  test('those of a data set', async () => {
    const items = [
      { id: 'boat/1', image: '/x/boat/1.jpg', labels: [3] },
      { id: 'b', image: '/x/b.jpg', labels: [] },
    ]
    const dataset = { name: 'd', classes: voc2012Classes, items } as unknown as Dataset
    const found = ImageLabels.ofDataset(dataset, coco2014Classes)
    expect([found.idsOf({ name: 'boat/1' }), found.idsOf({ name: 'b' })]).toEqual([[9], []])
    const none = { ...dataset, items: items.slice(1) }
    expect((await refused(() => ImageLabels.ofDataset(none, voc2012Classes))).message).toMatch(/No picture of d/)
  })
})
