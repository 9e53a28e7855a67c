import { existsSync } from 'node:fs'
import { cp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { coco2014 } from '../../lib/datasets/coco2014.js'
import { readMask } from '../../lib/masks/png.js'
import { needs } from '../support/needs.js'
import { pictureFolder } from '../support/realPictures.js'
import { temporaryFiles } from './temporaryFiles.js'

// Three small pictures in COCO's layout and the masks pycocotools draws: test/fixtures/coco/make.py.
const root = path.join(import.meta.dirname, '../fixtures/coco')
const [busy, crowded, unlabelled] = [
  'COCO_val2014_000000000042',
  'COCO_val2014_000000000007',
  'COCO_val2014_000000000139',
]

async function copy(): Promise<string> {
  const folder = await temporaryFiles({})
  await cp(root, folder, { recursive: true })
  return folder
}

interface Json {
  images: Record<string, unknown>[]
  annotations: Record<string, unknown>[]
  categories: Record<string, unknown>[]
}

async function damaged(change: (json: Json) => unknown): Promise<{ root: string; file: string }> {
  const folder = await copy()
  const file = path.join(folder, 'annotations/instances_val2014.json')
  const json = JSON.parse(await readFile(file, 'utf8'))
  const changed = change(json) ?? json
  await writeFile(file, typeof changed === 'string' ? changed : JSON.stringify(changed))
  return { root: folder, file }
}

describe('coco2014', () => {
  test('labels pictures by the categories of their annotations', async () => {
    const data = await coco2014({ root, split: 'val2014' })
    expect(data.items.map(({ id }) => id)).toEqual([busy, crowded, unlabelled])
    expect(data.items.map(({ labels }) => labels)).toEqual([[0, 15], [2, 79], []])
    expect(data.classes.classes.length).toBe(80)
    expect(data.orientation).toBe('stored')
    expect(data.items.every(({ image }) => existsSync(image))).toBe(true)
  })

  test('has the category ids themselves with 90 classes', async () => {
    const data = await coco2014({ root, split: 'val2014', classes: 90 })
    expect(data.items.map(({ labels }) => labels)).toEqual([[0, 16], [2, 89], []])
    const mask = await data.mask(data.items[1]!)
    expect([...new Set(mask!.data)].sort((a, b) => a - b)).toEqual([0, 3, 90])
  })

  test('draws polygons, both forms of RLE and crowds as pycocotools does, the largest first', async () => {
    const data = await coco2014({ root, split: 'val2014' })
    for (const item of data.items) {
      expect(await data.mask(item)).toEqual(await readMask(path.join(root, 'expected', `${item.id}.png`)))
    }
  })

  test('leaves crowds out of evaluation when asked, but under objects', async () => {
    const drawn = await coco2014({ root, split: 'val2014' })
    const left = await coco2014({ root, split: 'val2014', crowd: 'void' })
    expect(left.items).toEqual(drawn.items)
    const before = (await drawn.mask(drawn.items[1]!))!.data
    const after = (await left.mask(left.items[1]!))!.data
    // Drawn as a class the narrow crowd stands on the larger car; as void it stays behind it.
    const changes = new Set([...before].map((id, pixel) => `${id} -> ${after[pixel]}`))
    expect([...changes].sort()).toEqual(['0 -> 0', '3 -> 3', '80 -> 255', '80 -> 3'])
  })

  test('takes the pictures of a list, by id or by name', async () => {
    const list = path.join(await temporaryFiles({}), 'ids.txt')
    await writeFile(list, `139\r\n\n000000000042\n${crowded}.jpg\n${busy}\n`)
    const data = await coco2014({ root, split: 'val2014', list })
    expect(data.items.map(({ id }) => id)).toEqual([unlabelled, busy, crowded])
    await writeFile(list, '42\n43\n')
    await expect(coco2014({ root, split: 'val2014', list })).rejects.toMatchObject({
      code: 'SEMPLES_DATA_FILE_INVALID',
      file: list,
      message: expect.stringMatching(/Line 2.*'43'/),
    })
    await writeFile(list, '\n')
    await expect(coco2014({ root, split: 'val2014', list })).rejects.toThrow(/names no picture/)
  })

  test('reads pictures under images/ too, and says which folder or pictures are missing', async () => {
    const folder = await copy()
    await rename(path.join(folder, 'val2014'), path.join(folder, 'images'))
    await expect(coco2014({ root: folder, split: 'val2014' })).rejects.toMatchObject({
      code: 'SEMPLES_FILE_UNREADABLE',
      file: path.join(folder, 'val2014'),
    })
    await cp(path.join(root, 'val2014'), path.join(folder, 'images/val2014'), { recursive: true })
    expect((await coco2014({ root: folder, split: 'val2014' })).items.length).toBe(3)
    await rm(path.join(folder, `images/val2014/${crowded}.jpg`))
    await expect(coco2014({ root: folder, split: 'val2014' })).rejects.toMatchObject({
      code: 'SEMPLES_PICTURE_MISSING',
      message: expect.stringMatching(new RegExp(`1 of the 3 .*${crowded}\\.jpg`)),
    })
  })

  test.each<[string, (json: Json) => unknown, RegExp]>([
    ['a list', () => '[]', /top level is not an object/],
    ['cut off', (json) => JSON.stringify(json).slice(0, 900), /ends in the middle/],
    ['without annotations and categories', ({ images }) => ({ images }), /has no categories, no annotations/],
    ['of another task', () => ({ images: {}, captions: [1] }), /has no images, no categories, no annotations/],
    [
      'with a wrong size',
      (json) => {
        json.images[1]!.width = '24'
      },
      /images\[1\]\.width/,
    ],
    [
      'with an image without name',
      (json) => {
        delete json.images[0]!.file_name
      },
      /images\[0\]\.file_name/,
    ],
    [
      'with an image twice',
      (json) => {
        json.images.push(json.images[0])
      },
      /lists image 42 twice/,
    ],
    [
      'of strangers alone',
      (json) => {
        for (const annotation of json.annotations) annotation.image_id = 5
      },
      /only 1 image that it does not list, .* id 5/,
    ],
    [
      'with an unknown category',
      (json) => {
        json.annotations[0]!.category_id = 12
      },
      /image 42 with category 12/,
    ],
    [
      'of other categories',
      (json) => {
        json.categories[0]!.name = 'dog'
      },
      /category 1 "dog".*"person"/,
    ],
    [
      'of custom categories',
      (json) => {
        json.categories[0]!.id = 91
      },
      /category 91 "person"/,
    ],
  ])('refuses a JSON %s', async (_, change, message) => {
    const { root: folder, file } = await damaged(change)
    await expect(coco2014({ root: folder, split: 'val2014' })).rejects.toMatchObject({
      code: 'SEMPLES_DATA_FILE_INVALID',
      file,
      message: expect.stringMatching(message),
    })
  })

  test.each<[string, unknown, RegExp]>([
    ['an odd number of coordinates', [[1, 2, 3, 4, 5, 6, 7]], /odd number/],
    ['text for coordinates', [['1', 2, 3, 4, 5, 6]], /number/],
    ['a point beyond all pictures', [[1, 2, 3, 4, 5e9, 6]], /1000000/],
    ['nothing', undefined, /neither a list of polygons nor an RLE/],
    ['an RLE of another size', { size: [40, 30], counts: [1200] }, /for 30x40 pixels, the picture has 40x30/],
    ['an RLE of too few pixels', { size: [30, 40], counts: [1, 2, 3] }, /do not add up/],
    ['an RLE that is no RLE', { size: [30, 40], counts: '\n\n' }, /do not add up/],
  ])('refuses to draw a segmentation with %s', async (_, segmentation, message) => {
    const { root: folder } = await damaged((json) => {
      json.annotations[0]!.segmentation = segmentation
    })
    const data = await coco2014({ root: folder, split: 'val2014' })
    await expect(data.mask(data.items[0]!)).rejects.toMatchObject({
      code: 'SEMPLES_DATA_FILE_INVALID',
      message: expect.stringMatching(new RegExp(`${busy}.*${message.source}`)),
    })
  })

  test('a polygon of fewer than three corners encloses nothing', async () => {
    const { root: folder } = await damaged((json) => {
      json.annotations[4]!.segmentation = [[1, 2, 3, 4], []]
    })
    const data = await coco2014({ root: folder, split: 'val2014' })
    expect((await data.mask(data.items[1]!))!.data.includes(3)).toBe(false)
  })

  test('an absent annotation file is named', async () => {
    await expect(coco2014({ root, split: 'train2014' })).rejects.toMatchObject({
      code: 'SEMPLES_FILE_UNREADABLE',
      message: expect.stringContaining('instances_train2014.json'),
    })
  })
})

const real = path.join(pictureFolder, 'coco2014')

needs('pictures').describe('real COCO pictures', () => {
  test('two training pictures have no annotation', async () => {
    const { items, classes } = await coco2014({ root: real, split: 'train2014' })
    expect(items.length).toBe(48)
    const empty = items.filter(({ labels }) => labels.length === 0).map(({ id }) => Number(id.slice(-12)))
    expect(empty).toEqual([250, 508])
    const used = new Set(items.flatMap(({ labels }) => labels))
    expect(Math.max(...used)).toBeLessThan(classes.classes.length)
  })

  test('masks hold just the labelled classes', async () => {
    const data = await coco2014({ root: real, split: 'val2014' })
    for (const item of data.items) {
      const mask = (await data.mask(item))!
      const ids = new Set(item.labels.map((index) => data.classes.classes[index]!.id))
      expect([...new Set(mask.data)].every((id) => id === 0 || ids.has(id))).toBe(true)
      expect(mask.data.length).toBe(mask.width * mask.height)
    }
  })
})
