import { getEventListeners } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import sharp from 'sharp'
import type { SemplesError } from '../../../lib/base/error.js'
import type { TensorMap } from '../../../lib/base/tensor.js'
import { decodeImage } from '../../../lib/pictures/decode.js'
import { resizeImage } from '../../../lib/pictures/resize.js'
import { refineMask } from '../../../lib/refine/refineMask.js'
import { loadRun } from '../../../lib/runs/predict/loadRun.js'
import type { MaskModel } from '../../../lib/runs/predict/maskModel.js'
import type { Prediction, PredictionOptions } from '../../../lib/runs/predict/types.js'
import { scaleSizes } from '../../../lib/segment/scales.js'
import { rejection } from '../../config/refusal.js'
import { needs } from '../../support/needs.js'
import { temporaryFolder } from '../tiny.js'
import { blocks, gapped, type Pixels, type TinyRun, tinyRules, writeSegmenterRun } from './tinySegmenter.js'

const IDS = [0, 3, 7]
const LABELS = ['background', 'boat', 'person']

/** What the model itself says of a picture, with all probabilities. */
async function directly({ segmenter }: TinyRun, picture: Pixels, rules = tinyRules): Promise<TensorMap> {
  const sizes = scaleSizes(picture, rules)
  const scales = await Promise.all(sizes.map((size) => resizeImage(picture, size.width, size.height, { mode: 'fast' })))
  const { window, stride, flip } = rules
  const { width, height } = picture
  return segmenter.predict({ scales, width, height, window, stride, flip, probabilities: true })
}

/** Pixel by pixel: the class, shares and means. */
function byHand(found: TensorMap, allowed = [0, 1, 2]) {
  const probabilities = found.probabilities!.data as Float32Array
  const size = found.labels!.data.length
  const at = (channel: number, pixel: number) => probabilities[channel * size + pixel]!
  const best = Array.from({ length: size }, (_, pixel) =>
    allowed.reduce((one, other) => (at(other, pixel) > at(one, pixel) ? other : one)),
  )
  const of = (channel: number) => [...best.keys()].filter((pixel) => best[pixel] === channel)
  const present = allowed.filter((channel) => of(channel).length > 0)
  return {
    mask: best.map((channel) => IDS[channel]!),
    labels: Object.fromEntries(
      present.filter((channel) => channel > 0).map((channel) => [LABELS[channel], of(channel).length / size]),
    ),
    scores: Object.fromEntries(
      present.map((channel) => [
        LABELS[channel],
        of(channel).reduce((sum, pixel) => sum + at(channel, pixel), 0) / of(channel).length,
      ]),
    ),
  }
}

function expectSame(found: Prediction, expected: ReturnType<typeof byHand>): void {
  expect([...found.mask]).toEqual(expected.mask)
  expect(Object.keys(found.labels).sort()).toEqual(Object.keys(expected.labels).sort())
  for (const [label, share] of Object.entries(expected.labels)) expect(found.labels[label]).toBeCloseTo(share, 9)
  expect(Object.keys(found.scores).sort()).toEqual(Object.keys(expected.scores).sort())
  for (const [label, score] of Object.entries(expected.scores)) expect(found.scores[label]).toBeCloseTo(score, 5)
}

needs('build').describe('the segmentation model of a run in memory', () => {
  let tiny: TinyRun
  let model: MaskModel
  let root: string
  beforeAll(async () => {
    root = await temporaryFolder()
    tiny = await writeSegmenterRun(join(root, 'run'))
    model = await loadRun(tiny.run)
  })
  afterAll(() => {
    model?.dispose()
    tiny?.segmenter.dispose()
  })

  const pngOf = async (name: string, { data, width, height }: Pixels) => {
    const file = join(root, name)
    await sharp(data, { raw: { width, height, channels: 3 } })
      .png()
      .toFile(file)
    return file
  }

  test('says what it is', () => {
    expect([model.kind, model.classes, model.run, model.warnings, model.disposed]).toEqual([
      'segmenter',
      gapped,
      tiny.run,
      [],
      false,
    ])
  })

  test('class ids, shares and confidence as the model itself says, with gaps between the ids', async () => {
    const picture = blocks(61, 47)
    const found = await model.predict(picture)
    expect(found).toMatchObject({ width: 61, height: 47 })
    expectSame(found, byHand(await directly(tiny, picture)))
    // A picture that shows one class alone would not tell them apart.
    expect(new Set(found.mask).size).toBe(3)
    expect('probabilities' in found).toBe(false)
    const shares = Object.values(found.labels)
    expect(shares).toEqual([...shares].sort((one, other) => other - one))
  })

  test('the map of each class, which sum to 1', async () => {
    const picture = blocks(30, 44)
    const { probabilities } = await model.predict(picture, { probabilities: true })
    const expected = (await directly(tiny, picture)).probabilities!.data as Float32Array
    expect(Object.keys(probabilities!)).toEqual(LABELS)
    const size = 30 * 44
    for (const [channel, label] of LABELS.entries())
      expect([...probabilities![label]!]).toEqual([...expected.subarray(channel * size, (channel + 1) * size)])
    for (let pixel = 0; pixel < size; pixel++)
      expect(LABELS.reduce((sum, label) => sum + probabilities![label]![pixel]!, 0)).toBeCloseTo(1, 5)
  })

  test('labels leave the others out, without changing the scores', async () => {
    const picture = blocks(61, 47)
    const direct = await directly(tiny, picture)
    expectSame(await model.predict(picture, { labels: ['person'] }), byHand(direct, [0, 2]))
    expectSame(await model.predict(picture, { labels: ['person', 'boat', 'boat'] }), byHand(direct))
    expectSame(await model.predict(picture, { labels: [] }), byHand(direct, [0]))
    const { probabilities } = await model.predict(picture, { labels: ['person'], probabilities: true })
    expect(Object.keys(probabilities!)).toEqual(['background', 'person'])
  })

  test('scales, windows and the mirrored picture of the call', async () => {
    const picture = blocks(61, 47)
    const rules = { side: 56, window: 48, stride: 32, scales: [1], flip: false }
    const found = await model.predict(picture, { side: 56, window: 48, scales: [1], flip: false })
    expectSame(found, byHand(await directly(tiny, picture, rules)))
    expect(found.mask).not.toEqual((await model.predict(picture)).mask)
  })

  test('two outputs of the decoder: scores are of 1 all the same', async () => {
    const { probabilities, scores } = await model.predict(blocks(40, 40), { earlier: 0.8, probabilities: true })
    const sums = probabilities!.background!.map(
      (value, pixel) => value + probabilities!.boat![pixel]! + probabilities!.person![pixel]!,
    )
    for (const sum of sums) expect(sum).toBeCloseTo(1, 5)
    const plain = (await model.predict(blocks(40, 40), { earlier: 0.8 })).scores
    for (const [label, score] of Object.entries(plain)) {
      expect(score).toBeCloseTo(scores[label]!, 5)
      expect(score).toBeLessThanOrEqual(1)
    }
  })

  test.each([
    [1, 1],
    [1, 500],
    [500, 1],
    [7, 5],
    [31, 33],
  ])('a picture of %d x %d pixels', async (width, height) => {
    const picture = blocks(width, height)
    const found = await model.predict(picture)
    expect([found.width, found.height, found.mask.length]).toEqual([width, height, width * height])
    expectSame(found, byHand(await directly(tiny, picture)))
  })

  test('files, their bytes, raw RGB, RGBA and a file of the same pixels are one picture', async () => {
    const picture = blocks(50, 36)
    const file = await pngOf('blocks.png', picture)
    const expected = await model.predict(picture)
    const rgba = new Uint8ClampedArray(50 * 36 * 4).map((_, at) =>
      at % 4 === 3 ? 9 : picture.data[3 * (at >> 2) + (at % 4)]!,
    )
    const bytes = await sharp(file).png({ palette: false }).toBuffer()
    for (const image of [file, bytes, { data: rgba, width: 50, height: 36 }])
      expect((await model.predict(image)).mask).toEqual(expected.mask)
  })

  test('EXIF orientation: as viewers show the picture, or as it is stored', async () => {
    const { data, width, height } = blocks(50, 36)
    const shown = sharp(data, { raw: { width, height, channels: 3 } })
    const lying = await shown.rotate(-90).withMetadata({ orientation: 6 }).png().toBuffer()
    const found = await model.predict(lying)
    expect(found).toMatchObject({ width: 50, height: 36 })
    expect(found.mask).toEqual((await model.predict({ data, width, height })).mask)
    const stored = await model.predict(lying, { exif: 'ignore' })
    expect(stored).toMatchObject({ width: 36, height: 50 })
    expect(stored.mask).toEqual((await model.predict(await decodeImage(lying))).mask)
  })

  test('refined over the classes that have a pixel, as refineMask does', async () => {
    const picture = blocks(61, 47)
    const direct = await directly(tiny, picture)
    const scores = { ...direct.probabilities!, dtype: 'float32' as const }
    const { mask } = await refineMask({ image: picture, scores, classes: IDS, preset: 'deeplab' })
    const found = await model.predict(picture, { refine: 'deeplab' })
    expect(found.mask).toEqual(mask.data)
    expect(found.mask).not.toEqual((await model.predict(picture)).mask)
    // Scores are of the model, over the pixels of the refined mask.
    const pixels = [...mask.data.keys()].filter((pixel) => mask.data[pixel] === 3)
    const own = direct.probabilities!.data as Float32Array
    const mean = pixels.reduce((sum, pixel) => sum + own[61 * 47 + pixel]!, 0) / pixels.length
    expect(found.scores.boat).toBeCloseTo(mean, 5)
    const unsure = await model.predict(picture, { refine: { preset: 'deeplab', confidence: 0.999 } })
    expect(unsure.mask).toContain(255)
    expect(Object.values(unsure.labels).reduce((sum, share) => sum + share, 0)).toBeLessThan(1)
  })

  test('calls that overlap are answered as one by one, in their order, from their own pixels', async () => {
    const pictures = [300, 9, 120, 33, 64, 21, 50].map((side, seed) => blocks(side, 20 + seed, seed))
    const expected: Prediction[] = []
    for (const picture of pictures) expected.push(await model.predict(picture))
    const order: number[] = []
    const reused = blocks(48, 48, 99)
    const first = await model.predict(reused)
    const pending = pictures.map((picture, at) => model.predict(picture).finally(() => order.push(at)))
    const own = model.predict(reused)
    reused.data.fill(0)
    expect(await Promise.all(pending)).toEqual(expected)
    expect(order).toEqual([...order].sort((one, other) => one - other))
    expect(await own).toEqual(first)
  })

  test('an abort rejects at once, queued or at work, and the others go on', async () => {
    const reason = new Error('enough')
    const picture = blocks(400, 300)
    const running = new AbortController()
    const waiting = new AbortController()
    const settled: string[] = []
    const told = (name: string, promise: Promise<unknown>) =>
      promise.then(
        () => settled.push(name),
        (error: unknown) => settled.push(error === reason ? `${name} aborted` : String(error)),
      )
    const all = [
      told('first', model.predict(picture, { signal: running.signal })),
      ...[1, 2, 3, 4].map((at) => told(`${at}`, model.predict(blocks(40, 40, at)))),
      told('waiting', model.predict(picture, { signal: waiting.signal })),
      told('last', model.predict(blocks(40, 40, 9))),
    ]
    waiting.abort(reason)
    await new Promise((resolve) => setImmediate(resolve))
    expect(settled).toEqual(['waiting aborted'])
    running.abort(reason)
    await new Promise((resolve) => setImmediate(resolve))
    expect(settled).toEqual(['waiting aborted', 'first aborted'])
    await Promise.all(all)
    expect(settled.slice(2)).toEqual(['1', '2', '3', '4', 'last'])
    await expect(model.predict(picture, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  })

  test('many calls with one signal listen to it once, and no longer than they last', async () => {
    const { signal } = new AbortController()
    const pending = Array.from({ length: 20 }, (_, seed) => model.predict(blocks(12, 12, seed), { signal }))
    expect(getEventListeners(signal, 'abort')).toHaveLength(1)
    await Promise.all(pending)
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })

  test('disposed of while it works: all that waits, and every later call, is told', async () => {
    const own = await loadRun(tiny.run)
    const pending = [0, 1, 2, 3, 4].map((seed) => own.predict(blocks(80, 80, seed)))
    const settled = Promise.allSettled(pending)
    own.dispose()
    own.dispose()
    expect(own.disposed).toBe(true)
    for (const outcome of await settled)
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'SEMPLES_DISPOSED' } })
    expect(await rejection(own.predict(blocks(8, 8)))).toMatchObject({ code: 'SEMPLES_DISPOSED' })
  })

  test('using disposes of it', async () => {
    let kept: MaskModel
    {
      using own = await loadRun(tiny.run)
      kept = own
    }
    expect(kept.disposed).toBe(true)
  })

  test('an overlay is a JPEG of the picture size, coloured where there is a class', async () => {
    const picture = blocks(50, 36)
    const found = await model.predict(picture)
    const { data, info } = await sharp(await model.overlay(picture, found))
      .raw()
      .toBuffer({ resolveWithObject: true })
    expect(info).toMatchObject({ width: 50, height: 36, channels: 3 })
    const background = [...found.mask.keys()].filter((pixel) => found.mask[pixel] === 0)
    const far = (pixel: number) =>
      [0, 1, 2].reduce(
        (sum, channel) => sum + Math.abs(data[3 * pixel + channel]! - picture.data[3 * pixel + channel]!),
        0,
      )
    const mean = (pixels: number[]) => pixels.reduce((sum, pixel) => sum + far(pixel), 0) / pixels.length
    const objects = [...found.mask.keys()].filter((pixel) => found.mask[pixel] !== 0)
    expect(mean(objects)).toBeGreaterThan(2 * mean(background))
    expect(await rejection(model.overlay(blocks(36, 50), found))).toMatchObject({ code: 'SEMPLES_MASK_SIZE' })
  })

  test.each<[string, PredictionOptions, Partial<SemplesError>]>([
    [
      'a class that there is not',
      { labels: ['bota'] },
      { code: 'SEMPLES_CLASS_UNKNOWN', field: 'labels', value: 'bota' },
    ],
    ['a threshold', { threshold: 0.4 }, { code: 'SEMPLES_OPTION_INVALID', field: 'threshold' }],
    ['a longer side', { maxSide: 400 }, { code: 'SEMPLES_OPTION_INVALID', field: 'maxSide' }],
    ['a misspelt option', { scale: [1] } as PredictionOptions, { code: 'SEMPLES_CONFIG_UNKNOWN', field: 'scale' }],
    ['no scale', { scales: [] }, { code: 'SEMPLES_CONFIG_INVALID', field: 'scales' }],
    ['a scale of 0', { scales: [0] }, { code: 'SEMPLES_CONFIG_INVALID', field: 'scales' }],
    ['a scale that is none', { scales: [Number.NaN] }, { code: 'SEMPLES_CONFIG_INVALID', field: 'scales' }],
    ['half a window', { window: 20.5 }, { code: 'SEMPLES_CONFIG_INVALID', field: 'window' }],
    ['a preset that there is not', { refine: 'vok' as 'voc' }, { code: 'SEMPLES_CONFIG_INVALID', field: 'preset' }],
    ['an exif that there is not', { exif: 'turn' as 'apply' }, { code: 'SEMPLES_CONFIG_INVALID', field: 'exif' }],
  ])('%s is refused', async (_, options, expected) => {
    expect(await rejection(model.predict(blocks(20, 20), options))).toMatchObject(expected)
  })

  test('what is no picture is refused, and the model goes on', async () => {
    const text = join(root, 'notes.txt')
    await writeFile(text, 'no picture')
    for (const [image, code] of [
      [join(root, 'missing.jpg'), 'SEMPLES_IMAGE_UNREADABLE'],
      [text, 'SEMPLES_IMAGE_UNREADABLE'],
      [root, 'SEMPLES_IMAGE_UNREADABLE'],
      [new Uint8Array(0), 'SEMPLES_IMAGE_UNREADABLE'],
      [{ data: new Uint8Array(11), width: 2, height: 2 }, 'SEMPLES_ARGUMENT_INVALID'],
      [{ data: new Uint8Array(0), width: 0, height: 2 }, 'SEMPLES_ARGUMENT_INVALID'],
      [undefined, 'SEMPLES_ARGUMENT_INVALID'],
    ] as const)
      expect(await rejection(model.predict(image as string))).toMatchObject({ code })
    expect((await model.predict(blocks(8, 8))).mask).toHaveLength(64)
  })
})
