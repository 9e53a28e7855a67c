import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import sharp from 'sharp'
import { voc2012Classes } from '../../lib/datasets/classes/voc2012.js'
import { folder as openFolder } from '../../lib/datasets/folder.js'
import { readMask } from '../../lib/masks/png.js'
import { Canvas } from '../../lib/scenes/canvas.js'
import { rgb } from '../../lib/scenes/color.js'
import { flat } from '../../lib/scenes/paint.js'
import { type Scene, scene } from '../../lib/scenes/scene.js'
import { rectangle } from '../../lib/scenes/shapes.js'
import { captionedShot } from '../../lib/scenes/shots.js'
import { BACKGROUNDS, OBJECTS, SCENE_CLASSES } from '../../lib/scenes/vocabulary.js'
import { writeScenes } from '../../lib/scenes/write.js'

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
const many = (count: number, options = {}): Scene[] => Array.from({ length: count }, (_, i) => scene(11, i, options))

describe('canvas', () => {
  test('covers pixels by area: a half-covered pixel mixes, and its owner is the painted one', () => {
    const canvas = new Canvas(4)
    canvas.place({ a: 1, b: 0, c: 0, d: 1, e: 0, f: 0 }, 1)
    canvas.fill(rectangle(0, 0, 1.5, 2), flat(rgb(200, 100, 50)))
    const pixels = canvas.pixels()
    expect([...pixels.subarray(0, 9)]).toEqual([200, 100, 50, 100, 50, 25, 0, 0, 0])
    expect([...canvas.owned().data]).toEqual([1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
  })

  test('later drawings hide earlier ones, translucent ones do not take pixels over', () => {
    const canvas = new Canvas(4)
    const whole = rectangle(0, 0, 4, 4)
    canvas.place({ a: 1, b: 0, c: 0, d: 1, e: 0, f: 0 }, 1)
    canvas.fill(whole, flat(rgb(0, 0, 0)))
    canvas.place({ a: 1, b: 0, c: 0, d: 1, e: 0, f: 0 }, 2)
    canvas.fill(rectangle(0, 0, 2, 4), flat(rgb(255, 255, 255)))
    canvas.fill(whole, flat(rgb(255, 255, 255, 51)))
    expect([...canvas.owned().data.subarray(0, 4)]).toEqual([2, 2, 1, 1])
    expect(canvas.pixels()[9]).toBe(51)
  })
})

describe('scene', () => {
  test('the same seed and index give the same bytes, whatever was drawn before', () => {
    const once = scene(5, 7)
    scene(5, 8)
    const again = scene(5, 7)
    expect(digest(again.pixels)).toBe(digest(once.pixels))
    expect(again).toEqual(once)
  })

  test('no two pictures are alike, across indices, seeds and streams', () => {
    const seen = new Set<string>()
    for (const seed of [0, 1, -1, 2 ** 40]) {
      for (const stream of ['train', 'val']) {
        for (let i = 0; i < 25; i += 1) seen.add(digest(scene(seed, i, { stream, size: 48 }).pixels))
      }
    }
    expect(seen.size).toBe(4 * 2 * 25)
  })

  test('labels are exactly the classes in the mask, and boxes enclose their pixels', () => {
    for (const { mask, labels, objects, width, height, pixels } of many(40)) {
      expect([width, height, pixels.length, mask.data.length]).toEqual([96, 96, 3 * 96 ** 2, 96 ** 2])
      const ids = [...new Set(mask.data)].filter((id) => id > 0).sort((a, b) => a - b)
      expect(labels.map((label) => SCENE_CLASSES.classes[label].id).sort((a, b) => a - b)).toEqual(ids)
      expect(labels).toEqual([...labels].sort((a, b) => a - b))
      let outside = 0
      for (let at = 0; at < mask.data.length; at += 1) {
        if (mask.data[at] === 0) continue
        const [x, y] = [at % width, Math.floor(at / width)]
        const inside = objects.some(({ index, box: [left, top, right, bottom] }) => {
          const sameClass = SCENE_CLASSES.classes[index].id === mask.data[at]
          return sameClass && x >= left && x <= right && y >= top && y <= bottom
        })
        if (!inside) outside += 1
      }
      expect(outside).toBe(0)
    }
  })

  test('every class is large enough to be seen, and objects take a fifth of the picture', () => {
    let covered = 0
    for (const { mask, labels } of many(60)) {
      for (const label of labels) {
        const { id } = SCENE_CLASSES.classes[label]
        expect(mask.data.filter((value) => value === id).length).toBeGreaterThanOrEqual(150)
      }
      covered += mask.data.filter((value) => value > 0).length / mask.data.length / 60
    }
    expect(covered).toBeGreaterThan(0.12)
    expect(covered).toBeLessThan(0.3)
  })

  test('the first class stands on its own background in the share asked for', () => {
    const share = (options: object): number => {
      const drawn = many(300, { size: 32, secondClass: 0, ...options })
      return drawn.filter(({ labels, background }) => background === BACKGROUNDS[labels[0]]).length / drawn.length
    }
    // Three standard errors of a binomial share over 300 pictures: 0.052 at 0.9.
    expect(Math.abs(share({}) - 0.9)).toBeLessThan(0.052)
    expect(share({ typical: 1 })).toBe(1)
    expect(share({ typical: 0 })).toBe(0)
  })

  test('options: size, empty pictures, plain ones', () => {
    expect(scene(0, 0, { size: 40 }).pixels.length).toBe(3 * 40 ** 2)
    const empty = scene(0, 1, { empty: 1 })
    expect([empty.labels, Math.max(...empty.mask.data)]).toEqual([[], 0])
    expect(empty.caption).toContain(empty.background)
    const plain = scene(0, 2, { plain: true })
    expect(plain.background).toBeUndefined()
    expect(BACKGROUNDS.some((word) => plain.caption.includes(word))).toBe(false)
  })

  test('captions name only what is there, and say all three kinds of things', () => {
    const drawn = many(200, { size: 32 })
    const kinds = drawn.map(({ caption, labels, background }) => {
      const names = OBJECTS.filter((name) => new RegExp(`\\b${name}\\b`).test(caption))
      const places = BACKGROUNDS.filter((word) => new RegExp(`\\b${word}\\b`).test(caption))
      if (names.length > 0) expect(names).toEqual(labels.map((label) => OBJECTS[label]))
      if (places.length > 0) expect(places).toEqual([background])
      return `${names.length > 0}/${places.length > 0}`
    })
    const count = (kind: string): number => kinds.filter((found) => found === kind).length
    expect(count('true/false')).toBeGreaterThan(70)
    expect(count('false/true')).toBeGreaterThan(8)
    expect(count('true/true')).toBeGreaterThan(45)
    expect(new Set(drawn.map(({ caption }) => caption)).size).toBeGreaterThan(100)
  })

  test.each([
    ['seed', () => scene(0.5, 0)],
    ['index', () => scene(0, -1)],
    ['size', () => scene(0, 0, { size: 16 })],
  ])('a wrong %s is refused by name', (field, draw) => {
    expect(draw).toThrow(expect.objectContaining({ code: 'SEMPLES_CONFIG_INVALID', field }))
  })
})

describe('captionedShot', () => {
  test('is seeded, and its meaning holds the content words of its caption', () => {
    const shots = Array.from({ length: 80 }, (_, i) => captionedShot(3, i))
    expect(captionedShot(3, 17)).toEqual(shots[17])
    expect(new Set(shots.map(({ pixels }) => digest(pixels))).size).toBe(80)
    for (const { caption, meaning, pixels } of shots) {
      expect(pixels.length).toBe(3 * 64 ** 2)
      expect(meaning).not.toBe('')
      for (const word of meaning.split(' ')) expect(caption).toMatch(new RegExp(`\\b${word}\\b`))
    }
  })
})

describe('writeScenes', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'semples-scenes-'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  test('writes a VOC layout: indexed masks with VOC ids, splits, annotations in VOC spelling', async () => {
    const out = path.join(folder, 'voc')
    const progress: number[] = []
    const result = await writeScenes({ out, train: 24, val: 6, seed: 4, onProgress: (done) => progress.push(done) })
    expect(result).toEqual({ reused: false })
    expect(progress).toHaveLength(30)
    const ids = (await readFile(path.join(out, 'ImageSets/Segmentation/val.txt'), 'utf8')).trim().split('\n')
    expect(ids).toHaveLength(6)
    const names = new Map(voc2012Classes.classes.map(({ id, label }) => [id, label]))
    const trainIds = Array.from({ length: 24 }, (_, i) => `train_${String(i).padStart(5, '0')}`)
    for (const id of [...ids, ...trainIds]) {
      const file = path.join(out, 'SegmentationClass', `${id}.png`)
      const mask = await readMask(file)
      const { data, info } = await sharp(path.join(out, 'JPEGImages', `${id}.jpg`))
        .raw()
        .toBuffer({ resolveWithObject: true })
      const [split, index] = id.split('_')
      const drawn = scene(4, Number(index), { stream: split })
      expect(mask).toEqual(drawn.mask)
      expect([info.width, info.height, info.channels]).toEqual([96, 96, 3])
      const difference = drawn.pixels.reduce((sum, value, i) => sum + Math.abs(value - data[i]), 0) / data.length
      expect(difference).toBeLessThan(6)
      const xml = await readFile(path.join(out, 'Annotations', `${id}.xml`), 'utf8')
      const objects = new Set([...xml.matchAll(/<name>(\w+)<\/name>/g)].map(([, name]) => name))
      expect(objects).toEqual(
        new Set([...new Set(mask.data)].filter((value) => value > 0).map((value) => names.get(value))),
      )
    }
  })

  test('opens as a plain folder of either split, with masks', async () => {
    const out = path.join(folder, 'voc')
    await writeScenes({ out, train: 24, val: 6, seed: 4 })
    const open = (split: string) =>
      openFolder({
        folder: path.join(out, 'JPEGImages'),
        labels: path.join(out, `${split}.csv`),
        classes: path.join(out, 'classes.json'),
        masks: path.join(out, 'SegmentationClass'),
      })
    const val = await open('val')
    expect(val.items).toHaveLength(6)
    expect(val.classes.classes).toEqual(SCENE_CLASSES.classes)
    const drawn = scene(4, 0, { stream: 'val' })
    expect(val.items[0].labels).toEqual(drawn.labels)
    expect(await val.mask(val.items[0])).toEqual(drawn.mask)
    expect((await open('train')).items).toHaveLength(24)
  })

  test('leaves the same scenes alone, refuses a folder that holds something else', async () => {
    const out = path.join(folder, 'again')
    await mkdir(out)
    const options = { out, train: 2, val: 1, size: 32 }
    expect(await writeScenes(options)).toEqual({ reused: false })
    expect(await writeScenes(options)).toEqual({ reused: true })
    await expect(writeScenes({ ...options, seed: 1 })).rejects.toMatchObject({ code: 'SEMPLES_OUTPUT_EXISTS' })
    const file = path.join(folder, 'file')
    await writeFile(file, 'mine')
    await expect(writeScenes({ ...options, out: file })).rejects.toMatchObject({ code: 'SEMPLES_OUTPUT_EXISTS' })
    expect(await readFile(file, 'utf8')).toBe('mine')
  })

  test('an abort or a failure leaves nothing behind', async () => {
    const stopped = AbortSignal.abort(new Error('enough'))
    await expect(writeScenes({ out: path.join(folder, 'stopped'), signal: stopped })).rejects.toThrow('enough')
    await expect(writeScenes({ out: path.join(folder, 'file', 'inside') })).rejects.toMatchObject({
      code: 'SEMPLES_WRITE_FAILED',
    })
    await expect(writeScenes({ out: folder, train: -1 })).rejects.toMatchObject({ field: 'train' })
    expect((await readdir(folder)).sort()).toEqual(['again', 'file', 'voc'])
  })
})
