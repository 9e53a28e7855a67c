import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import sharp from 'sharp'
import type { Dataset, DatasetItem } from '../../lib/datasets/dataset.js'
import { lightAugment, noAugment, referenceAugment } from '../../lib/loader/augment/options.js'
import type { ImageBatch } from '../../lib/loader/batch.js'
import { createLoader, type Loader, type LoaderOptions } from '../../lib/loader/batches.js'

const COUNT = 11
const LABELS = [[0], [1], [0, 2], [], [2], [1, 2], [0], [], [1], [2], [0, 1, 2]]
const LABELLED = LABELS.filter((labels) => labels.length > 0).length

let folder: string
let dataset: Dataset
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'semples-batches-'))
  const items: DatasetItem[] = []
  for (let i = 0; i < COUNT; i++) {
    const image = join(folder, `picture-${i}.png`)
    await sharp({ create: { width: 40 + i, height: 30, channels: 3, background: { r: i * 20, g: 7, b: 250 } } }).toFile(
      image,
    )
    items.push({ id: `picture-${i}`, image, labels: LABELS[i] })
  }
  const classes = ['bird', 'cat', 'dog'].map((label, at) => ({
    id: at + 1,
    label,
    prompt: label,
    color: [at, 0, 0] as const,
  }))
  dataset = {
    name: 'folder pictures',
    classes: { name: 'pictures', classes },
    items,
    orientation: 'stored',
    mask: async () => undefined,
  }
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const loader = (options: Partial<LoaderOptions> = {}): Loader =>
  createLoader({
    dataset,
    height: 16,
    width: 20,
    batch: 2,
    augment: noAugment,
    seed: 504,
    stage: 'match',
    ...options,
  })

async function collect(batches: AsyncIterable<ImageBatch>): Promise<ImageBatch[]> {
  const all: ImageBatch[] = []
  for await (const batch of batches) all.push(batch)
  return all
}

describe('batches', () => {
  test('hold bytes, labels and names that belong together; pictures without labels are left out and counted', async () => {
    const made = loader()
    expect([made.stepsPerEpoch, made.count, made.unlabelled]).toEqual([4, LABELLED, COUNT - LABELLED])
    const batches = await collect(made.epoch(0))
    expect(batches).toHaveLength(4)
    for (const { pixels, count, height, width, labels, ids, erase } of batches) {
      expect([count, height, width, pixels.length, labels.length, erase]).toEqual([
        2,
        16,
        20,
        2 * 16 * 20 * 3,
        6,
        undefined,
      ])
      ids.forEach((id, at) => {
        const index = Number(id.split('-')[1])
        const present = [...labels.subarray(at * 3, at * 3 + 3)].flatMap((value, label) => (value ? [label] : []))
        expect(present).toEqual(LABELS[index])
        const start = at * 16 * 20 * 3
        expect([...pixels.subarray(start, start + 3)]).toEqual([index * 20, 7, 250])
        expect([...pixels.subarray(start + 16 * 20 * 3 - 3, start + 16 * 20 * 3)]).toEqual([index * 20, 7, 250])
      })
    }
    expect(new Set(batches.flatMap(({ ids }) => ids)).size).toBe(8)
  })

  test('the last, smaller batch is kept on demand, unlabelled pictures too', async () => {
    const batches = await collect(loader({ dropLast: false, labelledOnly: false, shuffle: false, batch: 4 }).epoch(0))
    expect(batches.map(({ count }) => count)).toEqual([4, 4, 3])
    expect(batches.flatMap(({ ids }) => ids)).toEqual(dataset.items.map(({ id }) => id))
    expect(batches.at(-1)?.pixels).toHaveLength(3 * 16 * 20 * 3)
  })

  test('indices choose the pictures and, without shuffling, the order', async () => {
    const batches = await collect(loader({ indices: [9, 3, 0, 5], shuffle: false, batch: 3 }).epoch(2))
    expect(batches.flatMap(({ ids }) => ids)).toEqual(['picture-9', 'picture-0', 'picture-5'])
  })

  test('erasing boxes lie in the picture, one row of four numbers a picture', async () => {
    const augment = { ...referenceAugment, erase: { ...referenceAugment.erase!, probability: 1 } }
    const [first] = await collect(loader({ augment, batch: 9 }).epoch(0))
    expect(first.erase).toHaveLength(9 * 4)
    for (let at = 0; at < 9; at++) {
      const [top, left, height, width] = first.erase!.subarray(at * 4, at * 4 + 4)
      expect(height * width).toBeGreaterThan(0)
      expect(top + height).toBeLessThanOrEqual(16)
      expect(left + width).toBeLessThanOrEqual(20)
    }
    const [none] = await collect(
      loader({ augment: { ...augment, erase: { ...augment.erase, probability: 0 } }, batch: 9 }).epoch(0),
    )
    expect(none.erase).toEqual(new Int32Array(36))
  })
})

describe('seeding', () => {
  const options = { augment: { ...referenceAugment }, batch: 2 }

  test('the same pictures whatever the prefetching, concurrency, cache or step begun with', async () => {
    const reference = await collect(loader({ ...options, prefetch: 1, concurrency: 1 }).epoch(3))
    const hasty = loader({ ...options, prefetch: 5, concurrency: 7, cacheBytes: 1e6 })
    await collect(hasty.epoch(2))
    expect(await collect(hasty.epoch(3))).toEqual(reference)
    expect(await collect(hasty.epoch(3, 2))).toEqual(reference.slice(2))
    expect(await collect(hasty.epoch(3, 4))).toEqual([])
  })

  test('seed, stage and epoch each change order, pixels and native seed', async () => {
    const keys = new Set<string>()
    const seeds = new Set<number>()
    for (const [seed, stage, epoch] of [
      [504, 'match', 0],
      [504, 'match', 1],
      [504, 'refine', 0],
      [505, 'match', 0],
    ] as const) {
      const batches = await collect(loader({ ...options, seed, stage }).epoch(epoch))
      keys.add(batches.flatMap(({ ids }) => ids).join())
      for (const { seed: native } of batches) {
        expect(Number.isInteger(native) && native >= 0 && native < 2 ** 32).toBe(true)
        seeds.add(native)
      }
    }
    expect(keys.size).toBe(4)
    expect(seeds.size).toBe(16)
  })

  test('one picture looks different in every epoch', async () => {
    const alone = loader({
      indices: [2],
      batch: 1,
      augment: { ...lightAugment, color: { brightness: 0.5, contrast: 0, saturation: 0 } },
    })
    const looks = await Promise.all(
      [0, 1, 2].map(async (epoch) => (await collect(alone.epoch(epoch)))[0].pixels.join()),
    )
    expect(new Set(looks).size).toBe(3)
  })
})

test('a signal stops an epoch with its reason, and skipping does not swallow it', async () => {
  const controller = new AbortController()
  const reason = new Error('enough')
  const made = loader({ unreadable: 'skip', augment: referenceAugment, batch: 1 })
  const seen: string[] = []
  const reading = async (): Promise<void> => {
    for await (const { ids } of made.epoch(0, 0, controller.signal)) {
      seen.push(...ids)
      if (seen.length === 2) controller.abort(reason)
    }
  }
  await expect(reading()).rejects.toBe(reason)
  expect(seen).toHaveLength(2)
  expect(made.skipped).toBe(0)
  expect(await collect(made.epoch(0))).toHaveLength(LABELLED)
})

describe('unreadable pictures', () => {
  const broken = (at: number): Dataset => {
    const file = join(folder, 'broken.png')
    writeFileSync(file, 'no picture')
    return { ...dataset, items: dataset.items.map((item, i) => (i === at ? { ...item, image: file } : item)) }
  }
  const plain = { shuffle: false, prefetch: 3 }

  test('reject by name at the step that needs them, after the good steps before', async () => {
    const seen: string[][] = []
    const reading = async (): Promise<void> => {
      for await (const { ids } of loader({ dataset: broken(5), ...plain }).epoch(0)) seen.push(ids)
    }
    await expect(reading()).rejects.toMatchObject({
      code: 'SEMPLES_IMAGE_UNREADABLE',
      message: expect.stringContaining('broken.png'),
    })
    expect(seen).toEqual([
      ['picture-0', 'picture-1'],
      ['picture-2', 'picture-4'],
    ])
  })

  test('are left out and counted when asked', async () => {
    const skipped: string[] = []
    const made = loader({
      dataset: broken(5),
      ...plain,
      unreadable: 'skip',
      onSkip: ({ id }, error) => skipped.push(`${id} ${error.code}`),
    })
    const batches = await collect(made.epoch(0))
    expect(batches.map(({ ids }) => ids)).toEqual([
      ['picture-0', 'picture-1'],
      ['picture-2', 'picture-4'],
      ['picture-6'],
      ['picture-8', 'picture-9'],
    ])
    expect(batches[2]).toMatchObject({ count: 1, pixels: { length: 16 * 20 * 3 }, labels: { length: 3 } })
    expect(skipped).toEqual(['picture-5 SEMPLES_IMAGE_UNREADABLE'])
    expect(made.skipped).toBe(1)
  })

  test('a batch of nothing but unreadable pictures is an error all the same', async () => {
    await expect(
      collect(loader({ dataset: broken(0), indices: [0], batch: 1, unreadable: 'skip' }).epoch(0)),
    ).rejects.toMatchObject({
      code: 'SEMPLES_IMAGE_UNREADABLE',
    })
  })
})

test('a cache decodes each picture once', async () => {
  const copy = mkdtempSync(join(tmpdir(), 'semples-cache-'))
  const image = join(copy, 'only.png')
  await sharp({ create: { width: 9, height: 9, channels: 3, background: 'red' } }).toFile(image)
  const one: Dataset = { ...dataset, items: [{ id: 'only', image, labels: [0] }] }
  const cached = loader({ dataset: one, batch: 1, cacheBytes: 9 * 9 * 3 })
  const tooSmall = loader({ dataset: one, batch: 1, cacheBytes: 9 * 9 * 3 - 1 })
  const before = await collect(cached.epoch(0))
  await collect(tooSmall.epoch(0))
  rmSync(copy, { recursive: true })
  expect(await collect(cached.epoch(0))).toEqual(before)
  await expect(collect(tooSmall.epoch(0))).rejects.toMatchObject({ code: 'SEMPLES_IMAGE_UNREADABLE' })
})

describe('refusals', () => {
  test('a batch larger than the data set names both numbers', () => {
    expect(() => loader({ batch: 64 })).toThrow(
      expect.objectContaining({ code: 'SEMPLES_BATCH_TOO_LARGE', field: 'batch', value: 64 }),
    )
    expect(() => loader({ batch: 64 })).toThrow(/64.*9/)
    expect(loader({ batch: LABELLED }).stepsPerEpoch).toBe(1)
  })

  test('no labelled picture at all', () => {
    const bare = { ...dataset, items: dataset.items.map((item) => ({ ...item, labels: [] })) }
    expect(() => loader({ dataset: bare })).toThrow(expect.objectContaining({ code: 'SEMPLES_NO_LABELS' }))
    expect(loader({ dataset: bare, labelledOnly: false }).count).toBe(COUNT)
  })

  test.each([
    ['batch', 0],
    ['batch', 1.5],
    ['height', -1],
    ['width', Number.NaN],
    ['prefetch', 0],
    ['concurrency', 0],
    ['indices', [0, 99]],
  ])('%s: %p', (field, value) => {
    expect(() => loader({ [field]: value })).toThrow(expect.objectContaining({ code: 'SEMPLES_CONFIG_INVALID', field }))
  })

  test.each([-1, 5, 0.5])('beginning at step %p of 4', (step) => {
    expect(() => loader().epoch(0, step)).toThrow(expect.objectContaining({ field: 'fromStep' }))
  })
})
