import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { readNpy } from '../../lib/formats/npy.js'
import { readNpz } from '../../lib/formats/npz.js'
import { type RefineDone, type RefineInput, refineMasks } from '../../lib/index.js'
import { readMask } from '../../lib/masks/png.js'
import { rejection } from '../config/refusal.js'
import { halves, writeHalves } from './halves.js'

const bilateral = { sxy: 40, srgb: 10, compat: 10 }
const temporary = () => mkdtemp(join(tmpdir(), 'semples-refine-'))

async function folders(...names: string[]) {
  const [images, cams, out] = [await temporary(), await temporary(), join(await temporary(), 'deep', 'out')]
  const { truth } = await writeHalves(images, cams, names)
  return { images, cams, out, truth }
}

async function collect(stream: AsyncIterable<RefineDone>): Promise<RefineDone[]> {
  const all: RefineDone[] = []
  for await (const done of stream) all.push(done)
  return all
}

describe('folders', () => {
  test('become masks, in order, and are skipped when done', async () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
    const { truth, ...where } = await folders(...names)
    const seen: number[] = []
    const job = refineMasks({ ...where, bilateral, onProgress: ({ step }) => seen.push(step) })
    const all = await collect(job)
    expect(all.map(({ name }) => name)).toEqual(names)
    expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7])
    for (const { file, classes } of all) {
      expect(classes).toEqual([0, 7])
      expect((await readMask(file!)).data).toEqual(truth)
    }
    expect(await job.finished).toMatchObject({ refined: 7, skipped: 0, failed: [], out: where.out })

    await rm(join(where.out, 'c.png'))
    const again = refineMasks(where, { bilateral })
    expect((await collect(again)).filter(({ skipped }) => !skipped).map(({ name }) => name)).toEqual(['c'])
    expect(await again.finished).toMatchObject({ refined: 1, skipped: 6 })
    expect(await rejection(refineMasks(where, { preset: 'coco' }).finished)).toMatchObject({
      code: 'SEMPLES_OUTPUT_EXISTS',
    })
  })

  test('with scores', async () => {
    const { images, cams, out } = await folders('a')
    await refineMasks({ images, cams }, { out, withScores: true, palette: undefined }).finished
    expect((await readdir(out)).sort()).toEqual(['.semples-files', 'a.npy', 'a.png', 'refine.json'])
    const scores = await readNpy(join(out, 'a.npy'))
    expect(scores.shape).toEqual([2, 30, 40])
    const other = join(out, '..', 'npz')
    await refineMasks({ images, cams }, { out: other, withScores: 'npz' }).finished
    const { 0: background, 7: right } = await readNpz(join(other, 'a.npz'))
    expect([...(background!.data as Float32Array), ...(right!.data as Float32Array)]).toEqual([
      ...(scores.data as Float32Array),
    ])
    // What was written can be refined again.
    const again = await collect(refineMasks({ images, cams: other }, { out: join(out, '..', 'again') }))
    expect(again.map(({ classes }) => classes)).toEqual([[0, 7]])
  })

  test('go on after a picture that fails, and say so', async () => {
    const { images, cams, out } = await folders('a', 'b', 'c', 'd')
    await writeFile(join(images, 'b.png'), 'no picture')
    await rm(join(images, 'c.png'))
    const all = await collect(refineMasks({ images, cams, out }))
    expect(all.map(({ name, error }) => [name, error?.code])).toEqual([
      ['a', undefined],
      ['b', 'SEMPLES_IMAGE_UNREADABLE'],
      ['c', 'SEMPLES_PICTURE_MISSING'],
      ['d', undefined],
    ])
    expect((await readdir(out)).sort()).toEqual(['.semples-files', 'a.png', 'd.png', 'refine.json'])
    const { failed, refined } = await refineMasks({ images, cams, out }, { overwrite: true }).finished
    expect([refined, failed.map(({ name }) => name)]).toEqual([2, ['b', 'c']])
  })

  test('stop at once where that is asked for', async () => {
    const { images, cams } = await folders('a', 'b', 'c')
    await writeFile(join(images, 'b.png'), 'no picture')
    const seen: string[] = []
    const job = refineMasks({ images, cams }, { errors: 'throw' })
    const loop = (async () => {
      for await (const { name } of job) seen.push(name)
    })()
    expect((await rejection(loop)).code).toBe('SEMPLES_IMAGE_UNREADABLE')
    expect(seen).toEqual(['a'])
    expect((await rejection(job.finished)).code).toBe('SEMPLES_IMAGE_UNREADABLE')
  })
})

test('N11: of two jobs that write one folder, one works and the other says so; then both are done', async () => {
  const names = ['a', 'b', 'c', 'd']
  const { images, cams, out, truth } = await folders(...names)
  for (let round = 0; round < 5; round++) {
    const target = join(out, String(round))
    const jobs = await Promise.allSettled(
      [0, 1, 2].map(() => refineMasks({ images, cams, out: target, bilateral }).finished),
    )
    const [done, refused] = ['fulfilled', 'rejected'].map((status) => jobs.filter((job) => job.status === status))
    expect(done!.length).toBeGreaterThan(0)
    for (const job of done!) expect(job).toMatchObject({ value: { failed: [] } })
    for (const job of refused!) expect(job).toMatchObject({ reason: { code: 'SEMPLES_RUN_LOCKED', file: target } })
    // Nothing of the lock is left, and the folder is whole.
    expect((await readdir(target)).toSorted()).toEqual([
      '.semples-files',
      'a.png',
      'b.png',
      'c.png',
      'd.png',
      'refine.json',
    ])
    expect(await refineMasks({ images, cams, out: target, bilateral }).finished).toMatchObject({
      refined: 0,
      skipped: 4,
    })
    expect((await readMask(join(target, 'd.png'))).data).toEqual(truth)
  }
})

test('a loop that is left gives the folder back', async () => {
  const { truth: _, ...where } = await folders('a', 'b', 'c')
  for await (const _ of refineMasks(where)) break
  expect(await refineMasks(where).finished).toMatchObject({ failed: [] })
})

describe('inputs one after another', () => {
  const { image, noisy, truth } = halves()

  test('are pulled only as fast as results are taken', async () => {
    let pulled = 0
    async function* inputs(): AsyncGenerator<RefineInput> {
      for (; pulled < 50; pulled++) yield { image, labels: noisy }
    }
    let taken = 0
    for await (const { mask, name } of refineMasks(inputs(), { bilateral, concurrency: 2 })) {
      expect([name, mask!.data]).toEqual([String(taken).padStart(6, '0'), truth])
      taken++
      expect(pulled - taken).toBeLessThanOrEqual(3)
    }
    expect(taken).toBe(50)
  })

  test('end early with the loop', async () => {
    let closed = false
    function* inputs(): Generator<RefineInput> {
      try {
        for (;;) yield { image, labels: noisy }
      } finally {
        closed = true
      }
    }
    const job = refineMasks(inputs())
    let taken = 0
    for await (const _ of job) if (++taken === 3) break
    expect([closed, await job.finished]).toMatchObject([true, { refined: 3, failed: [] }])
  })

  test('end with an abort', async () => {
    const controller = new AbortController()
    const job = refineMasks(
      [
        { image, labels: noisy },
        { image, labels: noisy },
        { image, labels: noisy },
      ],
      {
        signal: controller.signal,
        concurrency: 1,
      },
    )
    const loop = (async () => {
      for await (const _ of job) controller.abort(new Error('enough'))
    })()
    await expect(loop).rejects.toThrow('enough')
    await expect(job.finished).rejects.toThrow('enough')
  })

  test('can be taken once', async () => {
    const job = refineMasks([{ image, labels: noisy }])
    await job.finished
    expect((await rejection(collect(job))).code).toBe('SEMPLES_REFINE_CONSUMED')
  })

  test('have plain names', async () => {
    const out = await temporary()
    const { failed } = await refineMasks([{ image, labels: noisy, name: '../a' }], { out }).finished
    expect(failed.map(({ error }) => error.field)).toEqual(['name'])
  })

  test('end at a device without kernels before anything is taken, read or written', async () => {
    let taken = 0
    function* inputs(): Generator<RefineInput> {
      taken++
      yield { image, labels: noisy }
    }
    const job = refineMasks(inputs(), { device: 'cuda' })
    expect(await rejection(job.finished)).toMatchObject({ code: 'SEMPLES_DEVICE_UNAVAILABLE', field: 'device' })
    expect(taken).toBe(0)
    // Folders that are not there would be the next error.
    const out = join(await temporary(), 'deep', 'out')
    const absent = { images: 'absent', cams: 'absent', out, device: 'cuda:1' } as const
    expect(await rejection(refineMasks(absent).finished)).toMatchObject({ code: 'SEMPLES_DEVICE_UNAVAILABLE' })
    expect(await readdir(dirname(dirname(out)))).toEqual([])
  })

  test.each([
    ['concurrency', 0],
    ['threads', 0.5],
    ['memoryLimit', -1],
    ['errors', 'ignore'],
    ['preset', 'no'],
  ])('and options are checked: %s %j', async (field, value) => {
    const job = refineMasks([{ image, labels: noisy }], { [field]: value })
    expect(await rejection(job.finished)).toMatchObject({ code: 'SEMPLES_CONFIG_INVALID', field })
  })
})
