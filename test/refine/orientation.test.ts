import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from '@jest/globals'
import sharp from 'sharp'
import { folder } from '../../lib/datasets/folder.js'
import type { LabelMap } from '../../lib/masks/labelMap.js'
import { statedOrientation, turnMask } from '../../lib/masks/orientation.js'
import { readMask, writeMask } from '../../lib/masks/png.js'
import { refineMask } from '../../lib/refine/refineMask.js'
import { refineMasks } from '../../lib/refine/refineMasks.js'
import { evaluate } from '../../lib/runs/evaluate.js'
import { generateMasks } from '../../lib/runs/generateMasks.js'
import { trainSemPLeS } from '../../lib/runs/trainSemPLeS.js'
import { rejection } from '../config/refusal.js'
import { describeNative } from '../native/models.js'
import { jsonOf, tinyRun } from '../runs/tiny.js'

const ALL = [1, 2, 3, 4, 5, 6, 7, 8]
const [WIDTH, HEIGHT] = [40, 28]

/** Three quarters of it are red; the fourth, and a bar along one side, are green: like no turned one of itself. */
function stored(): LabelMap {
  const data = Uint8Array.from({ length: WIDTH * HEIGHT }, (_, i) => {
    const [x, y] = [i % WIDTH, Math.floor(i / WIDTH)]
    return Number((x < 20 && y < 14) || x >= 35)
  })
  return { width: WIDTH, height: HEIGHT, data }
}

async function picture(exif: number): Promise<Buffer> {
  const pixels = Uint8Array.from([...stored().data].flatMap((id) => (id === 1 ? [20, 220, 40] : [220, 30, 30])))
  return sharp(pixels, { raw: { width: WIDTH, height: HEIGHT, channels: 3 } })
    .withMetadata({ orientation: exif })
    .jpeg({ quality: 100, chromaSubsampling: '4:4:4' })
    .toBuffer()
}

/** What sharp makes of the picture for a viewer, as a mask. */
async function shownBySharp(exif: number): Promise<LabelMap> {
  const { data, info } = await sharp(await picture(exif))
    .autoOrient()
    .raw()
    .toBuffer({ resolveWithObject: true })
  const ids = Uint8Array.from({ length: info.width * info.height }, (_, i) => Number(data[3 * i + 1]! > 128))
  return { width: info.width, height: info.height, data: ids }
}

test.each(ALL)('a mask is turned as sharp turns its picture: orientation %i', async (exif) => {
  expect(turnMask(stored(), exif)).toEqual(await shownBySharp(exif))
})

test.each(ALL)('ground truth of pictures as stored is turned, with exif: ignore; orientation %i', async (exif) => {
  const root = await mkdtemp(join(tmpdir(), 'semples-exif-'))
  await writeFile(join(root, 'p.jpg'), await picture(exif))
  await writeFile(join(root, 'labels.csv'), 'file,labels\np.jpg,green\n')
  const masks = join(root, 'truth')
  await writeMask(join(masks, 'p.png'), stored())
  const data = { folder: root, labels: join(root, 'labels.csv'), masks }
  const ignoring = await folder({ ...data, exif: 'ignore' })
  expect(await ignoring.mask(ignoring.items[0]!)).toEqual(await shownBySharp(exif))
  const applying = await folder(data)
  if (exif < 5) expect(await applying.mask(applying.items[0]!)).toEqual(stored())
  else
    expect(await rejection(applying.mask(applying.items[0]!))).toMatchObject({
      code: 'SEMPLES_MASK_SIZE',
      field: 'exif',
      hint: expect.stringMatching(/--exif ignore/),
    })
  // A mask of the picture as shown fits as it is.
  await writeMask(join(masks, 'p.png'), await shownBySharp(exif))
  expect(await applying.mask(applying.items[0]!)).toEqual(await shownBySharp(exif))
})

describeNative('refinement', () => {
  const options = { preset: 'coco' as const, confidence: 0 }

  test.each(ALL)('of labels of the picture as shown, and as stored: orientation %i', async (exif) => {
    const image = await picture(exif)
    const shown = await shownBySharp(exif)
    const applied = await refineMask({ image, labels: shown, exif: 'apply', ...options })
    expect(applied).toMatchObject({ mask: shown, orientation: 'applied' })
    const ignored = await refineMask({ image, labels: stored(), exif: 'ignore', ...options })
    expect(ignored).toMatchObject({ mask: stored(), orientation: 'stored' })
  })

  test.each([5, 6, 7, 8])('maps that are for the picture turned are refused: orientation %i', async (exif) => {
    const image = await picture(exif)
    const tensor = (height: number, width: number) => ({
      dtype: 'float32' as const,
      shape: [2, height, width],
      data: new Float32Array(2 * height * width).fill(0.5),
    })
    const refused = (how: string) => ({
      code: 'SEMPLES_REFINE_INPUT',
      field: 'exif',
      hint: expect.stringContaining(`--exif ${how}`),
    })
    for (const wrong of [tensor(40, 28), tensor(10, 7)])
      expect(await rejection(refineMask({ image, scores: wrong }))).toMatchObject(refused('apply'))
    expect(await rejection(refineMask({ image, labels: turnMask(stored(), exif) }))).toMatchObject(refused('apply'))
    expect(await rejection(refineMask({ image, scores: tensor(7, 10), exif: 'apply' }))).toMatchObject(
      refused('ignore'),
    )
    // Square maps may be either.
    await refineMask({ image, scores: tensor(14, 14) })
  })

  describe('of our own maps', () => {
    let root: string
    let pictures: string
    let run: string
    beforeAll(async () => {
      root = await mkdtemp(join(tmpdir(), 'semples-exif-'))
      pictures = join(root, 'pictures')
      await mkdir(pictures)
      for (const exif of ALL) await writeFile(join(pictures, `p${exif}.jpg`), await picture(exif))
      const labels = join(root, 'labels.csv')
      await writeFile(labels, `file,labels\n${ALL.map((exif) => `p${exif}.jpg,green`).join('\n')}\n`)
      run = join(root, 'run')
      await trainSemPLeS(tinyRun({ folder: pictures, labels }, run, { stages: ['classify'], epochs: 1, batch: 8 }))
    })

    test.each(['npy', 'npz', undefined] as const)('they say which way round they are: %s', async (cams) => {
      const [maps, refined, again] = ['maps', 'refined', 'again'].map((name) => join(root, `${name}-${cams}`))
      await generateMasks({ run, out: maps!, cams })
      expect(await jsonOf(maps!, 'masks.json')).toMatchObject({ orientation: 'applied' })
      const { failed } = await refineMasks({ images: pictures, cams: maps!, out: refined!, classes: cams && [1] })
        .finished
      expect(failed).toEqual([])
      // And what was refined says it too.
      await refineMasks({ images: pictures, cams: refined!, out: again! }).finished
      for (const exif of ALL) {
        const { width, height } = await shownBySharp(exif)
        for (const out of [maps!, refined!, again!]) {
          expect(await readMask(join(out, `p${exif}.png`))).toMatchObject({ width, height })
          expect(await statedOrientation(join(out, `p${exif}.png`))).toBe('applied')
        }
        if (cams === 'npz') expect(await statedOrientation(join(maps!, `p${exif}.npz`))).toBe('applied')
      }
      // The ground truth lies as the pictures are stored.
      const truth = join(root, `truth-${cams}`)
      for (const exif of ALL) await writeMask(join(truth, `p${exif}.png`), stored())
      const groundTruth = { folder: pictures, labels: join(root, 'labels.csv'), masks: truth }
      expect(await rejection(evaluate({ masks: maps!, groundTruth }))).toMatchObject({ field: 'exif' })
      const turned = await evaluate({ masks: refined!, groundTruth: { ...groundTruth, exif: 'ignore' } })
      expect(turned.pictures).toBe(8)
    })
  })
})
