import { cp, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { fingerprint } from '../../lib/datasets/fingerprint.js'
import type { DataSpec } from '../../lib/datasets/kinds.js'
import { openDataset } from '../../lib/datasets/open.js'
import { temporaryFiles } from './temporaryFiles.js'

const coco = path.join(import.meta.dirname, '../fixtures/coco')

describe('openDataset', () => {
  test('opens each kind by its key, with the split that is asked for', async () => {
    const voc = await temporaryFiles({
      'JPEGImages/a.jpg': 1,
      'JPEGImages/b.jpg': 2,
      'Annotations/a.xml': '<annotation><object><name>cat</name></object></annotation>',
      'Annotations/b.xml': '<annotation><object><name>dog</name></object></annotation>',
      'ImageSets/Segmentation/train_aug.txt': 'a',
      'ImageSets/Segmentation/train.txt': 'b',
      'ImageSets/Segmentation/val.txt': 'b',
    })
    const ids = async (spec: DataSpec, split: 'train' | 'val') =>
      (await openDataset(spec, split)).items.map(({ id }) => id)
    expect(await ids({ voc2012: voc }, 'train')).toEqual(['a'])
    expect(await ids({ voc2012: voc }, 'val')).toEqual(['b'])
    expect(await ids({ voc2012: voc, trainSplit: 'train' }, 'train')).toEqual(['b'])
    expect(await ids({ voc2012: voc, evalSplit: 'train_aug' }, 'val')).toEqual(['a'])
    const list = path.join(voc, 'list.txt')
    await writeFile(list, '7')
    expect((await ids({ coco2014: coco }, 'val')).length).toBe(3)
    expect(await ids({ coco2014: coco, evalList: list }, 'val')).toEqual(['COCO_val2014_000000000007'])
    expect((await openDataset({ coco2014: coco, classes: 90 }, 'val')).classes.name).toBe('coco2014-90')
    await expect(ids({ coco2014: coco }, 'train')).rejects.toThrow(/instances_train2014\.json/)
    const photos = await temporaryFiles({ 'cat/a.jpg': 1 })
    expect(await ids({ folder: photos }, 'train')).toEqual(['a'])
    expect(await ids({ folder: photos }, 'val')).toEqual(['a'])
  })

  test('refuses a spec of no kind', async () => {
    await expect(openDataset({ voc: 'x' } as unknown as DataSpec, 'train')).rejects.toMatchObject({
      code: 'SEMPLES_CONFIG_INVALID',
      field: 'data',
    })
  })
})

describe('fingerprint', () => {
  test('stays when the folder moves, changes with ids, labels, sizes and classes', async () => {
    const files = { 'a.jpg': 1, 'b.jpg': 2, 'l.csv': 'a.jpg,x\nb.jpg,y' }
    const root = await temporaryFiles(files)
    const spec = { folder: root, labels: path.join(root, 'l.csv') }
    const print = async (folder: string) =>
      fingerprint(await openDataset({ folder, labels: path.join(folder, 'l.csv') }, 'train'))
    const first = await fingerprint(await openDataset(spec, 'train'))
    expect(first).toMatch(/^[0-9a-f]{64}$/)
    const moved = await temporaryFiles({})
    await cp(root, moved, { recursive: true })
    expect(await print(moved)).toBe(first)
    const changed = [
      { ...files, 'l.csv': 'a.jpg,x\nb.jpg,x;y' },
      { ...files, 'l.csv': 'a.jpg,x\nb.jpg,z' },
      { ...files, 'l.csv': 'b.jpg,y\na.jpg,x' },
      { ...files, 'a.jpg': 'another size' },
    ]
    const prints = await Promise.all(changed.map(async (some) => print(await temporaryFiles(some))))
    expect(new Set([first, ...prints]).size).toBe(5)
  })
})
