import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { parse } from 'csv-parse/sync'
import { folder } from '../../../lib/datasets/folder.js'
import type { FolderData } from '../../../lib/datasets/kinds/folder.js'
import { readMask } from '../../../lib/masks/png.js'
import { maskFromCams } from '../../../lib/masks/threshold.js'
import { MaskGenerator } from '../../../lib/models/maskGenerator.js'
import { decodeImage } from '../../../lib/pictures/decode.js'
import { scaledImages } from '../../../lib/pictures/scales.js'
import { generateMasks } from '../../../lib/runs/generateMasks.js'
import { trainSemPLeS } from '../../../lib/runs/trainSemPLeS.js'
import { writePictures, writeShapes } from '../shapes.js'
import { filesOf, jsonOf, snapshotOf, temporaryFolder, tensorsOf, tinyGenerator, tinyRun } from '../tiny.js'

let root: string
let run: string
let data: FolderData & { masks: string }
beforeAll(async () => {
  root = await temporaryFolder()
  run = join(root, 'run')
  data = await writeShapes(root)
  await trainSemPLeS(tinyRun(data, run, { stages: ['classify'], epochs: 1, lr: 2 }))
})

const close = (value: number) => expect.closeTo(value, 4)
const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

/** Mean IoU over class ids, counted pixel by pixel. */
function agreement(one: ArrayLike<number>, other: ArrayLike<number>, ids: number[]): number {
  const pixels = Array.from(one, (id, at) => [id, other[at]!] as const)
  return mean(
    ids.map((id) => {
      const either = pixels.filter((pair) => pair.includes(id)).length
      const both = pixels.filter(([first, second]) => first === id && second === id).length
      return either === 0 ? 0 : both / either
    }),
  )
}

/** Values of `channels` a pixel with left and right exchanged. */
function mirrored(values: Uint8Array, width: number, channels: number): Uint8Array {
  return values.map((_, at) => {
    const [pixel, channel] = [Math.floor(at / channels), at % channels]
    const column = pixel % width
    return values[(pixel - column + width - 1 - column) * channels + channel]!
  })
}

describe('the review of a run', () => {
  test('compares what the generator makes of each scale and of the mirrored picture', async () => {
    const { review } = await generateMasks({
      run,
      out: join(root, 'made'),
      threshold: 0.6,
      refine: 'coco',
      review: true,
    })
    await generateMasks({ run, out: join(root, 'coarse'), threshold: 0.6 })
    using generator = await MaskGenerator.create({ ...tinyGenerator, classes: 3 })
    await generator.load((await tensorsOf(run, 'classify')).generator!)
    const { items } = await folder(data)
    expect(review!.rows).toHaveLength(9)
    for (const { id, image, labels } of items) {
      const decoded = await decodeImage(image)
      const { width } = decoded
      const ids = labels.map((index) => index + 1)
      const [own, larger] = await scaledImages(decoded, [1, 1.2])
      const maps = (picture: typeof decoded) => generator.cams([picture], labels, { flip: false }, decoded)
      const maskOf = async (picture: typeof decoded) =>
        maskFromCams({ ...(await maps(picture)), classIds: ids, threshold: 0.6 }).data
      const first = await maskOf(own!)
      const turned = await maskOf({ ...own!, data: mirrored(own!.data, width, 3) })
      const [before, after] = [
        await readMask(join(root, 'coarse', `${id}.png`)),
        await readMask(join(root, 'made', `${id}.png`)),
      ]
      const parts = {
        scales: agreement(first, await maskOf(larger!), ids),
        mirror: agreement(first, mirrored(turned, width, 1), ids),
        refined: agreement(before.data, after.data, ids),
      }
      const { logits } = await maps(own!)
      expect(review!.rows.find(({ picture }) => picture === `${id}.png`)).toMatchObject({
        score: close(mean(Object.values(parts))),
        ...Object.fromEntries(Object.entries(parts).map(([name, value]) => [name, close(value)])),
        classScore: close(Math.min(...labels.map((index) => 1 / (1 + Math.exp(-logits[index]!))))),
        foreground: close(after.data.filter((value) => value !== 0).length / after.data.length),
      })
    }
  })

  test('is written worst first, with the same masks as without', async () => {
    const [out, plain] = [join(root, 'with'), join(root, 'without')]
    const { review } = await generateMasks({ run, out, review: true })
    expect(await generateMasks({ run, out: plain })).not.toHaveProperty('review')
    expect(review!.path).toBe(join(out, 'review.csv'))
    const scores = review!.rows.map(({ score }) => score!)
    expect(scores).toEqual([...scores].sort((one, other) => one - other))
    expect(new Set(scores).size).toBeGreaterThan(1)
    const records: Record<string, string>[] = parse(await readFile(review!.path), { columns: true })
    expect(records.map(({ picture, score, refined }) => [picture, Number(score), refined])).toEqual(
      review!.rows.map(({ picture, score }) => [picture, score, '']),
    )
    expect((await filesOf(out)).filter((name) => !name.endsWith('.png'))).toEqual(['masks.json', 'review.csv'])
    for (const { id } of (await folder(data)).items)
      expect(await readFile(join(out, `${id}.png`))).toEqual(await readFile(join(plain, `${id}.png`)))
  })

  test('with predicted labels: their scores as in the result; a picture without any has no score', async () => {
    const input = { run, data: { folder: data.folder }, labels: 'predicted', review: true } as const
    const { review, predicted } = await generateMasks({ ...input, out: join(root, 'predicted'), labelThreshold: 0 })
    for (const { picture, classScore } of review!.rows)
      expect(classScore).toBe(Math.min(...Object.values(predicted![picture.slice(0, -4)]!)))
    const none = await generateMasks({ ...input, out: join(root, 'none'), labelThreshold: 1 })
    expect(none.review!.rows).toEqual(
      Array.from({ length: 9 }, (_, index) => ({ picture: `p0${index}.png`, foreground: 0 })),
    )
  })

  test('names pictures in folders as their labels file does', async () => {
    const bytes = await readFile(join(data.folder, 'p00.png'))
    const own = await writePictures(join(root, 'odd'), { "a 'b'; c.png": [bytes, 'bar'], 'plain.png': [bytes, ''] })
    const out = join(root, 'odd-masks')
    await generateMasks({ run, data: { ...own, classes: join(run, 'classes.json') }, out, review: true })
    const rows: string[][] = parse(await readFile(join(out, 'review.csv')))
    expect(rows.slice(1).map(([picture, score]) => [picture, score !== ''])).toEqual([
      ["a 'b'; c.png", true],
      ['plain.png', false],
    ])
  })
})

describe('a folder of masks that is gone on with', () => {
  /** A call that ends after some pictures. */
  const interrupted = async (out: string, after: number, options: object = {}) => {
    const controller = new AbortController()
    const onProgress = ({ step }: { step: number }) => {
      if (step === after) controller.abort(new Error('stop'))
    }
    await expect(generateMasks({ run, out, onProgress, signal: controller.signal, ...options })).rejects.toThrow('stop')
  }

  test('an interrupted review goes on, and ends as if it had not been interrupted', async () => {
    const [whole, out] = [join(root, 'whole'), join(root, 'stopped')]
    await generateMasks({ run, out: whole, review: true })
    await interrupted(out, 4, { review: true })
    const left = await filesOf(out)
    expect(left).toContain('review.jsonl')
    expect(left).not.toContain('review.csv')
    const { skipped, review } = await generateMasks({ run, out, review: true })
    expect(skipped).toBeGreaterThanOrEqual(4)
    expect(review!.rows).toHaveLength(9)
    expect(await snapshotOf(out)).toEqual(await snapshotOf(whole))
    // Again there is nothing to do.
    const again = await generateMasks({ run, out, review: true })
    expect([again.skipped, again.review]).toEqual([9, review])
  })

  test('masks that were finished without a review are reviewed; without it the next time, it stays', async () => {
    const out = join(root, 'later')
    await generateMasks({ run, out })
    // Corrected by a person.
    await writeFile(join(out, 'p03.png'), await readFile(join(out, 'p04.png')))
    const before = await snapshotOf(out)
    const { review } = await generateMasks({ run, out, review: true })
    expect(review!.rows).toHaveLength(9)
    const { 'masks.json': summary, 'review.csv': table, ...masks } = await snapshotOf(out)
    expect({ ...masks, 'masks.json': before['masks.json'] }).toEqual(before)
    expect([summary, table]).not.toContain(before['masks.json'])
    await generateMasks({ run, out, overlay: true })
    expect(await jsonOf(out, 'masks.json')).toMatchObject({ review: { p00: { picture: 'p00.png' } } })
    expect(await generateMasks({ run, out, review: true })).toMatchObject({ skipped: 9, review })
  })

  test('overlays that are asked for with a later review are of the masks that are there', async () => {
    const out = join(root, 'overlays')
    await generateMasks({ run, out })
    await writeFile(join(out, 'p03.png'), await readFile(join(out, 'p04.png')))
    await generateMasks({ run, out, review: true, overlay: true })
    const other = join(root, 'overlays-only')
    await generateMasks({ run, out: other })
    await writeFile(join(other, 'p03.png'), await readFile(join(out, 'p04.png')))
    await generateMasks({ run, out: other, overlay: true })
    for (const name of ['p03', 'p04'])
      expect(await readFile(join(out, 'overlays', `${name}.jpg`))).toEqual(
        await readFile(join(other, 'overlays', `${name}.jpg`)),
      )
  })

  test('a review of other settings does not outlive its masks, not even half of one', async () => {
    const out = join(root, 'stale')
    await interrupted(out, 4, { review: true, threshold: 0.2 })
    await generateMasks({ run, out, overwrite: true })
    expect((await filesOf(out)).filter((name) => !name.endsWith('.png'))).toEqual(['masks.json'])
    expect(await jsonOf(out, 'masks.json')).not.toHaveProperty('review')
    const { review } = await generateMasks({ run, out, review: true })
    const { review: fresh } = await generateMasks({ run, out: join(root, 'fresh'), review: true })
    expect(review!.rows).toEqual(fresh!.rows)
  })

  test("somebody else's review.csv is not written over", async () => {
    const out = join(root, 'taken')
    await generateMasks({ run, out })
    await writeFile(join(out, 'review.csv'), 'mine')
    await expect(generateMasks({ run, out, review: true })).rejects.toMatchObject({
      code: 'SEMPLES_OUTPUT_EXISTS',
      file: join(out, 'review.csv'),
    })
    expect(await readFile(join(out, 'review.csv'), 'utf8')).toBe('mine')
    await rm(join(out, 'review.csv'))
    await expect(generateMasks({ run, out, review: true })).resolves.toMatchObject({ pictures: 9 })
  })
})
