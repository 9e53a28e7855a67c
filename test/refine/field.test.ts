import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, jest, test } from '@jest/globals'
import sharp from 'sharp'
import { SemplesError } from '../../lib/base/error.js'
import { writeNpy } from '../../lib/formats/npy.js'
import { refineMask, refineMasks } from '../../lib/index.js'
import { writeMask } from '../../lib/masks/png.js'
import { meetsAll } from '../../lib/refine/fatal.js'
import { refineBytes } from '../../lib/refine/memory.js'
import { MemoryGate } from '../../lib/refine/memoryGate.js'
import { resolveRefineOptions } from '../../lib/refine/options.js'
import { rejection } from '../config/refusal.js'
import { needs } from '../support/needs.js'
import { halves, writeHalves } from './halves.js'

const { image, noisy, cams } = halves()
const { width, height } = image
const bilateral = { sxy: 40, srgb: 10, compat: 10 }
const temporary = () => mkdtemp(join(tmpdir(), 'semples-field-'))

needs('build').describe('R78: every form that the documents name', () => {
  const expected = async () => (await refineMask({ image, labels: noisy, bilateral })).mask.data

  test('labels: bytes, a label map, a PNG', async () => {
    const file = join(await temporary(), 'labels.png')
    await writeMask(file, noisy)
    for (const labels of [noisy.data, new Uint8Array(noisy.data), file])
      expect((await refineMask({ image, labels, bilateral })).mask).toEqual({ width, height, data: await expected() })
  })

  test('pictures: a path, bytes of a file, RGB, RGBA, clamped bytes, grey', async () => {
    const png = await sharp(image.data, { raw: { width, height, channels: 3 } })
      .png()
      .toBuffer()
    const file = join(await temporary(), 'picture.png')
    await writeFile(file, png)
    const rgba = new Uint8ClampedArray(width * height * 4).fill(9)
    for (let pixel = 0; pixel < width * height; pixel++)
      for (let channel = 0; channel < 3; channel++) rgba[4 * pixel + channel] = image.data[3 * pixel + channel]!
    for (const one of [file, png, new Uint8Array(png), image, { data: rgba, width, height }])
      expect((await refineMask({ image: one, labels: noisy, bilateral })).mask.data).toEqual(await expected())
    const grey = { data: image.data.filter((_, index) => index % 3 === 0), width, height }
    const three = Uint8Array.from([...grey.data].flatMap((value) => [value, value, value]))
    const one = await refineMask({ image: grey, labels: noisy })
    const other = await refineMask({ image: { data: three, width, height }, labels: noisy })
    expect(one.mask).toEqual(other.mask)
  })

  test('scores: numbers, float32, float64, a file', async () => {
    const shape = [1, height, width]
    const file = join(await temporary(), 'scores.npy')
    await writeNpy(file, { dtype: 'float32', shape, data: cams })
    const common = { image, classes: [7], preset: 'psa' } as const
    const { mask } = await refineMask({ ...common, scores: cams })
    for (const scores of [
      { dtype: 'float32' as const, shape, data: cams },
      { dtype: 'float64' as const, shape, data: Float64Array.from(cams) },
      file,
    ])
      expect((await refineMask({ ...common, scores })).mask).toEqual(mask)
  })

  test('what is asked for: scores, threads, a name, a device', async () => {
    const options = { image, labels: noisy, bilateral, withScores: true, threads: 1, name: 'a', device: 'cpu' } as const
    const { mask, scores } = await refineMask(options)
    expect([mask.data, scores!.shape]).toEqual([await expected(), [2, height, width]])
  })
})

needs('build').describe('R51: a matrix of compatibilities', () => {
  const compat = [
    [0, 1, 1],
    [1, 0, 1],
    [1, 1, 0],
  ]
  const settings = { gaussian: { sxy: 3, compat }, bilateral: [] }
  const ids = Uint8Array.from(noisy.data, (id) => (id === 0 ? 0 : 2))

  test('means the same for every picture, whatever classes it shows', async () => {
    const folder = await temporary()
    await writeMask(join(folder, 'a.png'), { width, height, data: ids })
    const inputs = [
      { image, labels: join(folder, 'a.png') },
      { image, labels: ids.map((id, pixel) => (pixel === 5 ? 1 : id)) },
    ]
    const all = []
    for await (const done of refineMasks(inputs, settings)) all.push(done)
    expect(all.map(({ error, classes }) => [error, classes])).toEqual(Array(2).fill([undefined, [0, 1, 2]]))
    const energies = Float32Array.from(
      { length: 3 * ids.length },
      (_, index) => -Math.log(ids[index % ids.length] === Math.floor(index / ids.length) ? 0.7 : 0.15),
    )
    const same = await refineMask({ image, scores: energies, values: 'energies', unary: 'soft', ...settings })
    expect(all[0]!.mask!.data).toEqual(same.mask.data)
  })

  test('of other labels: those of classes', async () => {
    const labels = ids.map((id) => (id === 2 ? 19 : 0))
    expect(await rejection(refineMask({ image, labels, ...settings }))).toMatchObject({ field: 'compat', value: 19 })
    const { classes } = await refineMask({ image, labels, classes: [0, 15, 19], ...settings })
    expect(classes).toEqual([0, 15, 19])
    const unsure = await refineMask({ image, labels: ids, zeroUnsure: true, ...settings })
    expect(unsure.classes).toEqual([1, 2, 3])
  })

  test('that does not fit is refused by name; a picture without a class needs none', async () => {
    const two = { image, scores: Float32Array.from([...cams, ...cams]), ...settings }
    expect(await rejection(refineMask(two))).toMatchObject({ code: 'SEMPLES_REFINE_INPUT', field: 'compat' })
    const ragged = { sxy: 3, compat: [[0, 1], [1]] }
    expect(() => resolveRefineOptions({ gaussian: ragged })).toThrow(/not square/)
    const none = await refineMask({ image, scores: new Float32Array(0), classes: [], ...settings })
    expect(none.classes).toEqual([0])
  })
})

/** Puts a file where a folder is, although others may be writing into it. */
async function replaceByFile(folder: string): Promise<void> {
  for (let tries = 0; ; tries++)
    try {
      await rm(folder, { recursive: true, force: true })
      await writeFile(folder, '', { flag: 'wx' })
      return
    } catch (error) {
      if (tries === 100) throw error
    }
}

describe('N07: what every file would meet', () => {
  const failure = (code: string, errno?: string) =>
    meetsAll(new SemplesError(code, { message: 'x', cause: errno && Object.assign(new Error(), { code: errno }) }))

  test('is told from what one file meets', () => {
    expect(failure('SEMPLES_ADDON_NOT_FOUND')).toBe(true)
    expect(failure('SEMPLES_LIBTORCH_NOT_FOUND')).toBe(true)
    expect(failure('SEMPLES_WRITE_FAILED', 'ENOSPC')).toBe(true)
    expect(failure('SEMPLES_WRITE_FAILED', 'ENAMETOOLONG')).toBe(false)
    expect(failure('SEMPLES_IMAGE_UNREADABLE')).toBe(false)
  })

  needs('build').test('ends the job with one error', async () => {
    const [images, cams, parent] = [await temporary(), await temporary(), await temporary()]
    await writeHalves(images, cams, ['a', 'b', 'c'])
    const out = join(parent, 'out')
    let pictures = 0
    const loop = async () => {
      for await (const { name } of refineMasks({ images, cams, out, concurrency: 1 })) {
        pictures++
        // No mask can be written any more, as on a disk that is full.
        if (name === 'a') await replaceByFile(out)
      }
    }
    expect((await rejection(loop())).code).toBe('SEMPLES_WRITE_FAILED')
    expect(pictures).toBeLessThan(3)
  })
})

needs('build').test('N08: many pictures at a time warn of no listeners', async () => {
  const warned = jest.fn()
  process.on('warning', warned)
  try {
    const inputs = Array.from({ length: 70 }, () => ({ image, labels: noisy, iterations: 0 }))
    const { signal } = new AbortController()
    const { refined } = await refineMasks(inputs, { concurrency: 64, signal }).finished
    await new Promise((resolve) => setImmediate(resolve))
    expect([refined, warned.mock.calls]).toEqual([70, []])
  } finally {
    process.off('warning', warned)
  }
})

needs('build').describe('N10: memory', () => {
  test.each(['crf', 'pamr'] as const)(
    'one number, in the unit of the option; with it the third try succeeds: %s',
    async (method) => {
      const size = { width: 400, height: 300 }
      const picture = { ...size, data: Uint8Array.from({ length: 360_000 }, (_, i) => ((i * 7) >> 9) & 255) }
      const maps = { dtype: 'float32' as const, shape: [21, 15, 20], data: new Float32Array(6300).fill(0.4) }
      const options = { image: picture, scores: maps, method, iterations: 1 }
      const needed = async (mebibytes: number) =>
        (await rejection(refineMask({ ...options, memoryLimit: mebibytes * 2 ** 20 }))).value
      const first = await needed(1)
      expect(first).toMatch(/^\d+ MiB needed$/)
      expect(await needed(Number.parseInt(String(first), 10) - 1)).toBe(first)
      const third = await refineMask({ ...options, memoryLimit: Number.parseInt(String(first), 10) * 2 ** 20 })
      expect(third.mask.width).toBe(400)
    },
  )
})

describe('N18: memory of all pictures together', () => {
  test('pictures wait for each other, and none for ever', async () => {
    const gate = new MemoryGate(100)
    let [used, most] = [0, 0]
    const hold = (bytes: number) => {
      used += bytes
      most = Math.max(most, used)
    }
    const picture = async (bytes: number) => {
      await gate.read(
        async () => hold(10),
        () => ({ held: 10, work: bytes }),
      )
      await gate.work(bytes, async () => {
        hold(bytes)
        await new Promise((resolve) => setTimeout(resolve, 2))
        hold(-bytes)
      })
      hold(-10)
      gate.change(-10)
    }
    await Promise.all(Array.from({ length: 20 }, (_, index) => picture(20 + (index % 5) * 10)))
    expect(used).toBe(0)
    expect(most).toBeLessThanOrEqual(100)
    expect(most).toBeGreaterThan(60)
    // One that needs more than there is goes alone.
    await Promise.all([picture(500), picture(20)])
  })

  test('the estimate grows with pixels and labels, and less for one label', () => {
    const crf = resolveRefineOptions()
    const bytes = (labels: number, side: number) => refineBytes({ width: side, height: side, labels }, crf).most
    expect(bytes(21, 1000) / bytes(21, 500)).toBeGreaterThan(3)
    expect(bytes(21, 500)).toBeGreaterThan(bytes(2, 500))
    expect(bytes(1, 500)).toBe(500 * 500 * 11)
  })
})

needs('build').test('N17: an abort is heard at once', async () => {
  const size = { width: 2000, height: 1500 }
  const picture = { ...size, data: Uint8Array.from({ length: 9e6 }, (_, i) => (i * 2654435761) >>> 24) }
  const labels = Uint8Array.from({ length: 3e6 }, (_, i) => i % 21)
  const controller = new AbortController()
  let settled = false
  const job = refineMask({ image: picture, labels, signal: controller.signal, iterations: 1000 })
  const outcome = job.catch((error: unknown) => error).finally(() => (settled = true))
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(settled).toBe(false)
  controller.abort(new Error('enough'))
  // Not after a number of milliseconds, but before the addon has come to the end of anything.
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve))
  expect([settled, await outcome]).toEqual([true, new Error('enough')])
})

needs('build').test('warnings reach the result, progress and the summary, each sentence once', async () => {
  const messages: (string | undefined)[] = []
  const scores = cams.map((score, index) => (index === 0 ? 1.1 : score))
  const inputs = ['a', 'b', 'c'].map((name) => ({ image, scores, classes: [7], name }))
  const job = refineMasks(inputs, { onProgress: ({ message, warning }) => warning && messages.push(message) })
  const all = []
  for await (const { warnings } of job) all.push(warnings)
  expect(all).toEqual(Array(3).fill([expect.stringMatching(/leave the range from 0 to 1.*to 1\.1/)]))
  expect((await job.finished).warnings).toEqual([expect.stringMatching(/leave the range.*\(3 pictures; a: /)])
  expect(messages).toEqual([expect.stringContaining('leave the range')])
})
