import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import sharp from 'sharp'
import { writeMask } from '../../../lib/masks/png.js'
import { exportMasks } from '../../../lib/runs/annotations/exportMasks.js'
import type { ExportMasksOptions } from '../../../lib/runs/annotations/options.js'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'semples-annotations-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** Rows of digits: class ids; `v` is void. */
async function mask(name: string, ...rows: string[]): Promise<void> {
  const ids = rows.flatMap((row) => [...row].map((digit) => (digit === 'v' ? 255 : Number(digit))))
  const [width, height] = [rows[0]!.length, rows.length]
  await mkdir(dirname(join(folder, 'masks', name)), { recursive: true })
  await writeMask(join(folder, 'masks', name), { width, height, data: Uint8Array.from(ids) })
}

async function picture(name: string, width: number, height: number, orientation?: number): Promise<void> {
  const file = join(folder, 'photos', name)
  await mkdir(dirname(file), { recursive: true })
  const image = sharp({ create: { width, height, channels: 3, background: 'grey' } }).jpeg()
  await (orientation === undefined ? image : image.withMetadata({ orientation })).toFile(file)
}

const boats = {
  name: 'boats',
  classes: [{ id: 1, label: 'boat', prompt: 'boat', color: [1, 2, 3] as [number, number, number] }],
}

function options(changes: Partial<ExportMasksOptions> = {}): ExportMasksOptions {
  const [masks, images] = [join(folder, 'masks'), join(folder, 'photos')]
  return { masks, images, classes: boats, format: 'coco', out: join(folder, 'a.json'), ...changes }
}

async function coco(changes: Partial<ExportMasksOptions> = {}) {
  const result = await exportMasks(options(changes))
  const file: Record<'images' | 'annotations' | 'categories', unknown[]> = JSON.parse(
    await readFile(result.out, 'utf8'),
  )
  return { result, ...file }
}

describe('what is written', () => {
  test('COCO: sizes, names, categories, polygons of pixel corners, and compressed runs for holes', async () => {
    await mask('in/a.png', '0110', '0110', '000v')
    await mask('b.png', '111', '101', '111')
    await picture('in/a.jpg', 4, 3)
    await picture('b.jpg', 3, 3)
    const { result, images, annotations, categories } = await coco()
    expect(result).toMatchObject({ pictures: 2, objects: 2, small: 0, withoutMask: 0, failed: [], classes: ['boat'] })
    expect(categories).toEqual([{ id: 1, name: 'boat', supercategory: '' }])
    expect(images).toEqual([
      { id: 1, file_name: 'b.jpg', width: 3, height: 3 },
      { id: 2, file_name: 'in/a.jpg', width: 4, height: 3 },
    ])
    // Runs 0 4 1 4, a character each; the last is the difference to the number two before it.
    expect(annotations).toEqual([
      {
        id: 1,
        image_id: 1,
        category_id: 1,
        segmentation: { size: [3, 3], counts: '0410' },
        area: 8,
        bbox: [0, 0, 3, 3],
        iscrowd: 0,
      },
      {
        id: 2,
        image_id: 2,
        category_id: 1,
        segmentation: [[1, 0, 3, 0, 3, 2, 1, 2]],
        area: 4,
        bbox: [1, 0, 2, 2],
        iscrowd: 0,
      },
    ])
  })

  test('LabelMe: a file for each picture, with the way to it', async () => {
    await mask('in/a.png', '11', '10')
    await picture('in/a.jpg', 2, 2)
    const out = join(folder, 'labels')
    await exportMasks(options({ format: 'labelme', out, tolerance: 0 }))
    const file = JSON.parse(await readFile(join(out, 'in/a.json'), 'utf8'))
    expect(file).toMatchObject({ imagePath: '../../photos/in/a.jpg', imageData: null, imageHeight: 2, imageWidth: 2 })
    const points = [
      [0, 0],
      [2, 0],
      [2, 1],
      [1, 1],
      [1, 2],
      [0, 2],
    ]
    expect(file.shapes).toEqual([
      { label: 'boat', points, group_id: null, description: '', shape_type: 'polygon', flags: {}, mask: null },
    ])
  })

  test('CVAT: names are escaped, and runs go row by row in the box', async () => {
    await mask(`a & "b" é.png`, '000', '010', '011')
    await picture(`a & "b" é.jpg`, 3, 3)
    const classes = { name: 'x', classes: [{ ...boats.classes[0]!, label: '<boat>' }] }
    const { out } = await exportMasks(options({ format: 'cvat', shapes: 'masks', classes, out: join(folder, 'a.xml') }))
    const text = await readFile(out, 'utf8')
    expect(text).toContain('<name>&lt;boat&gt;</name>')
    expect(text).toContain('<image id="0" name="a &amp; &quot;b&quot; é.jpg" width="3" height="3">')
    expect(text).toContain('rle="0, 1, 1, 2" left="1" top="1" width="2" height="2"')
  })

  test('classes come from masks.json, or classes.json beside; colours tell the ids of truecolour masks', async () => {
    await mask('a.png', '10')
    await picture('a.jpg', 2, 1)
    await writeFile(join(folder, 'masks/masks.json'), JSON.stringify({ classes: [{ id: 1, label: 'ferry' }] }))
    expect((await coco({ classes: undefined })).categories).toMatchObject([{ id: 1, name: 'ferry' }])
    await rm(join(folder, 'masks/masks.json'))
    await writeFile(join(folder, 'classes.json'), JSON.stringify([{ label: 'raft' }]))
    const table = await coco({ classes: undefined, out: join(folder, 'b.json') })
    expect(table.categories).toMatchObject([{ id: 1, name: 'raft' }])
    await sharp(Buffer.from([1, 2, 3, 0, 0, 0]), { raw: { width: 2, height: 1, channels: 3 } })
      .png()
      .toFile(join(folder, 'masks/a.png'))
    expect((await coco({ out: join(folder, 'c.json') })).annotations).toMatchObject([{ area: 1, bbox: [0, 0, 1, 1] }])
  })

  test('pictures with an EXIF orientation: annotations are of the picture as shown', async () => {
    // Stored lying, shown standing: turned by a quarter to the right.
    await picture('a.jpg', 3, 2, 6)
    await mask('a.png', '100', '000')
    const stored = await coco()
    expect(stored.images).toMatchObject([{ width: 2, height: 3 }])
    expect(stored.annotations).toMatchObject([{ bbox: [1, 0, 1, 1] }])
    await mask('a.png', '10', '00', '00')
    expect((await coco({ out: join(folder, 'b.json') })).annotations).toMatchObject([{ bbox: [0, 0, 1, 1] }])
    const wrong = exportMasks(options({ exif: 'ignore', out: join(folder, 'c.json') }))
    await expect(wrong).rejects.toMatchObject({ code: 'SEMPLES_MASK_SIZE', expected: '3x2', value: '2x3' })
  })
})

describe('what is wrong with one mask does not stop the others', () => {
  test('no picture, another size, an unknown class, no PNG', async () => {
    await mask('a.png', '1')
    await picture('a.jpg', 1, 1)
    await mask('lost.png', '1')
    await mask('size.png', '11')
    await picture('size.jpg', 1, 2)
    await mask('class.png', '7')
    await picture('class.jpg', 1, 1)
    await writeFile(join(folder, 'masks/broken.png'), 'no')
    await picture('broken.jpg', 1, 1)
    await picture('bare.jpg', 1, 1)
    const seen: [number, number][] = []
    const { result, images } = await coco({ onProgress: (...progress) => seen.push(progress) })
    expect(images).toHaveLength(1)
    expect(result).toMatchObject({ pictures: 1, objects: 1, withoutMask: 1 })
    expect(result.failed.map(({ mask: file, error }) => [file.slice(folder.length + 7), error.code])).toEqual([
      ['broken.png', 'SEMPLES_MASK_INVALID'],
      ['class.png', 'SEMPLES_MASK_CLASS'],
      ['lost.png', 'SEMPLES_PICTURE_MISSING'],
      ['size.png', 'SEMPLES_MASK_SIZE'],
    ])
    expect(seen.at(-1)).toEqual([5, 5])
  })

  test('where all fail, nothing is written', async () => {
    await mask('a.png', '7')
    await picture('a.jpg', 1, 1)
    await expect(exportMasks(options())).rejects.toMatchObject({ code: 'SEMPLES_MASK_CLASS', value: 7 })
    expect(await readdir(folder)).toEqual(['masks', 'photos'])
  })
})

describe('nothing is written over', () => {
  beforeEach(async () => {
    await mask('a.png', '1')
    await picture('a.jpg', 1, 1)
  })

  test('a file that is there, also of an earlier call', async () => {
    await exportMasks(options())
    await expect(exportMasks(options())).rejects.toMatchObject({ code: 'SEMPLES_OUTPUT_EXISTS', field: 'out' })
    await expect(exportMasks(options({ out: folder }))).rejects.toMatchObject({ code: 'SEMPLES_OUTPUT_EXISTS' })
  })

  test('LabelMe: files that people corrected stay, new pictures are added, others are refused', async () => {
    const labels = options({ format: 'labelme', out: join(folder, 'labels') })
    await exportMasks(labels)
    await writeFile(join(folder, 'labels/a.json'), 'corrected')
    await mask('b.png', '1')
    await picture('b.jpg', 1, 1)
    expect(await exportMasks(labels)).toMatchObject({ pictures: 1, kept: 1, objects: 1 })
    expect(await readFile(join(folder, 'labels/a.json'), 'utf8')).toBe('corrected')
    await mask('c.png', '1')
    await picture('c.jpg', 1, 1)
    await writeFile(join(folder, 'labels/c.json'), 'mine')
    await expect(exportMasks(labels)).rejects.toMatchObject({ code: 'SEMPLES_OUTPUT_EXISTS' })
    expect(await readFile(join(folder, 'labels/c.json'), 'utf8')).toBe('mine')
  })

  test('an abort leaves nothing', async () => {
    const controller = new AbortController()
    const reason = new Error('stopped')
    const stopped = exportMasks(options({ signal: controller.signal, onProgress: () => controller.abort(reason) }))
    await expect(stopped).rejects.toBe(reason)
    expect(await readdir(folder)).toEqual(['masks', 'photos'])
  })
})

describe('refusals', () => {
  test.each([
    ['format', { format: 'yolo' as 'coco' }],
    ['out', { out: 'a.xml' }],
    ['out', { format: 'cvat' as const, out: 'a.json' }],
    ['shapes', { shapes: 'boxes' as 'masks' }],
    ['shapes', { shapes: 'masks' as const, format: 'labelme' as const, out: 'a' }],
    ['tolerance', { tolerance: -1 }],
    ['tolerance', { tolerance: Number.NaN }],
    ['tolerance', { tolerance: 1, shapes: 'masks' as const }],
    ['minArea', { minArea: 0.5 }],
    ['exif', { exif: 'stored' as 'apply' }],
  ])('%s: %j', async (field, changes) => {
    const error = await exportMasks(options(changes)).catch((cause: unknown) => cause)
    expect(error).toMatchObject({ code: 'SEMPLES_OPTION_INVALID', field })
  })

  test('no class table, no masks, no pictures, folders that do not belong together', async () => {
    await mask('a.png', '1')
    await mkdir(join(folder, 'photos'))
    const none = exportMasks(options({ classes: undefined }))
    await expect(none).rejects.toMatchObject({ code: 'SEMPLES_OPTION_INVALID', field: 'classes' })
    await expect(exportMasks(options())).rejects.toMatchObject({ code: 'SEMPLES_NO_PICTURES', field: 'images' })
    const swapped = exportMasks(options({ masks: join(folder, 'photos') }))
    await expect(swapped).rejects.toMatchObject({ code: 'SEMPLES_NO_PICTURES', field: 'masks' })
    await picture('b.jpg', 1, 1)
    await expect(exportMasks(options())).rejects.toMatchObject({ code: 'SEMPLES_PICTURE_MISSING' })
    const file = exportMasks(options({ images: join(folder, 'photos/b.jpg') }))
    await expect(file).rejects.toMatchObject({ code: 'SEMPLES_FILE_UNREADABLE', field: 'images' })
    const missing = exportMasks(options({ masks: join(folder, 'nothing') }))
    await expect(missing).rejects.toMatchObject({ code: 'SEMPLES_FILE_UNREADABLE' })
  })

  test('CVAT: control characters, which XML cannot hold', async () => {
    await mask('a\u0001.png', '1')
    await picture('a\u0001.jpg', 1, 1)
    const refused = exportMasks(options({ format: 'cvat', out: join(folder, 'a.xml') }))
    await expect(refused).rejects.toMatchObject({ code: 'SEMPLES_NAME_INVALID' })
  })
})
