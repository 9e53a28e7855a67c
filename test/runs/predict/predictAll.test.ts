import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import sharp from 'sharp'
import { loadRun } from '../../../lib/runs/predict/loadRun.js'
import type { MaskModel } from '../../../lib/runs/predict/maskModel.js'
import type { PredictInput } from '../../../lib/runs/predict/types.js'
import { rejection } from '../../config/refusal.js'
import { needs } from '../../support/needs.js'
import { temporaryFolder } from '../tiny.js'
import { blocks, writeSegmenterRun } from './tinySegmenter.js'

needs('build').describe('masks of one picture after another', () => {
  let root: string
  let model: MaskModel
  beforeAll(async () => {
    root = await temporaryFolder()
    const tiny = await writeSegmenterRun(join(root, 'run'))
    tiny.segmenter.dispose()
    model = await loadRun(tiny.run)
  })
  afterAll(() => model?.dispose())

  const frames = [90, 10, 44, 31, 28].map((side, seed) => blocks(side, 24, seed))

  async function taken(images: Iterable<PredictInput> | AsyncIterable<PredictInput>) {
    const found = []
    for await (const prediction of model.predictAll(images, { scales: [1], flip: false })) found.push(prediction)
    return found
  }

  test('files, bytes and frames, in their order, as one by one', async () => {
    const { data, width, height } = frames[1]!
    const file = join(root, 'frame.png')
    const bytes = await sharp(data, { raw: { width, height, channels: 3 } })
      .png()
      .toBuffer()
    await sharp(bytes).toFile(file)
    const images = [frames[0]!, file, bytes, frames[2]!, frames[3]!, frames[4]!]
    const expected = []
    for (const [index, image] of images.entries())
      expected.push({
        index,
        ...(image === file ? { file } : {}),
        ...(await model.predict(image, { scales: [1], flip: false })),
      })
    expect(await taken(images)).toEqual(expected)
    async function* slowly() {
      yield* images
    }
    expect(await taken(slowly())).toEqual(expected)
    expect(await taken([])).toEqual([])
  })

  test('a slow loop holds up the source; leaving it ends the work and the source', async () => {
    let asked = 0
    let returned = false
    async function* source() {
      try {
        for (;;) {
          asked++
          yield frames[asked % frames.length]!
        }
      } finally {
        returned = true
      }
    }
    const seen: number[] = []
    for await (const { index } of model.predictAll(source())) {
      await new Promise((resolve) => setTimeout(resolve, 30))
      seen.push(index)
      expect(asked - seen.length).toBeLessThanOrEqual(3)
      if (seen.length === 4) break
    }
    expect([seen, returned]).toEqual([[0, 1, 2, 3], true])
    const before = asked
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(asked).toBe(before)
    expect((await model.predict(frames[0]!)).width).toBe(90)
  })

  test('an error names the picture, by its path or its place; those before it are given', async () => {
    const missing = join(root, 'gone.jpg')
    const read = async (images: PredictInput[]) => {
      const seen: number[] = []
      const error = await rejection(
        (async () => {
          for await (const { index } of model.predictAll(images)) seen.push(index)
        })(),
      )
      return { seen, error }
    }
    const byPath = await read([frames[0]!, missing, frames[1]!])
    expect(byPath.seen).toEqual([0])
    expect(byPath.error).toMatchObject({ code: 'SEMPLES_IMAGE_UNREADABLE' })
    expect(byPath.error.message).toContain(missing)
    const byPlace = await read([frames[0]!, frames[1]!, new Uint8Array([1, 2, 3])])
    expect(byPlace.seen).toEqual([0, 1])
    expect(byPlace.error.message).toMatch(/^Picture 2: /)
    const broken = await read([{ data: new Uint8Array(5), width: 1, height: 1 }])
    expect(broken.error).toMatchObject({ code: 'SEMPLES_ARGUMENT_INVALID' })
    expect(broken.error.message).toMatch(/^Picture 0: /)
  })

  test('an error of the source is that of the loop', async () => {
    async function* source() {
      yield frames[0]!
      throw new Error('camera gone')
    }
    await expect(taken(source())).rejects.toThrow('camera gone')
  })

  test('wrong options are told before a picture is asked for; an abort ends the loop', async () => {
    let asked = 0
    function* source() {
      for (;;) {
        asked++
        yield frames[0]!
      }
    }
    const wrong = model.predictAll(source(), { labels: ['bota'] })
    expect(await rejection(wrong.next())).toMatchObject({ code: 'SEMPLES_CLASS_UNKNOWN' })
    expect(asked).toBe(0)
    const controller = new AbortController()
    const reason = new Error('enough')
    const loop = (async () => {
      for await (const { index } of model.predictAll(source(), { signal: controller.signal }))
        if (index === 1) controller.abort(reason)
    })()
    await expect(loop).rejects.toBe(reason)
  })
})
