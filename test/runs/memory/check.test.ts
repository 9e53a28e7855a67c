import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { freeMemory } from '../../../lib/base/memory.js'
import { voc2012Classes } from '../../../lib/datasets/classes/voc2012.js'
import type { Dataset } from '../../../lib/datasets/dataset.js'
import { weaktr } from '../../../lib/models/generators/weaktr.js'
import { checkCamsMemory } from '../../../lib/runs/memory/cams.js'
import { askMemory, type MemoryCheck } from '../../../lib/runs/memory/check.js'
import { peakMemory } from '../../../lib/runs/memory/peakMemory.js'
import { camsOf, trainingOf, transformer } from './jobs.js'

/** A machine that reads as these files say. */
function machine(files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), 'semples-memory-'))
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return root
}

const meminfo = { 'proc/meminfo': 'MemTotal:  9000000 kB\nMemFree:  1000 kB\nMemAvailable:  8000000 kB\n' }

describe('what is free', () => {
  test('the machine, without a control group', () => {
    expect(freeMemory(machine(meminfo))).toEqual({ bytes: 8000000 * 1024, by: 'machine' })
  })

  test.each([
    [
      '2',
      {
        'proc/self/cgroup': '0::/job\n',
        'sys/fs/cgroup/job/memory.max': '2000000000\n',
        'sys/fs/cgroup/job/memory.current': '500000000\n',
      },
    ],
    [
      '1',
      {
        'proc/self/cgroup': '5:memory:/job\n',
        'sys/fs/cgroup/memory/job/memory.limit_in_bytes': '2000000000\n',
        'sys/fs/cgroup/memory/job/memory.usage_in_bytes': '500000000\n',
      },
    ],
  ])('the limit of a control group of version %s, where that is less', (_, files) => {
    expect(freeMemory(machine({ ...meminfo, ...files }))).toEqual({ bytes: 1500000000, by: 'container' })
  })
})

const big = [{ id: 'big', image: join(mkdtempSync(join(tmpdir(), 'semples-big-')), 'big.png'), labels: [1, 4] }]

const dataset = { items: big, name: 'photos', classes: voc2012Classes }

describe('R53: a picture of 4000 x 3000 at the default scales', () => {
  const cams = { scales: [1, 1.2], flip: true, scaling: 'minmax', fit: 'stretch', resample: 'exact' } as const
  const generator = weaktr.schema.parse({ weights: 'random' })
  const free = { bytes: 16 * 2 ** 30, by: 'machine' } as const
  const ask = async (check: MemoryCheck, maxSide?: number) => {
    const { default: sharp } = await import('sharp')
    const background = '#456'
    await sharp({ create: { width: 4000, height: 3000, channels: 3, background } })
      .png()
      .toFile(big[0]!.image)
    const config = { generator, cams: { ...cams, scales: [...cams.scales], ...(maxSide ? { maxSide } : {}) } }
    const rest = { predicted: false, writes: true, device: 'cpu', check, free, held: 0 }
    return checkCamsMemory(dataset as unknown as Dataset, config, rest)
  }

  test('is refused with what it needs, what is free and a maxSide that fits', async () => {
    const error = await ask('error').catch((caught: unknown) => caught)
    expect(error).toMatchObject({ code: 'SEMPLES_MEMORY_LIMIT', field: 'cams.maxSide' })
    expect(String(error)).toMatch(/4000x3000, need about 7\d\.\d GiB of memory, and 16\.0 GiB are free/)
    const side = Number(/With maxSide (\d+)/.exec(String(error))?.[1])
    expect(await ask('error', side)).toBeUndefined()
    await expect(ask('error', side + 16)).rejects.toMatchObject({ code: 'SEMPLES_MEMORY_LIMIT' })
  })

  test('goes on with a warning, or without one', async () => {
    expect(await ask('warn')).toMatch(/need about .* With maxSide/)
    expect(await ask('off')).toBeUndefined()
  })
})

describe('askMemory', () => {
  const at = (microBatch: number) => trainingOf(transformer(), 224, 64, { microBatch })
  const question = {
    job: at(0),
    what: 'Steps',
    field: 'match.microBatch',
    at,
    values: Array.from({ length: 63 }, (_, index) => 63 - index),
    remedy: (value: number) => `Set match.microBatch to ${value}.`,
    otherwise: 'Nothing fits.',
  }

  test('says which part of a batch fits', () => {
    const room = peakMemory(at(8)).bytes * 1.06
    const ask = () => askMemory(question, { check: 'error', free: { bytes: room, by: 'container' }, held: 0 })
    expect(ask).toThrow(/free within the memory limit of this container.*Set match.microBatch to 8/)
  })

  test('says that nothing fits', () => {
    const ask = () => askMemory(question, { check: 'error', free: { bytes: 1e6, by: 'machine' }, held: 0 })
    expect(ask).toThrow(/Nothing fits/)
  })

  test('refuses another word for the check', () => {
    const check = 'maybe' as MemoryCheck
    expect(() => askMemory(question, { check })).toThrow(expect.objectContaining({ field: 'memoryCheck' }))
  })
})

test('more pixels, more pictures and more maps never take less', () => {
  const bytes = (width: number, maps: number) => peakMemory(camsOf(transformer(), width, 600, { maps })).bytes
  for (const width of [200, 400, 800, 1600, 3200]) {
    expect(bytes(2 * width, 2)).toBeGreaterThan(bytes(width, 2))
    expect(bytes(width, 9)).toBeGreaterThanOrEqual(bytes(width, 2))
  }
})
