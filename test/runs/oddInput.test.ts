import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from '@jest/globals'
import sharp from 'sharp'
import type { TrainConfigInput } from '../../lib/config/types.js'
import type { FolderData } from '../../lib/datasets/kinds/folder.js'
import { trainSemPLeS } from '../../lib/runs/trainSemPLeS.js'
import { type LabelledPictures, writePictures, writeShapes } from './shapes.js'
import { metricsOf, outcomeOf, temporaryFolder, tinyRun } from './tiny.js'
import { describeWithClip, tinyClipArchive } from './tinyClip.js'

let root: string
let base: FolderData
beforeAll(async () => {
  root = await temporaryFolder()
  base = await writeShapes(root)
})

let count = 0
/** A folder of pictures with their labels, and a place for the run. */
async function pictures(files: LabelledPictures) {
  const place = join(root, `own-${++count}`)
  return { data: await writePictures(place, files), out: join(place, 'run') }
}

const shape = (name: string) => readFile(join(base.folder, name))
const classifyRun = ({ data, out }: { data: FolderData; out: string }, changes: TrainConfigInput = {}) =>
  tinyRun(data, out, { stages: ['classify'], epochs: 1, ...changes })

describe('pictures without a label', () => {
  test('are left out of training and counted in one line', async () => {
    const [bar, disc, square] = await Promise.all(['p00.png', 'p01.png', 'p05.png'].map(shape))
    const labelled = { 'a.png': [bar, 'bar'], 'b.png': [disc, 'disc'], 'c.png': [square, 'square;bar'] } as const
    const entries = Object.entries(labelled).map(([name, [bytes, labels]]): [string, [Uint8Array, string]] => [
      name,
      [bytes, labels],
    ])
    const mixed = await pictures({ ...Object.fromEntries(entries), 'x.png': [bar, ''], 'y.png': [disc, ''] })
    const { warnings, stages } = await trainSemPLeS(classifyRun(mixed, { batch: 1 }))
    expect(stages[0].steps).toBe(3)
    expect(warnings.filter((warning) => /no label/.test(warning))).toEqual([
      '2 pictures have no label: left out of training',
    ])
    for (const { pairs } of await metricsOf(mixed.out)) expect(pairs).toBeGreaterThan(0)
    // They might as well not be there.
    const alone = await pictures(Object.fromEntries(entries))
    await trainSemPLeS(classifyRun(alone, { batch: 1 }))
    expect(await outcomeOf(alone.out)).toEqual(await outcomeOf(mixed.out))
  })
})

describe('pictures of every kind', () => {
  test('smaller than a patch, one pixel, very flat: all are trained on', async () => {
    const picture = sharp(await shape('p00.png'))
    const sizes: [number, number][] = [
      [5, 5],
      [1, 1],
      [200, 2],
      [2, 200],
      [7, 40],
    ]
    const files = sizes.map(
      async ([width, height]): Promise<[string, [Uint8Array, string]]> => [
        `${width}x${height}.png`,
        [await picture.clone().resize(width, height, { fit: 'fill' }).png().toBuffer(), 'bar'],
      ],
    )
    const own = await pictures({
      ...Object.fromEntries(await Promise.all(files)),
      'disc.png': [await shape('p01.png'), 'disc'],
    })
    for (const augment of ['none', 'light', 'reference'] as const) {
      const out = `${own.out}-${augment}`
      await trainSemPLeS(classifyRun({ ...own, out }, { augment, batch: 6, epochs: 2 }))
      const losses = (await metricsOf(out)).map(({ loss }) => loss)
      expect(losses).toHaveLength(2)
      expect(losses.every(Number.isFinite)).toBe(true)
    }
  })

  test('grey, 16-bit, CMYK, alpha, palette, turned by EXIF', async () => {
    const picture = sharp(await shape('p00.png'))
    const own = await pictures({
      'grey.jpg': [await picture.clone().grayscale().jpeg().toBuffer(), 'bar'],
      'deep.png': [await picture.clone().toColourspace('rgb16').png().toBuffer(), 'bar'],
      'ink.jpg': [await picture.clone().toColourspace('cmyk').jpeg().toBuffer(), 'bar'],
      'alpha.png': [await picture.clone().ensureAlpha(0.5).png().toBuffer(), 'bar'],
      'palette.png': [await picture.clone().png({ palette: true, colours: 8 }).toBuffer(), 'bar'],
      'web.webp': [await picture.clone().webp().toBuffer(), 'bar'],
      'turned.jpg': [await picture.clone().withMetadata({ orientation: 6 }).jpeg().toBuffer(), 'bar'],
      'disc.tif': [
        await sharp(await shape('p01.png'))
          .tiff()
          .toBuffer(),
        'disc',
      ],
    })
    const { stages } = await trainSemPLeS(classifyRun(own, { batch: 8, epochs: 2 }))
    expect(stages).toMatchObject([{ steps: 2 }])
    expect(Number.isFinite(stages[0].lastLoss)).toBe(true)
  })

  test('turned by EXIF is the same as turned in the file', async () => {
    const shown = await shape('p01.png')
    const lying = await sharp(shown).rotate(-90).withMetadata({ orientation: 6 }).png().toBuffer()
    const other: [Uint8Array, string] = [await shape('p00.png'), 'bar']
    const [one, two] = [
      await pictures({ 'a.png': [shown, 'disc'], 'b.png': other }),
      await pictures({ 'a.png': [lying, 'disc'], 'b.png': other }),
    ]
    for (const own of [one, two]) await trainSemPLeS(classifyRun(own, { batch: 2, epochs: 2 }))
    expect(await outcomeOf(two.out)).toEqual(await outcomeOf(one.out))
  })
})

test('one class, one picture, one step', async () => {
  const own = await pictures({ 'a.png': [await shape('p00.png'), 'bar'] })
  const { stages, classes } = await trainSemPLeS(classifyRun(own, { batch: 1 }))
  expect(classes.classes).toHaveLength(1)
  expect(stages).toMatchObject([{ steps: 1, epochs: 1 }])
})

describeWithClip('pairs', () => {
  test('a single positive pair in a batch goes through every stage', async () => {
    const own = await pictures({ 'a.png': [await shape('p00.png'), 'bar'], 'b.png': [await shape('p01.png'), 'disc'] })
    const clip = await tinyClipArchive()
    await trainSemPLeS(tinyRun(own.data, own.out, { clip, batch: 1 }))
    const records = await metricsOf(own.out)
    expect(records).toHaveLength(16)
    for (const { pairs, loss } of records) {
      expect(pairs).toBe(1)
      expect(Number.isFinite(loss)).toBe(true)
    }
  })

  test('a picture with every class counts one pair for each', async () => {
    const own = await pictures({
      'all.png': [await shape('p02.png'), 'square;bar;disc'],
      'two.png': [await shape('p02.png'), 'square;bar'],
    })
    const clip = await tinyClipArchive()
    await trainSemPLeS(tinyRun(own.data, own.out, { clip, batch: 2, epochs: 1 }))
    expect((await metricsOf(own.out)).map(({ pairs }) => pairs)).toEqual([5, 5, 5, 5])
  })
})
