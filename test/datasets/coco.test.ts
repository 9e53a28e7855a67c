import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from '@jest/globals'
import sharp from 'sharp'
import { drawRegions } from '../../lib/datasets/coco/mask.js'
import { coco } from '../../lib/datasets/coco.js'
import { coco2014 } from '../../lib/datasets/coco2014.js'
import { exportFolder } from '../../lib/datasets/exportFolder.js'
import { folder } from '../../lib/datasets/folder.js'
import { detectData } from '../../lib/datasets/kinds.js'
import { openDataset } from '../../lib/datasets/open.js'
import type { LabelMap } from '../../lib/masks/labelMap.js'
import { readMask } from '../../lib/masks/png.js'
import { temporaryFiles } from './temporaryFiles.js'

const side = 20
const square = (from: number, to: number) => [from, from, to, from, to, to, from, to]

/** Pixels by value. */
function counts({ data }: LabelMap): Record<number, number> {
  const found: Record<number, number> = {}
  for (const id of data) found[id] = (found[id] ?? 0) + 1
  return found
}

function draw(...segmentations: unknown[]): LabelMap {
  const regions = segmentations.map((segmentation, i) => ({ id: i + 1, crowd: false, segmentation }))
  return drawRegions({ height: side, width: side, regions, crowd: 'class', file: 'a.json', picture: 'a.jpg' })
}

/** Column-major counts of a square, as COCO writes them. */
function runs(from: number, to: number): number[] {
  const list: number[] = []
  let outside = from * side + from
  for (let column = from; column < to; column++) {
    list.push(outside, to - from)
    outside = side - (to - from)
  }
  return [...list, side * side - list.reduce((sum, length) => sum + length, 0)]
}

describe('the size of an object is its pixels, each once', () => {
  const bicycle = [square(2, 12)]
  test.each<[string, unknown]>([
    ['R03: two equal parts', [square(2, 10), square(2, 10)]],
    ['R03: nested parts', [square(2, 10), square(4, 8)]],
    [
      'R03: parts that overlap',
      [
        [2, 2, 10, 2, 10, 7, 2, 7],
        [2, 5, 10, 5, 10, 10, 2, 10],
      ],
    ],
    ['R03: an RLE and a polygon of the same pixels', [{ size: [side, side], counts: runs(2, 10) }, square(2, 10)]],
    ['R38: a list of RLE objects', [{ size: [side, side], counts: runs(2, 10) }]],
  ])('%s', (_, person) => {
    expect(counts(draw(person, bicycle))).toEqual({ 0: 300, 1: 64, 2: 36 })
    expect(draw(person, bicycle)).toEqual(draw([square(2, 10)], bicycle))
  })

  test('R03: crowds too', () => {
    const region = { crowd: true, id: 1, segmentation: [square(2, 10), square(2, 10)] }
    const other = { crowd: false, id: 2, segmentation: bicycle }
    const plan = { height: side, width: side, regions: [region, other], file: 'a.json', picture: 'a.jpg' }
    expect(counts(drawRegions({ ...plan, crowd: 'class' }))).toEqual({ 0: 300, 1: 64, 2: 36 })
    expect(counts(drawRegions({ ...plan, crowd: 'void' }))).toEqual({ 0: 300, 2: 100 })
  })

  test('R38: all pixels', () => {
    expect(counts(draw([{ size: [side, side], counts: [0, 400] }]))).toEqual({ 1: 400 })
  })

  test.each<[string, unknown, RegExp]>([
    [
      'R22: pairs of numbers',
      [
        [2, 2],
        [10, 2],
        [10, 10],
        [2, 10],
      ],
      /two numbers.*flat list/,
    ],
    ['R22: a flat list without the outer brackets', square(2, 10), /neither a list of polygons/],
    [
      'R22: pairs within a polygon',
      [
        [
          [2, 2],
          [10, 2],
          [10, 10],
        ],
      ],
      /number/,
    ],
    ['an empty list', [], /without outline/],
  ])('%s is refused', (_, segmentation, message) => {
    expect(() => draw(segmentation)).toThrow(
      expect.objectContaining({ code: 'SEMPLES_DATA_FILE_INVALID', message: expect.stringMatching(message) }),
    )
  })
})

interface Json {
  images: { id: number; file_name: string; width: number; height: number }[]
  annotations: Record<string, unknown>[]
  categories: { id: number; name: string; supercategory?: string }[]
}

/** Ids with gaps, not in order; a picture without annotation. Pictures have 12x8 pixels. */
const own = (): Json => ({
  images: ['a.jpg', 'b.jpg', 'c.jpg'].map((file_name, i) => ({ id: 10 + i, file_name, width: 12, height: 8 })),
  categories: [
    { id: 7, name: 'weed' },
    { id: 3, name: 'sugar_beet' },
  ],
  annotations: [
    { id: 1, image_id: 10, category_id: 7, iscrowd: 0, segmentation: [square(1, 5)] },
    { id: 2, image_id: 10, category_id: 3, iscrowd: 0, segmentation: [[6, 0, 12, 0, 12, 8, 6, 8]] },
    { id: 3, image_id: 11, category_id: 7, iscrowd: 0, segmentation: { size: [8, 12], counts: [0, 96] } },
  ],
})

const pictures = { 'a.jpg': 1, 'b.jpg': 2, 'c.jpg': 3 }

function under(place: string, json: Json, at: string): Record<string, string | number> {
  const files = Object.entries(pictures).map(([name, grey]) => [path.posix.join(place, name), grey])
  return { ...Object.fromEntries(files), [at]: JSON.stringify(json) }
}

describe('N22: a COCO JSON with categories of its own', () => {
  test('gives classes in the order of category ids, labels and masks', async () => {
    const root = await temporaryFiles(under('pictures', own(), 'instances.json'))
    const data = await openDataset(
      { coco: path.join(root, 'instances.json'), images: path.join(root, 'pictures') },
      'train',
    )
    expect(data.classes.classes.map(({ id, label, prompt }) => [id, label, prompt])).toEqual([
      [1, 'sugar_beet', 'sugar beet'],
      [2, 'weed', 'weed'],
    ])
    expect(data.items.map(({ id, labels }) => [id, labels])).toEqual([
      ['a', [0, 1]],
      ['b', [1]],
      ['c', []],
    ])
    expect(counts((await data.mask(data.items[0]!))!)).toEqual({ 0: 32, 1: 48, 2: 16 })
    expect(counts((await data.mask(data.items[1]!))!)).toEqual({ 2: 96 })
    expect(counts((await data.mask(data.items[2]!))!)).toEqual({ 0: 96 })
    expect(data.warnings).toEqual([])
  })

  test.each<[string, string, string, string]>([
    ['CVAT', 'images', 'annotations/instances_default.json', '.'],
    ['Roboflow', '.', '_annotations.coco.json', '.'],
    ['Roboflow with splits', 'train', 'train/_annotations.coco.json', '.'],
    ['Label Studio', 'images', 'result.json', 'result.json'],
    ['COCO 2017', 'train2017', 'annotations/instances_train2017.json', '.'],
  ])('as %s lays it out', async (_, place, file, data) => {
    const root = await temporaryFiles(under(place, own(), file))
    const spec = await detectData(path.join(root, data))
    expect(spec).toEqual({ coco: path.join(root, file) })
    const { items } = await openDataset(spec, 'train')
    expect(items.map(({ image }) => image)).toEqual(Object.keys(pictures).map((name) => path.join(root, place, name)))
  })

  test('COCO 2014 stays COCO 2014', async () => {
    const root = await temporaryFiles({
      'annotations/instances_train2014.json': '{}',
      'annotations/instances_val2014.json': '{}',
    })
    expect(await detectData(root)).toEqual({ coco2014: root })
  })

  test.each(['images\\a.jpg', '/home/me/project/a.jpg', '../../media/upload/1/a.jpg', './a.jpg'])(
    'finds a picture that is called %s',
    async (name) => {
      const json = own()
      json.images[0]!.file_name = name
      const root = await temporaryFiles(under('images', json, 'result.json'))
      const data = await coco({ annotations: path.join(root, 'result.json') })
      expect(data.items[0]).toMatchObject({ id: 'a', image: path.join(root, 'images', 'a.jpg') })
    },
  )

  test('ids keep folders, and the extension where nothing else differs', async () => {
    const json = own()
    json.images.forEach((image, i) => {
      image.file_name = ['sub/a.jpg', 'a.jpg', 'a.png'][i]!
    })
    const root = await temporaryFiles({ 'sub/a.jpg': 1, 'a.jpg': 2, 'a.png': 3, 'x.json': JSON.stringify(json) })
    const data = await coco({ annotations: path.join(root, 'x.json') })
    expect(data.items.map(({ id }) => id)).toEqual(['sub/a', 'a.jpg', 'a.png'])
  })

  test("passes over Roboflow's name of the project, and over a background that nothing is", async () => {
    const json = own()
    json.categories = [
      { id: 0, name: 'crops', supercategory: 'none' },
      { id: 3, name: 'sugar_beet', supercategory: 'crops' },
      { id: 7, name: 'weed', supercategory: 'crops' },
      { id: 8, name: '__background__', supercategory: 'crops' },
    ]
    const root = await temporaryFiles(under('.', json, '_annotations.coco.json'))
    const data = await coco({ annotations: path.join(root, '_annotations.coco.json') })
    expect(data.classes.classes.map(({ id, label }) => [id, label])).toEqual([
      [1, 'sugar_beet'],
      [2, 'weed'],
    ])
    expect(data.warnings).toEqual([
      expect.stringMatching(/Category 0 "crops".*passed over/),
      expect.stringMatching(/Category 8 "__background__".*passed over/),
    ])
  })

  test('keeps a class that one split does not show, whatever its id and group, and says so', async () => {
    const json = own()
    for (const category of json.categories) category.supercategory = category.name
    json.categories.push({ id: 0, name: 'poppy', supercategory: 'poppy' }, { id: 12, name: 'person' })
    const root = await temporaryFiles(under('.', json, 'x.json'))
    const data = await coco({ annotations: path.join(root, 'x.json') })
    expect(data.classes.classes.map(({ label }) => label)).toEqual(['poppy', 'sugar_beet', 'weed', 'person'])
    expect(data.warnings).toEqual(['2 of 4 categories have no annotation: poppy, person.'])
  })

  test('boxes without outline label pictures, and give them no mask', async () => {
    const json = own()
    json.annotations[0] = { image_id: 10, category_id: 7, bbox: [1, 1, 4, 4], segmentation: [] }
    const root = await temporaryFiles(under('.', json, 'x.json'))
    const data = await coco({ annotations: path.join(root, 'x.json') })
    expect(data.items[0]!.labels).toEqual([0, 1])
    expect(await data.mask(data.items[0]!)).toBeUndefined()
    expect(await data.mask(data.items[1]!)).toBeDefined()
    expect(data.items.slice(0, 2).map((item) => data.hasMask?.(item))).toEqual([false, true])
    expect(data.warnings).toEqual([expect.stringMatching(/^1 of 3 pictures .*boxes alone/)])
  })

  test.each<[string, (json: Json) => unknown, RegExp]>([
    ['two categories of one name', (json) => json.categories.push({ id: 9, name: 'weed ' }), /two categories "weed"/],
    ['one id twice', (json) => json.categories.push({ id: 7, name: 'x' }), /category 7 twice/],
    ['no name', (json) => json.categories.push({ id: 9, name: ' ' }), /category 9 no name/],
    ['an annotation of no category', (json) => Object.assign(json.annotations[0]!, { category_id: 4 }), /category 4/],
    ['one picture twice', (json) => Object.assign(json.images[1]!, { file_name: 'x/a.jpg' }), /a\.jpg and x\/a\.jpg/],
  ])('%s is refused', async (_, change, message) => {
    const json = own()
    change(json)
    const root = await temporaryFiles(under('.', json, 'x.json'))
    await expect(coco({ annotations: path.join(root, 'x.json') })).rejects.toMatchObject({
      code: 'SEMPLES_DATA_FILE_INVALID',
      message: expect.stringMatching(message),
    })
  })

  test('pictures that are nowhere, missing ones and other sizes are told', async () => {
    const json = own()
    const root = await temporaryFiles({ 'x/x.json': JSON.stringify(json), 'there/a.jpg': 1, 'there/b.jpg': 1 })
    const annotations = path.join(root, 'x/x.json')
    await expect(coco({ annotations })).rejects.toMatchObject({
      code: 'SEMPLES_PICTURE_MISSING',
      hint: expect.stringContaining('--images'),
    })
    await expect(coco({ annotations, images: path.join(root, 'there') })).rejects.toMatchObject({
      message: expect.stringMatching(/1 of the 3 .*c\.jpg/),
    })
    await expect(coco({ annotations, images: path.join(root, 'nowhere') })).rejects.toMatchObject({
      code: 'SEMPLES_FILE_UNREADABLE',
    })
    await expect(coco({ annotations: root })).rejects.toMatchObject({ hint: expect.stringContaining('coco2014') })
    json.images[0]!.width = 13
    const other = await temporaryFiles(under('.', json, 'x.json'))
    const data = await coco({ annotations: path.join(other, 'x.json') })
    await expect(data.mask(data.items[0]!)).rejects.toMatchObject({ code: 'SEMPLES_MASK_SIZE' })
  })

  test('outlines follow a turned picture, whichever way round they were drawn', async () => {
    // The same object, once on the rows as stored (12x8), once as shown after EXIF 6 (8x12, turned right).
    const plain = sharp({ create: { width: 12, height: 8, channels: 3, background: '#808080' } })
    const turned = await plain.jpeg().withMetadata({ orientation: 6 }).toBuffer()
    const masks = await Promise.all(
      [
        { width: 12, height: 8, segmentation: [[0, 0, 4, 0, 4, 8, 0, 8]] },
        { width: 8, height: 12, segmentation: [[0, 0, 8, 0, 8, 4, 0, 4]] },
      ].map(async ({ width, height, segmentation }) => {
        const json = {
          images: [{ id: 1, file_name: 'a.jpg', width, height }],
          categories: [{ id: 1, name: 'x' }],
          annotations: [{ image_id: 1, category_id: 1, segmentation }],
        }
        const root = await temporaryFiles({ 'a.jpg': turned, 'x.json': JSON.stringify(json) })
        const data = await coco({ annotations: path.join(root, 'x.json') })
        expect(data.orientation).toBe('exif')
        return data.mask(data.items[0]!)
      }),
    )
    expect(masks[0]).toMatchObject({ width: 8, height: 12 })
    expect(masks[0]).toEqual(masks[1])
  })

  test('is written as a folder and read back', async () => {
    const root = await temporaryFiles(under('.', own(), 'x.json'))
    const data = await coco({ annotations: path.join(root, 'x.json') })
    const made = await exportFolder({ data: { coco: path.join(root, 'x.json') }, out: path.join(root, 'out') })
    const back = await folder(made.data)
    expect(back.classes.classes).toEqual(data.classes.classes)
    expect(back.items.map(({ id, labels }) => [id, labels])).toEqual(data.items.map(({ id, labels }) => [id, labels]))
    for (const [i, item] of data.items.entries()) expect(await back.mask(back.items[i]!)).toEqual(await data.mask(item))
    expect(await readMask(path.join(root, 'out/masks/a.png'))).toEqual(await data.mask(data.items[0]!))
    expect(await readFile(path.join(root, 'out/images/a.jpg'))).toEqual(await readFile(path.join(root, 'a.jpg')))
  })
})

test('R40: annotations of pictures that are not listed are passed over, with a count', async () => {
  const json = own()
  const more = json.annotations.map((annotation) => ({ ...annotation, image_id: 99 }))
  json.annotations.push(...more)
  const root = await temporaryFiles(under('.', json, 'x.json'))
  const data = await coco({ annotations: path.join(root, 'x.json') })
  expect(data.items.map(({ labels }) => labels)).toEqual([[0, 1], [1], []])
  expect(data.warnings).toEqual([expect.stringMatching(/1 image that it does not list.* id 99: 3 annotations passed/)])
  json.annotations = more
  const none = await temporaryFiles(under('.', json, 'x.json'))
  await expect(coco({ annotations: path.join(none, 'x.json') })).rejects.toMatchObject({
    message: expect.stringMatching(/only 1 image /),
  })
})

test('R40: in COCO 2014 too', async () => {
  const person = { id: 1, name: 'person' }
  const annotation = { category_id: 1, segmentation: [square(2, 6)] }
  const json = {
    images: [{ id: 1, file_name: 'a.jpg', width: 12, height: 8 }],
    categories: [person],
    annotations: [
      { ...annotation, image_id: 1 },
      { ...annotation, image_id: 7 },
    ],
  }
  const root = await temporaryFiles({ 'val2014/a.jpg': 1, 'annotations/instances_val2014.json': JSON.stringify(json) })
  const data = await coco2014({ root, split: 'val2014' })
  expect(data.items.map(({ labels }) => labels)).toEqual([[0]])
  expect(data.warnings).toHaveLength(1)
})

test('N21: a share of the pictures of a COCO file is kept for evaluation, each class on both sides', async () => {
  const numbers = Array.from({ length: 20 }, (_, index) => index + 1)
  const json = {
    images: numbers.map((id) => ({ id, file_name: `${id}.jpg`, width: 20, height: 20 })),
    categories: [
      { id: 3, name: 'crack' },
      { id: 8, name: 'rust' },
    ],
    annotations: numbers.map((id) => ({
      id,
      image_id: id,
      category_id: id % 2 === 0 ? 3 : 8,
      segmentation: [square(2, 6)],
    })),
  }
  // Contents differ, else they would all belong to one side.
  const pictures = numbers.map((id) => [`photos/${id}.jpg`, id] as const)
  const root = await temporaryFiles({ ...Object.fromEntries(pictures), 'instances.json': JSON.stringify(json) })
  const data = { coco: path.join(root, 'instances.json'), images: path.join(root, 'photos'), val: 0.2 }
  expect(await detectData(data.coco, { images: data.images, val: 0.2 })).toEqual(data)
  const [train, val] = [await openDataset(data, 'train'), await openDataset(data, 'val')]
  expect(val.items.map(({ labels }) => labels[0]).sort()).toEqual([0, 0, 1, 1])
  const ids = [...train.items, ...val.items].map(({ id }) => Number(id))
  expect(ids.sort((a, b) => a - b)).toEqual(numbers)
  expect(train.classes).toEqual(val.classes)
})
