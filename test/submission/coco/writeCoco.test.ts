import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { COCO_CATEGORY_IDS, coco2014Classes } from '../../../lib/datasets/classes/coco2014.js'
import type { LabelMap } from '../../../lib/masks/labelMap.js'
import { writeCocoResults } from '../../../lib/submission/coco/writeCoco.js'
import type { CocoResultsOptions } from '../../../lib/submission/types.js'
import { temporaryFiles } from '../../datasets/temporaryFiles.js'
import { needs } from '../../support/needs.js'
import { runScript } from '../../support/python.js'
import { drawnMask, writeMasks } from '../masks.js'
import { decoded } from './decoded.js'

const VALUES = [0, 1, 12, 44, 80, 255]
const stems = [139, 285, 581_929, ...Array.from({ length: 40 }, (_, index) => 600_000 + index)].map(
  (id) => `COCO_val2014_${String(id).padStart(12, '0')}`,
)

interface Entry {
  image_id: number | string
  category_id: number
  segmentation: { size: [number, number]; counts: string }
  score: number
}

interface World {
  root: string
  masks: Record<string, LabelMap>
  options: CocoResultsOptions & { imagesJson: string }
}

/** Masks with COCO's 80 classes, and the JSON of their pictures. */
async function world(values: readonly number[] = VALUES): Promise<World> {
  const masks = Object.fromEntries(stems.map((stem, index) => [stem, drawnMask(40 + index, values)]))
  const images = stems.map((stem) => {
    const { width, height } = masks[stem]!
    return { id: number(stem), file_name: `${stem}.jpg`, width, height }
  })
  const categories = coco2014Classes.classes.map(({ id, label }) => ({ id: COCO_CATEGORY_IDS[id - 1], name: label }))
  const root = await temporaryFiles({ 'truth.json': JSON.stringify({ images, categories, annotations: [] }) })
  await writeMasks(join(root, 'masks'), masks)
  const out = join(root, 'out/results.json')
  return {
    root,
    masks,
    options: { masks: join(root, 'masks'), imagesJson: join(root, 'truth.json'), classes: 'coco2014', out },
  }
}

async function entriesOf(file: string): Promise<Entry[]> {
  return JSON.parse(await readFile(file, 'utf8'))
}

/** Every class of every mask, by the definition. */
function expectedOf(
  masks: Record<string, LabelMap>,
  idOf: (stem: string) => number | string,
  category: (value: number) => number,
) {
  return stems.flatMap((stem) => {
    const { data } = masks[stem]!
    const held = [...new Set(data)].filter((value) => value !== 0 && value !== 255).sort((a, b) => a - b)
    return held.map((value) => ({
      image: idOf(stem),
      category: category(value),
      pixels: Array.from(data, (id) => Number(id === value)),
    }))
  })
}

/** Pictures that show no class. */
const emptyOf = (masks: Record<string, LabelMap>) =>
  Object.values(masks).filter(({ data }) => data.every((value) => value === 0 || value === 255)).length

const coco = (value: number) => COCO_CATEGORY_IDS[value - 1]!
const number = (stem: string) => Number(stem.slice(-12))

describe('the results', () => {
  test('have an entry for each class of each picture, with its pixels', async () => {
    const { masks, options } = await world()
    const result = await writeCocoResults(options)
    const entries = await entriesOf(options.out)
    const expected = expectedOf(masks, number, coco)
    expect(expected.length).toBeGreaterThan(4)
    expect(
      entries.map(({ image_id, category_id, segmentation: { counts, size } }) => ({
        image: image_id,
        category: category_id,
        pixels: decoded(counts, size),
      })),
    ).toEqual(expected)
    expect(new Set(entries.map(({ score }) => score))).toEqual(new Set([1]))
    const { size } = await stat(options.out)
    const labels = expected.map(({ category }): [string, number] => [
      coco2014Classes.classes[COCO_CATEGORY_IDS.indexOf(category)]!.label,
      category,
    ])
    expect(result).toEqual({
      ...{ path: options.out, bytes: size, pictures: stems.length, entries: expected.length, empty: emptyOf(masks) },
      ...{ categories: Object.fromEntries(labels), imageIds: 'number' },
    })
  })

  needs('pycocotools').test('are read by pycocotools bit for bit, and encoded as it encodes', async () => {
    const { masks, options } = await world()
    await writeCocoResults(options)
    const read = JSON.parse(await runScript('test/submission/coco/pycoco.py', options.imagesJson, options.out))
    const written = await entriesOf(options.out)
    const expected = expectedOf(masks, number, coco).map((entry, index) => ({
      ...entry,
      score: 1,
      area: entry.pixels.filter(Boolean).length,
      counts: written[index]!.segmentation.counts,
    }))
    expect(read).toEqual(expected)
  })

  test("of a list alone: image ids are those in the names of COCO, category ids COCO's", async () => {
    const { root, masks, options } = await world()
    const list = join(root, 'val.txt')
    await writeFile(list, `${stems.map((stem) => `${stem}.jpg`).join('\n')}\n`)
    await writeCocoResults({ ...options, imagesJson: undefined, list })
    const ids = (await entriesOf(options.out)).map(({ image_id, category_id }) => [image_id, category_id])
    expect(ids).toEqual(expectedOf(masks, number, coco).map(({ image, category }) => [image, category]))
  })

  test('of other names and classes: the names themselves, and class ids', async () => {
    const root = await temporaryFiles({
      'list.txt': 'quay\nharbour\nquay\n',
      'classes.json': '[{"label": "boat", "id": 7}]',
    })
    const masks = await writeMasks(join(root, 'masks'), {
      quay: { width: 2, height: 1, data: Uint8Array.of(0, 7) },
      harbour: { width: 1, height: 1, data: Uint8Array.of(0) },
    })
    const out = join(root, 'results.json')
    const result = await writeCocoResults({
      masks,
      list: join(root, 'list.txt'),
      classes: join(root, 'classes.json'),
      out,
    })
    expect(await entriesOf(out)).toEqual([
      { image_id: 'quay', category_id: 7, segmentation: { size: [1, 2], counts: '11' }, score: 1 },
    ])
    expect(result).toMatchObject({ pictures: 2, entries: 1, empty: 1, imageIds: 'name', categories: { boat: 7 } })
  })

  test('of nothing but background are an empty list', async () => {
    const { options } = await world([0])
    await writeCocoResults(options)
    expect(await entriesOf(options.out)).toEqual([])
  })

  test('of some pictures of the JSON, with scores of an object or a file', async () => {
    const { root, options } = await world([0, 1])
    const list = join(root, 'some.txt')
    await writeFile(list, `${stems[2]}\n`)
    await writeMasks(options.masks, {
      [stems[2]!]: await import('../../../lib/masks/png.js')
        .then(({ readMask }) => readMask(join(options.masks, `${stems[2]}.png`)))
        .then((mask) => ({ ...mask, data: mask.data.fill(1) })),
    })
    const scores = { [stems[2]!]: { 1: 0.25 } }
    await writeCocoResults({ ...options, list, scores })
    expect(await entriesOf(options.out)).toMatchObject([{ image_id: 581929, category_id: 1, score: 0.25 }])
    await writeFile(join(root, 'scores.json'), JSON.stringify(scores))
    const again = { ...options, list, scores: join(root, 'scores.json'), out: join(root, 'again.json') }
    await writeCocoResults(again)
    expect(await readFile(again.out)).toEqual(await readFile(options.out))
  })

  test('the classes are those of masks.json, and categories are matched by name however it is written', async () => {
    const root = await temporaryFiles({
      'masks/masks.json': JSON.stringify({ classes: [{ id: 3, label: 'dining table' }] }),
      'truth.json': JSON.stringify({
        images: [{ id: 5, file_name: 'rooms/hall.jpg', width: 1, height: 2 }],
        categories: [{ id: 67, name: 'Dining_Table' }],
      }),
    })
    await writeMasks(join(root, 'masks'), { hall: { width: 1, height: 2, data: Uint8Array.of(0, 3) } })
    const out = join(root, 'r.json')
    await writeCocoResults({ masks: join(root, 'masks'), imagesJson: join(root, 'truth.json'), out })
    expect(await entriesOf(out)).toEqual([
      { image_id: 5, category_id: 67, segmentation: { size: [2, 1], counts: '11' }, score: 1 },
    ])
  })
})

describe('refusals leave nothing behind', () => {
  type Case = [string, object, Partial<CocoResultsOptions>, Record<string, string>?]
  test.each<Case>([
    ['no pictures', { code: 'SEMPLES_OPTION_INVALID', field: 'imagesJson' }, { imagesJson: undefined }],
    ['no classes', { code: 'SEMPLES_OPTION_INVALID', field: 'classes' }, { classes: undefined }],
    ['no JSON', { code: 'SEMPLES_DATA_FILE_INVALID' }, {}, { 'truth.json': 'x' }],
    [
      'a JSON without categories',
      { code: 'SEMPLES_DATA_FILE_INVALID', message: /no categories/ },
      {},
      { 'truth.json': '{"images": [{"id": 1, "file_name": "a.jpg", "width": 1, "height": 1}]}' },
    ],
    [
      'categories of other names',
      { code: 'SEMPLES_CLASSES_DIFFER', message: /No class of the masks is a category/ },
      {},
      {
        'truth.json':
          '{"images": [{"id": 1, "file_name": "a.jpg", "width": 1, "height": 1}], "categories": [{"id": 1, "name": "dinosaur"}]}',
      },
    ],
    [
      'a class that is no category',
      {
        code: 'SEMPLES_CLASSES_DIFFER',
        message: /pixels of aeroplane, which is no category of .*and airplane is spelled most like it/,
      },
      { classes: 'voc2012' },
    ],
    [
      'a value that is no class',
      { code: 'SEMPLES_MASK_CLASS', value: 12 },
      { classes: 'one.json' },
      { 'one.json': '["person"]'.replace('"person"', '{"label": "person"}') },
    ],
    [
      'pictures that the JSON lacks',
      { code: 'SEMPLES_DATA_FILE_INVALID', message: /names 1 picture that .* does not have: gone/ },
      { list: 'l.txt' },
      { 'l.txt': 'gone\n' },
    ],
    [
      'names of two kinds',
      { code: 'SEMPLES_DATA_FILE_INVALID', value: 'harbour' },
      { imagesJson: undefined, list: 'l.txt' },
      { 'l.txt': `${stems[0]}\nharbour\n` },
    ],
    [
      'one image id twice',
      { code: 'SEMPLES_DATA_FILE_INVALID', value: '000000000139' },
      { imagesJson: undefined, list: 'l.txt' },
      { 'l.txt': `${stems[0]}\n000000000139\n` },
    ],
    [
      'a picture without mask',
      { code: 'SEMPLES_MASK_MISSING' },
      { imagesJson: undefined, list: 'l.txt' },
      { 'l.txt': 'harbour\n' },
    ],
    ['scores that lack one', { code: 'SEMPLES_DATA_FILE_INVALID', field: 'scores' }, { scores: {} }],
    [
      'scores that are none',
      { code: 'SEMPLES_DATA_FILE_INVALID', field: 'scores' },
      { scores: 's.json' },
      { 's.json': '{"a": 1}' },
    ],
    [
      'scores that are no JSON',
      { code: 'SEMPLES_DATA_FILE_INVALID', field: 'scores' },
      { scores: 's.json' },
      { 's.json': '{' },
    ],
  ])('%s', async (_, { message, ...expected }: { message?: RegExp }, changes, files = {}) => {
    const { root, options } = await world()
    for (const [name, text] of Object.entries(files)) await writeFile(join(root, name), text)
    const inside = Object.entries(changes).map(([name, value]) => [
      name,
      typeof value === 'string' && /\.(txt|json)$/.test(value) ? join(root, value) : value,
    ])
    const ran = writeCocoResults({ ...options, ...Object.fromEntries(inside) })
    await expect(ran).rejects.toMatchObject(expected)
    if (message !== undefined) await expect(ran).rejects.toThrow(message)
    expect(await readdir(join(root, 'out')).catch(() => [])).toEqual([])
  })

  test('a mask of another size', async () => {
    const { root, options } = await world()
    await writeMasks(options.masks, { [stems[1]!]: { width: 1, height: 300, data: new Uint8Array(300) } })
    const file = join(options.masks, `${stems[1]}.png`)
    await expect(writeCocoResults(options)).rejects.toMatchObject({ code: 'SEMPLES_MASK_SIZE', file })
    expect(await readdir(join(root, 'out'))).toEqual([])
  })

  test('a file that is there, and an aborted job', async () => {
    const { root, options } = await world()
    const abort = new AbortController()
    const reason = new Error('enough')
    const onProgress = () => abort.abort(reason)
    await expect(writeCocoResults({ ...options, onProgress, signal: abort.signal })).rejects.toBe(reason)
    expect(await readdir(join(root, 'out'))).toEqual([])
    await writeFile(options.out, 'mine')
    await expect(writeCocoResults(options)).rejects.toMatchObject({ code: 'SEMPLES_OUTPUT_EXISTS', file: options.out })
    expect(await readFile(options.out, 'utf8')).toBe('mine')
  })
})
