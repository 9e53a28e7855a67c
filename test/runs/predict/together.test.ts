import { join } from 'node:path'
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import { Segmenter } from '../../../lib/models/segmenter.js'
import { loadRun } from '../../../lib/runs/predict/loadRun.js'
import type { MaskModel } from '../../../lib/runs/predict/maskModel.js'
import type { Prediction, PredictionOptions } from '../../../lib/runs/predict/types.js'
import { rejection } from '../../config/refusal.js'
import { needs } from '../../support/needs.js'
import { temporaryFolder } from '../tiny.js'
import { blocks, writeSegmenterRun } from './tinySegmenter.js'

needs('build').describe('small pictures that wait are computed together', () => {
  let root: string
  let model: MaskModel
  beforeAll(async () => {
    root = await temporaryFolder()
    const tiny = await writeSegmenterRun(join(root, 'run'))
    tiny.segmenter.dispose()
    model = await loadRun(tiny.run)
  })
  afterAll(() => model?.dispose())

  const rules = { side: 32, window: 32, scales: [1], flip: false, atOnce: 4 }
  const pictures = [
    [32, 32],
    [40, 40],
    [9, 9],
    [33, 33],
    [32, 30],
    [64, 64],
    [50, 40],
    [20, 20],
    [31, 31],
  ].map(([width, height], seed) => blocks(width!, height!, seed))
  /** How many pictures each request of the model had. */
  async function counted<T>(work: () => Promise<T>): Promise<{ result: T; sizes: number[] }> {
    const spy = jest.spyOn(Segmenter.prototype, 'predictAll')
    try {
      return { result: await work(), sizes: spy.mock.calls.map(([{ pictures }]) => pictures.length) }
    } finally {
      spy.mockRestore()
    }
  }

  test('of several sizes and with options of their own: as one by one', async () => {
    const own: PredictionOptions[] = [
      { labels: ['person'] },
      { probabilities: true },
      { labels: [], probabilities: true },
      { refine: 'deeplab' },
    ]
    const calls = [
      ...pictures.map((picture) => ({ picture, options: rules })),
      ...pictures.map((picture, at) => ({ picture, options: { ...rules, ...own[at % 4] } })),
      ...pictures.map((picture, at) => ({ picture, options: { ...rules, earlier: at % 2 } })),
    ]
    const single = await counted(async () => {
      const found: Prediction[] = []
      for (const { picture, options } of calls) found.push(await model.predict(picture, options))
      return found
    })
    expect(single.sizes).toEqual(calls.map(() => 1))
    const together = await counted(() =>
      Promise.all(calls.map(({ picture, options }) => model.predict(picture, options))),
    )
    for (const [at, expected] of single.result.entries()) {
      const { scores, probabilities, ...found } = together.result[at]!
      expect(found).toEqual({
        mask: expected.mask,
        labels: expected.labels,
        width: found.width,
        height: found.height,
      })
      for (const [label, score] of Object.entries(expected.scores)) expect(scores[label]).toBeCloseTo(score, 5)
      expect(Object.keys(probabilities ?? {})).toEqual(Object.keys(expected.probabilities ?? {}))
      for (const [label, map] of Object.entries(expected.probabilities ?? {}))
        for (const [pixel, value] of map.entries()) expect(probabilities![label]![pixel]).toBeCloseTo(value, 5)
    }
    expect(together.sizes.reduce((sum, size) => sum + size, 0)).toBe(calls.length)
    expect(Math.max(...together.sizes)).toBeGreaterThan(1)
    expect(Math.max(...together.sizes)).toBeLessThanOrEqual(4)
  })

  test('also those of a loop', async () => {
    const { result, sizes } = await counted(async () => {
      const found: Uint8Array[] = []
      for await (const { mask } of model.predictAll([...pictures, ...pictures], rules)) found.push(mask)
      return found
    })
    for (const [at, mask] of result.entries())
      expect(mask).toEqual((await model.predict(pictures[at % pictures.length]!, rules)).mask)
    expect(Math.max(...sizes)).toBeGreaterThan(1)
  })

  test('an abort, an unreadable picture and a wrong one leave the others right', async () => {
    const expected: Uint8Array[] = []
    for (const picture of pictures) expected.push((await model.predict(picture, rules)).mask)
    const reason = new Error('enough')
    const stop = new AbortController()
    const spy = jest.spyOn(Segmenter.prototype, 'predictAll')
    const pending = pictures.map((picture, at) =>
      model.predict(picture, { ...rules, ...(at === 3 ? { signal: stop.signal } : {}) }),
    )
    const missing = rejection(model.predict(join(root, 'none.png'), rules))
    const after = model.predict(pictures[0]!, rules)
    const aborted = expect(pending[3]).rejects.toBe(reason)
    // While the model works on it.
    while (spy.mock.calls.reduce((sum, [request]) => sum + request.pictures.length, 0) < 4)
      await new Promise((resolve) => setImmediate(resolve))
    spy.mockRestore()
    stop.abort(reason)
    await aborted
    for (const [at, prediction] of pending.entries())
      if (at !== 3) expect((await prediction).mask).toEqual(expected[at])
    expect(await missing).toMatchObject({ code: 'SEMPLES_IMAGE_UNREADABLE' })
    expect((await after).mask).toEqual(expected[0])
  })
})
