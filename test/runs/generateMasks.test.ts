import { createHash } from 'node:crypto'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from '@jest/globals'
import sharp from 'sharp'
import { folder } from '../../lib/datasets/folder.js'
import type { FolderData } from '../../lib/datasets/kinds/folder.js'
import { readNpy } from '../../lib/formats/npy.js'
import { readNpz } from '../../lib/formats/npz.js'
import { vocColor } from '../../lib/masks/palette.js'
import { readMask, writeMask } from '../../lib/masks/png.js'
import { maskFromCams } from '../../lib/masks/threshold.js'
import { MaskGenerator } from '../../lib/models/maskGenerator.js'
import { decodeImage } from '../../lib/pictures/decode.js'
import { scaledImages } from '../../lib/pictures/scales.js'
import { refineMask } from '../../lib/refine/refineMask.js'
import { exportMasks } from '../../lib/runs/annotations/exportMasks.js'
import { evaluate } from '../../lib/runs/evaluate.js'
import { generateMasks } from '../../lib/runs/generateMasks.js'
import { trainSemPLeS } from '../../lib/runs/trainSemPLeS.js'
import { type LabelledPictures, writePictures, writeShapes } from '../runs/shapes.js'
import { filesOf, jsonOf, temporaryFolder, tensorsOf, tinyGenerator, tinyRun } from '../runs/tiny.js'
import { javaScriptTime } from '../support/processorTime.js'

let root: string
let run: string
let data: FolderData & { masks: string }
let classes: string
beforeAll(async () => {
  root = await temporaryFolder()
  run = join(root, 'run')
  data = await writeShapes(root)
  classes = join(run, 'classes.json')
  await trainSemPLeS(tinyRun(data, run, { stages: ['classify'], epochs: 1, lr: 2 }))
})

let count = 0
const hashOf = (content: string | Buffer) => createHash('sha256').update(content).digest('hex')

/** Hashes of the files of a folder by name. */
async function contentsOf(folder: string): Promise<Record<string, string>> {
  const names = await filesOf(folder)
  const contents = names.map(async (name) => [name, hashOf(await readFile(join(folder, name)))])
  return Object.fromEntries(await Promise.all(contents))
}

/** A folder of pictures with their labels, of the classes of the run, and a place for their masks. */
async function pictures(files: LabelledPictures) {
  const place = join(root, `own-${++count}`)
  return { data: { ...(await writePictures(place, files)), classes }, out: join(place, 'masks') }
}

test('a mask is the thresholded map of its own picture: labels alone, every scale, both ways round', async () => {
  const out = join(root, 'made')
  await generateMasks({ run, out, threshold: 0.6, cams: true })
  const { items } = await folder(data)
  using generator = await MaskGenerator.create({ ...tinyGenerator, classes: 3 })
  await generator.load((await tensorsOf(run, 'classify')).generator)
  for (const { id, image, labels } of items) {
    const scales = await scaledImages(await decodeImage(image), [1, 1.2])
    const expected = await generator.cams(scales, labels)
    expect((await readNpy(join(out, `${id}.npy`))).data).toEqual(expected.cams)
    const mask = maskFromCams({ ...expected, classIds: labels.map((index) => index + 1), threshold: 0.6 })
    expect(await readMask(join(out, `${id}.png`))).toEqual(mask)
  }
})

describe('odd pictures', () => {
  test('EXIF orientation: the mask is as viewers show the picture', async () => {
    const shown = await readFile(join(data.folder, 'p02.png'))
    // Stored lying on its side, with the note that viewers have to turn it by 90 degrees (orientation 6).
    const lying = await sharp(shown).rotate(-90).withMetadata({ orientation: 6 }).png().toBuffer()
    expect(await sharp(lying).metadata()).toMatchObject({ width: 40, height: 48, orientation: 6 })
    const own = await pictures({ 'lying.png': [lying, 'square;bar'], 'shown.png': [shown, 'square;bar'] })
    await generateMasks({ run, ...own })
    const mask = await readMask(join(own.out, 'lying.png'))
    expect(mask).toMatchObject({ width: 48, height: 40 })
    expect(mask).toEqual(await readMask(join(own.out, 'shown.png')))
  })

  test('a picture without a label is all background, in masks, maps and judgement', async () => {
    const picture = await readFile(join(data.folder, 'p00.png'))
    const own = await pictures({ 'empty.png': [picture, ''], 'bar.png': [picture, 'bar'] })
    const truth = join(root, 'truth')
    for (const name of ['empty', 'bar']) {
      await writeMask(join(truth, `${name}.png`), { width: 48, height: 40, data: new Uint8Array(48 * 40) })
    }
    for (const cams of ['npy', 'npz'] as const) {
      const out = `${own.out}-${cams}`
      expect(await generateMasks({ run, ...own, out, cams })).toMatchObject({ pictures: 2, unlabelled: 1 })
      expect((await readMask(join(out, 'empty.png'))).data.every((id) => id === 0)).toBe(true)
      const swept = await evaluate({ cams: out, groundTruth: { ...own.data, masks: truth } })
      expect(swept).toMatchObject({ pictures: 2 })
      const masks = await evaluate({ masks: out, groundTruth: truth, classes })
      expect(swept.curve?.find(({ threshold }) => threshold === 0.45)?.miou).toBe(masks.miou)
    }
    expect((await readNpy(join(`${own.out}-npy`, 'empty.npy'))).shape).toEqual([0, 40, 48])
    expect(await readNpz(join(`${own.out}-npz`, 'empty.npz'))).toEqual({})
  })

  test('a picture smaller than a patch is an error that names it; the masks before it are whole', async () => {
    const picture = await readFile(join(data.folder, 'p00.png'))
    const tiny = await sharp(picture).resize(7, 20, { fit: 'fill' }).png().toBuffer()
    const own = await pictures({ 'a.png': [picture, 'bar'], 'b.png': [tiny, 'bar'], 'c.png': [picture, 'bar'] })
    await expect(generateMasks({ run, ...own })).rejects.toMatchObject({
      code: 'SEMPLES_IMAGE_TOO_SMALL',
      file: join(own.data.folder, 'b.png'),
      value: '7x20',
    })
    expect(await filesOf(own.out)).toEqual(['a.png', 'masks.json'])
    expect(await readMask(join(own.out, 'a.png'))).toMatchObject({ width: 48, height: 40 })
  })

  test('a damaged picture is an error that names it; the masks before it are whole', async () => {
    const picture = await readFile(join(data.folder, 'p00.png'))
    const own = await pictures({ 'a.png': [picture, 'bar'], 'b.png': [picture.subarray(0, 300), 'bar'] })
    await expect(generateMasks({ run, ...own })).rejects.toMatchObject({
      code: 'SEMPLES_IMAGE_UNREADABLE',
      file: join(own.data.folder, 'b.png'),
    })
    expect(await filesOf(own.out)).toEqual(['a.png', 'masks.json'])
  })

  test('grey, 16-bit, CMYK, alpha and palette pictures get masks of their size', async () => {
    const picture = sharp(await readFile(join(data.folder, 'p00.png')))
    const own = await pictures({
      'grey.png': [await picture.clone().grayscale().png().toBuffer(), 'bar'],
      'deep.png': [await picture.clone().toColourspace('rgb16').png().toBuffer(), 'bar'],
      'ink.jpg': [await picture.clone().toColourspace('cmyk').jpeg().toBuffer(), 'bar'],
      'alpha.png': [await picture.clone().ensureAlpha(0.5).png().toBuffer(), 'bar'],
      'palette.png': [await picture.clone().png({ palette: true, colours: 8 }).toBuffer(), 'bar'],
    })
    expect((await generateMasks({ run, ...own })).pictures).toBe(5)
    for (const name of ['grey', 'deep', 'ink', 'alpha', 'palette'])
      expect(await readMask(join(own.out, `${name}.png`))).toMatchObject({ width: 48, height: 40 })
  })
})

describe('stopping', () => {
  test('before it begins writes nothing', async () => {
    const out = join(root, 'never')
    const signal = AbortSignal.abort(new Error('no'))
    await expect(generateMasks({ run, out, signal })).rejects.toThrow('no')
    expect(await filesOf(out)).toEqual([])
  })

  test.each([1, 4, 8])('after %i pictures leaves so many whole masks, and goes on with the rest', async (wanted) => {
    const out = join(root, `stopped-${wanted}`)
    const controller = new AbortController()
    const making = generateMasks({
      run,
      out,
      cams: 'npz',
      signal: controller.signal,
      onProgress: ({ step }) => {
        if (step === wanted) controller.abort(new Error('stop'))
      },
    })
    await expect(making).rejects.toThrow('stop')
    const names = await filesOf(out)
    const masks = names.filter((name) => name.endsWith('.png'))
    expect(masks).toHaveLength(wanted)
    expect(names).toHaveLength(2 * masks.length + 1)
    expect(await jsonOf(out, 'masks.json')).not.toHaveProperty('complete')
    for (const name of masks) {
      expect(await readMask(join(out, name))).toMatchObject({ width: 48, height: 40 })
      expect(Object.keys(await readNpz(join(out, name.replace('png', 'npz')))).length).toBeGreaterThan(0)
    }
    // Nothing goes on behind the caller's back.
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(await filesOf(out)).toEqual(names)
    const whole = join(root, `whole-${wanted}`)
    await generateMasks({ run, out: whole, cams: 'npz' })
    expect(await generateMasks({ run, out, cams: 'npz' })).toMatchObject({ pictures: 9, skipped: wanted })
    expect(await contentsOf(out)).toEqual(await contentsOf(whole))
  })
})

describe('a second call for the same folder', () => {
  const madeOnce = async (name: string, options: object = {}) => {
    const out = join(root, `again-${name}`)
    await generateMasks({ run, out, ...options })
    return out
  }

  test('keeps finished masks, and makes again what is missing', async () => {
    const out = await madeOnce('kept', { overlay: true })
    const before = await contentsOf(out)
    await writeFile(join(out, 'p03.png'), 'kept as it is')
    await rm(join(out, 'p01.png'))
    await rm(join(out, 'overlays', 'p02.jpg'))
    expect(await generateMasks({ run, out, overlay: true })).toMatchObject({ pictures: 9, skipped: 8 })
    const { 'p03.png': kept, ...others } = await contentsOf(out)
    expect({ ...others, 'p03.png': before['p03.png'] }).toEqual(before)
    expect(kept).toBe(hashOf('kept as it is'))
  })

  test('what is asked for beside masks does not decide them: it is added, or left as it is', async () => {
    const both = await madeOnce('both', { overlay: true, cams: 'npy' })
    const out = await madeOnce('bare')
    await writeFile(join(out, 'p03.png'), await readFile(join(both, 'p04.png')))
    const kept = await readFile(join(out, 'p03.png'))
    // The overlay is of the mask that is there.
    expect(await generateMasks({ run, out, overlay: true })).toMatchObject({ pictures: 9, skipped: 9 })
    expect(await readFile(join(out, 'p03.png'))).toEqual(kept)
    const overlay = (folder: string, id: string) => readFile(join(folder, 'overlays', `${id}.jpg`))
    expect(await overlay(out, 'p01')).toEqual(await overlay(both, 'p01'))
    expect(await overlay(out, 'p03')).not.toEqual(await overlay(both, 'p03'))
    expect(await generateMasks({ run, out })).toMatchObject({ skipped: 9 })
    // Maps have to be computed, and masks with them.
    expect(await generateMasks({ run, out, cams: 'npy' })).toMatchObject({ skipped: 0 })
    expect(await readFile(join(out, 'p03.npy'))).toEqual(await readFile(join(both, 'p03.npy')))
    expect(await generateMasks({ run, out, cams: 'npy', overlay: true })).toMatchObject({ skipped: 9 })
  })

  test('annotations are those of exportMasks, and none are written over', async () => {
    const out = await madeOnce('annotated', { annotations: 'coco' })
    const made = await jsonOf(join(out, 'annotations.json'))
    const again = join(root, 'annotated.json')
    const { pictures: written } = await exportMasks({ masks: out, images: data.folder, format: 'coco', out: again })
    expect([written, made]).toEqual([9, await jsonOf(again)])
    await expect(generateMasks({ run, out, annotations: 'coco' })).rejects.toMatchObject({
      code: 'SEMPLES_OUTPUT_EXISTS',
    })
    const { skipped, annotations } = await generateMasks({ run, out, annotations: 'labelme' })
    expect([skipped, annotations]).toMatchObject([9, { pictures: 9, kept: 0, failed: [] }])
    expect(await jsonOf(join(out, 'labelme/p01.json'))).toMatchObject({ imageData: null })
  })

  test('maps and overlays of other settings are not taken for those of masks that were made again', async () => {
    const out = await madeOnce('stale', { overlay: true, cams: 'npy' })
    await generateMasks({ run, out, threshold: 0.2, overwrite: true })
    expect((await filesOf(out)).filter((name) => !name.endsWith('.png'))).toEqual(['masks.json'])
    await generateMasks({ run, out, threshold: 0.2, overlay: true })
    const fresh = await madeOnce('fresh', { threshold: 0.2, overlay: true })
    for (const id of ['p00', 'p05'])
      expect(await readFile(join(out, 'overlays', `${id}.jpg`))).toEqual(
        await readFile(join(fresh, 'overlays', `${id}.jpg`)),
      )
  })

  const changes = {
    threshold: { threshold: 0.2 },
    refine: { refine: 'coco' },
    labels: { labels: ['bar'] },
    data: {},
  } as const
  test.each(Object.entries(changes))(
    'with other %s is refused before anything is written; overwrite makes all masks again',
    async (field, change) => {
      const out = await madeOnce(field)
      const before = await contentsOf(out)
      const other =
        field === 'data'
          ? (await pictures({ 'p00.png': [await readFile(join(data.folder, 'p01.png')), 'bar'] })).data
          : data
      const input = { run, out, data: other, ...change }
      await expect(generateMasks(input)).rejects.toMatchObject({
        code: 'SEMPLES_OUTPUT_EXISTS',
        message: expect.stringMatching(/other settings: \w+ differs/),
        hint: expect.stringMatching(/--overwrite/),
      })
      expect(await contentsOf(out)).toEqual(before)
      const { pictures: count } = await generateMasks({ ...input, overwrite: true })
      expect(await generateMasks(input)).toMatchObject({ pictures: count, skipped: count })
    },
  )

  test('of another run is refused', async () => {
    const out = await madeOnce('run')
    const other = join(root, 'other-run')
    await trainSemPLeS(tinyRun(data, other, { stages: ['classify'], epochs: 1, lr: 1 }))
    await expect(generateMasks({ run: other, out })).rejects.toMatchObject({ code: 'SEMPLES_OUTPUT_EXISTS' })
  })
})

test('N11: of two calls that write one folder at a time, one works and the other says so', async () => {
  const out = join(root, 'both')
  const calls = await Promise.allSettled([generateMasks({ run, out }), generateMasks({ run, out })])
  expect(calls.some(({ status }) => status === 'fulfilled')).toBe(true)
  for (const call of calls)
    if (call.status === 'rejected') expect(call.reason).toMatchObject({ code: 'SEMPLES_RUN_LOCKED', file: out })
  const { pictures: count } = await generateMasks({ run, out })
  expect(await generateMasks({ run, out })).toMatchObject({ skipped: count })
})

test('refined masks are those of refineMask on the same CAMs, with the picture in its own colours', async () => {
  const out = join(root, 'refined')
  await generateMasks({ run, out, cams: 'npy', threshold: 0.4, refine: { preset: 'coco', iterations: 3 } })
  for (const { id, image } of (await folder(data)).items) {
    const refined = await refineMask({
      image,
      scores: join(out, `${id}.npy`),
      threshold: 0.4,
      preset: 'coco',
      iterations: 3,
    })
    expect(await readMask(join(out, `${id}.png`))).toEqual(refined.mask)
  }
})

test('an overlay has the colours of the mask over the picture, and the picture where there is none', async () => {
  const out = join(root, 'overlaid')
  await generateMasks({ run, out, overlay: true })
  const { items } = await folder(data)
  for (const { id, image } of items) {
    const picture = await decodeImage(image)
    const mask = await readMask(join(out, `${id}.png`))
    const overlay = await decodeImage(join(out, 'overlays', `${id}.jpg`))
    expect(overlay).toMatchObject({ width: 48, height: 40 })
    let difference = 0
    for (const [pixel, label] of mask.data.entries())
      for (let channel = 0; channel < 3; channel++) {
        const own = picture.data[3 * pixel + channel]!
        const expected = label === 0 ? own : 0.45 * own + 0.55 * vocColor(label)[channel]!
        difference += Math.abs(overlay.data[3 * pixel + channel]! - expected) / (3 * mask.data.length)
      }
    // What JPEG loses.
    expect(difference).toBeLessThan(6)
  }
})

test('a split of data that have none is refused', async () => {
  const out = join(root, 'split')
  await expect(generateMasks({ run, out, split: 'val' })).rejects.toMatchObject({
    code: 'SEMPLES_OPTION_INVALID',
    field: 'split',
  })
  expect(await filesOf(out)).toEqual([])
})

describe('refusals', () => {
  test.each([-0.1, 1.1, Number.NaN])('a threshold of %d', async (threshold) => {
    const out = join(root, 'threshold')
    await expect(generateMasks({ run, out, threshold })).rejects.toMatchObject({
      code: 'SEMPLES_CONFIG_INVALID',
      field: 'threshold',
    })
    expect(await filesOf(out)).toEqual([])
  })

  test('no run there, or one without a trained generator', async () => {
    await expect(generateMasks({ run: root, out: join(root, 'x') })).rejects.toMatchObject({
      code: 'SEMPLES_RUN_MISSING',
      file: root,
    })
    const begun = join(root, 'begun')
    const controller = new AbortController()
    const onProgress = ({ stage }: { stage: string }) => stage === 'classify' && controller.abort(new Error('now'))
    const input = { ...tinyRun(data, begun, { stages: ['classify'] }), signal: controller.signal }
    await expect(trainSemPLeS({ ...input, onProgress: (event) => void onProgress(event) })).rejects.toThrow('now')
    await expect(generateMasks({ run: begun, out: join(root, 'x') })).rejects.toMatchObject({
      code: 'SEMPLES_STAGE_MISSING',
      file: begun,
      hint: expect.stringMatching(/resume/),
    })
    expect(await filesOf(join(root, 'x'))).toEqual([])
  })

  test('a place for masks that is a file', async () => {
    const out = join(root, 'taken')
    await writeFile(out, 'mine')
    await expect(generateMasks({ run, out })).rejects.toMatchObject({ code: 'SEMPLES_WRITE_FAILED' })
    expect(await readFile(out, 'utf8')).toBe('mine')
  })
})

const busyTime = (): number => javaScriptTime() ?? performance.now()

test('large pictures with many labels leave the event loop its turns', async () => {
  const labels = Array.from({ length: 80 }, (_, index) => `class${index}`)
  const place = join(root, 'large')
  await mkdir(join(place, 'pictures'), { recursive: true })
  const table = { name: 'large', classes: labels.map((label, index) => ({ id: index + 1, label })) }
  await writeFile(join(place, 'classes.json'), JSON.stringify(table))
  const rows: string[] = []
  for (let index = 0; index < 5; index++) {
    const noise = { type: 'gaussian', mean: 128, sigma: 60 } as const
    await sharp({ create: { width: 640, height: 480, channels: 3, noise, background: 'black' } })
      .blur(2)
      .jpeg()
      .toFile(join(place, 'pictures', `${index}.jpg`))
    rows.push(`${index}.jpg,${labels.slice(10 * index, 10 * index + 10).join(';')}\n`)
  }
  await writeFile(join(place, 'labels.csv'), rows.join(''))
  const own = {
    folder: join(place, 'pictures'),
    labels: join(place, 'labels.csv'),
    classes: join(place, 'classes.json'),
  }
  const generator = { patchSize: 16 }
  await trainSemPLeS(tinyRun(own, join(place, 'run'), { stages: ['classify'], epochs: 1, generator }))

  // The longest time without a turn while each picture was worked on.
  const stalls: number[] = []
  let longest = 0
  let last = busyTime()
  const timer = setInterval(() => {
    const now = busyTime()
    longest = Math.max(longest, now - last)
    last = now
  }, 1)
  try {
    await generateMasks({
      run: join(place, 'run'),
      out: join(place, 'masks'),
      cams: true,
      threads: 1,
      onProgress: ({ step }) => {
        if (step > 0) stalls.push(longest)
        longest = 0
      },
    })
  } finally {
    clearInterval(timer)
  }
  expect(stalls).toHaveLength(5)
  // In the middle one: compiling code and collecting garbage have their moments too.
  expect(stalls.sort((one, other) => one - other)[2]).toBeLessThan(50)
})
