import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import sharp from 'sharp'
import { segmenterMemory } from '../../../lib/models/memory/segmenterMemory.js'
import type { SegmenterSizes } from '../../../lib/models/memory/segmenterSizes.js'
import { Segmenter, type SegmenterConfig } from '../../../lib/models/segmenter.js'
import { peakMemory, type SegmentJob } from '../../../lib/runs/memory/peakMemory.js'
import { checkSegmentMemory, checkSegmentTrainingMemory } from '../../../lib/runs/memory/segment.js'
import { needs } from '../../support/needs.js'
import { segmentOf, segmentTrainingOf } from './jobs.js'

const vit: SegmenterSizes = { kind: 'vit-mask', imageSize: 480 }
const lite: SegmenterSizes = { kind: 'deeplabv3plus', backbone: 'efficientnet-lite0' }

function folder(): string {
  return mkdtempSync(join(tmpdir(), 'semples-segment-memory-'))
}

async function file(at: string, width: number, height: number): Promise<string> {
  const background = '#456'
  const path = join(at, `${width}x${height}.png`)
  await sharp({ create: { width, height, channels: 3, background } })
    .png()
    .toFile(path)
  return path
}

const models: SegmenterSizes[] = [
  vit,
  { kind: 'vit-mask', width: 48, depth: 3, heads: 4, mlpRatio: 2, decoderDepth: 1, patchSize: 8 },
  lite,
  { kind: 'deeplabv3plus', backbone: 'resnet50', channels: 64, lowChannels: 16 },
]
for (const sizes of models)
  needs('build').test(`weights are what the model has: ${JSON.stringify(sizes)}`, async () => {
    using segmenter = await Segmenter.create({ ...sizes, classes: 21 } as unknown as SegmenterConfig)
    const numbers = segmenter.parameters
      .filter(({ buffer }) => !buffer)
      .reduce((total, { shape }) => total + shape.reduce((product, size) => product * size, 1), 0)
    const { trained } = segmenterMemory(sizes, 21)
    expect(trained / (4 * numbers)).toBeGreaterThan(0.99)
    expect(trained / (4 * numbers)).toBeLessThan(1.01)
  })

describe('what masks take', () => {
  test('a picture costs its pixels, not its pixels of every class', () => {
    const bytes = (width: number, height: number) => peakMemory(segmentOf(vit, width, height, [520])).bytes
    expect(bytes(8000, 6000)).toBeLessThan(2 * 2 ** 30)
    // The picture decoded, 3 bytes a pixel; the mask twice, 5 bytes each.
    expect(bytes(16000, 12000) - bytes(8000, 6000)).toBe(13 * 3 * 8000 * 6000)
  })

  test('more windows, classes or scales never take less', () => {
    for (const model of [vit, lite]) {
      const bytes = (rest: Partial<SegmentJob>, scales = [520]) =>
        peakMemory(segmentOf(model, 800, 600, scales, rest)).bytes
      expect(bytes({ atOnce: 8 })).toBeGreaterThan(bytes({ atOnce: 2 }))
      expect(bytes({ classes: 200 })).toBeGreaterThan(bytes({ classes: 21 }))
      expect(bytes({ earlier: 1 })).toBeGreaterThan(bytes({}))
      expect(bytes({}, [400, 520])).toBeGreaterThan(bytes({}, [520]))
    }
  })
})

describe('checkSegmentMemory', () => {
  const jobOf = ({ width, height }: { width: number; height: number }) =>
    segmentOf(vit, width, height, [1000], { atOnce: 8 })
  const ask = async (bytes: number, check: 'error' | 'warn' | 'off' = 'error') => {
    const at = folder()
    const pictures = [await file(at, 300, 200), await file(at, 600, 400), join(at, 'missing.png')]
    const surroundings = { check, free: { bytes, by: 'machine' } as const, held: 0, device: 'cpu' }
    return checkSegmentMemory(pictures, jobOf, { ...surroundings, field: 'predict.atOnce' })
  }

  test('names the largest picture and how many windows at a time fit', async () => {
    const size = { width: 600, height: 400 }
    const room = 1.06 * peakMemory({ ...jobOf(size), atOnce: 3 }).bytes
    await expect(ask(room)).rejects.toMatchObject({ code: 'SEMPLES_MEMORY_LIMIT', field: 'predict.atOnce' })
    await expect(ask(room)).rejects.toThrow(
      /600x400\.png, 600x400, 8 at a time, need.*With predict.atOnce 3 \(--at-once 3\) they fit/,
    )
    expect(await ask(room, 'warn')).toMatch(/predict.atOnce 3/)
    expect(await ask(room, 'off')).toBeUndefined()
    expect(await ask(1.06 * peakMemory(jobOf(size)).bytes)).toBeUndefined()
  })

  test('says that nothing fits', async () => {
    await expect(ask(1e6)).rejects.toThrow(/Not even one window at a time fits/)
  })
})

test('checkSegmentTrainingMemory says which part of a batch fits', () => {
  const job = segmentTrainingOf(lite, 321, 8)
  const room = 1.06 * peakMemory({ ...job, microBatch: 2 }).bytes
  const ask = (bytes: number, device = 'cpu') =>
    checkSegmentTrainingMemory(job, { check: 'error', free: { bytes, by: 'machine' }, held: 0, device })
  expect(() => ask(room)).toThrow(
    /8 pictures of 321x321 at a time.*With microBatch 2 \(--set train\.microBatch=2\) they fit/,
  )
  expect(() => ask(1e6)).toThrow(/Not even one picture/)
  expect(ask(1e6, 'cuda:0')).toBeUndefined()
  expect(ask(1e12)).toBeUndefined()
})
