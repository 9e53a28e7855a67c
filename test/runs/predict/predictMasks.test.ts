import { spawnSync } from 'node:child_process'
import { cp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { beforeAll, expect, test } from '@jest/globals'
import sharp from 'sharp'
import { packageFolder } from '../../../lib/base/package.js'
import { readCamFile } from '../../../lib/formats/camFile/camFile.js'
import { readMask, writeMask } from '../../../lib/masks/png.js'
import { refineMasks } from '../../../lib/refine/refineMasks.js'
import { exportMasks } from '../../../lib/runs/annotations/exportMasks.js'
import { evaluate } from '../../../lib/runs/evaluate.js'
import { loadRun } from '../../../lib/runs/predict/loadRun.js'
import { predictMasks } from '../../../lib/runs/predict/predictMasks.js'
import type { Prediction } from '../../../lib/runs/predict/types.js'
import { rejection } from '../../config/refusal.js'
import { needs } from '../../support/needs.js'
import { filesOf, jsonOf, snapshotOf, temporaryFolder } from '../tiny.js'
import { blocks, type Pixels, writeSegmenterRun } from './tinySegmenter.js'

const encoded = ({ data, width, height }: Pixels) => sharp(data, { raw: { width, height, channels: 3 } })

needs('build').describe('masks of pictures in a folder', () => {
  let root: string
  let run: string
  let photos: string
  let count = 0
  const names = ['ferry', 'harbour', 'quay', 'within/quay']
  let expected: Record<string, Prediction>
  beforeAll(async () => {
    root = await temporaryFolder()
    const tiny = await writeSegmenterRun(join(root, 'run'))
    tiny.segmenter.dispose()
    run = tiny.run
    photos = join(root, 'photos')
    await mkdir(join(photos, 'within'), { recursive: true })
    for (const [seed, name] of names.entries())
      await encoded(blocks(61, 47 + seed, seed))
        .png()
        .toFile(join(photos, `${name}.png`))
    using model = await loadRun(run)
    const made = await Promise.all(names.map((name) => model.predict(join(photos, `${name}.png`))))
    expected = Object.fromEntries(names.map((name, at) => [name, made[at]!]))
  })
  const fresh = () => join(root, `out-${++count}`)

  test('as in memory, with the colours and ids of the classes, and what was found', async () => {
    const out = fresh()
    const result = await predictMasks({ run, pictures: photos, out })
    expect(result).toMatchObject({ out, kind: 'segmenter', pictures: 4, skipped: 0, warnings: [] })
    expect(Object.keys(result.found)).toEqual(names)
    expect(await filesOf(out)).toEqual(['labels.csv', 'masks.json', ...names.map((name) => `${name}.png`)].sort())
    for (const name of names) {
      const { mask, width, height, labels } = expected[name]!
      const file = join(out, `${name}.png`)
      expect(await readMask(file)).toEqual({ width, height, data: mask })
      for (const [label, share] of Object.entries(labels)) expect(result.found[name]![label]).toBeCloseTo(share, 5)
      const colours = await sharp(file).toColourspace('srgb').removeAlpha().raw().toBuffer()
      const at = mask.indexOf(7)
      expect([...colours.subarray(3 * at, 3 * at + 3)]).toEqual([0, 0, 200])
    }
    const record = await jsonOf(out, 'masks.json')
    expect(record).toMatchObject({
      run,
      classes: [
        { id: 3, label: 'boat' },
        { id: 7, label: 'person' },
      ],
      kind: 'segmenter',
      complete: true,
      orientation: 'applied',
      scales: [0.5, 1, 1.25],
      predicted: result.found,
    })
    const csv = await readFile(join(out, 'labels.csv'), 'utf8')
    expect(csv.split('\n').filter(Boolean)).toEqual([
      'file,labels',
      ...names.map((name) => `${name}.png,${Object.keys(expected[name]!.labels).join(';')}`),
    ])
  })

  test('eval, annotations and refine read them', async () => {
    const out = fresh()
    await predictMasks({ run, pictures: photos, out, scores: true })
    const classes = join(run, 'classes.json')
    const truth = join(root, 'truth')
    for (const name of names)
      await writeMask(join(truth, `${name}.png`), { ...expected[name]!, data: expected[name]!.mask })
    expect((await evaluate({ masks: out, groundTruth: truth, classes })).miou).toBe(1)
    // At threshold 0 the map of the background decides alone.
    const { curve } = await evaluate({ cams: out, groundTruth: truth, classes, thresholds: [0] })
    expect(curve![0]!.miou).toBeCloseTo(1, 9)
    const annotations = join(root, 'annotations.json')
    expect(await exportMasks({ masks: out, images: photos, format: 'coco', out: annotations })).toMatchObject({
      pictures: 4,
    })
    const refined = fresh()
    const summary = await refineMasks({ images: photos, cams: out, out: refined, preset: 'deeplab' }).finished
    expect([summary.refined, summary.failed]).toEqual([4, []])
    const own = fresh()
    await predictMasks({ run, pictures: photos, out: own, refine: 'deeplab' })
    for (const name of names)
      expect(await readMask(join(own, `${name}.png`))).toEqual(await readMask(join(refined, `${name}.png`)))
  })

  test.each(['npy', 'npz'] as const)(
    'scores as .%s: of the background and the classes that have a pixel',
    async (scores) => {
      const out = fresh()
      await predictMasks({ run, pictures: join(photos, 'ferry.png'), out, scores, labels: ['person'] })
      const { classes, maps } = await readCamFile(join(out, `ferry.${scores}`))
      expect(classes).toEqual([0, 7])
      using model = await loadRun(run)
      const { probabilities } = await model.predict(join(photos, 'ferry.png'), {
        labels: ['person'],
        probabilities: true,
      })
      expect([...maps.data]).toEqual([...probabilities!.background!, ...probabilities!.person!])
    },
  )

  test('an interrupted call goes on, and makes what is missing alone', async () => {
    const out = fresh()
    const controller = new AbortController()
    const reason = new Error('enough')
    const stopped = predictMasks({
      run,
      pictures: photos,
      out,
      overlay: true,
      signal: controller.signal,
      onProgress: ({ step }) => {
        if (step === 2) controller.abort(reason)
      },
    })
    await expect(stopped).rejects.toBe(reason)
    const before = await snapshotOf(out)
    const made = Object.keys(before).filter((name) => name.endsWith('.png'))
    expect(made.length).toBeGreaterThanOrEqual(2)
    expect(made.length).toBeLessThan(4)
    const times = await Promise.all(made.map(async (name) => (await stat(join(out, name))).mtimeMs))
    const result = await predictMasks({ run, pictures: photos, out, overlay: true })
    expect(result).toMatchObject({ pictures: 4, skipped: made.length })
    expect(await Promise.all(made.map(async (name) => (await stat(join(out, name))).mtimeMs))).toEqual(times)
    const whole = fresh()
    await predictMasks({ run, pictures: photos, out: whole, overlay: true })
    const [one, other] = [await snapshotOf(out), await snapshotOf(whole)]
    expect(one).toEqual({ ...other })
  })

  test('later calls add pictures to the folder; an overlay is drawn without the model', async () => {
    const out = fresh()
    await predictMasks({ run, pictures: join(photos, 'ferry.png'), out })
    const second = await predictMasks({ run, pictures: [join(photos, 'quay.png')], out })
    expect(second).toMatchObject({ pictures: 1, skipped: 0 })
    const third = await predictMasks({
      run,
      pictures: [join(photos, 'ferry.png'), join(photos, 'quay.png')],
      out,
      overlay: true,
    })
    expect(third).toMatchObject({ pictures: 2, skipped: 2 })
    expect(await readdir(join(out, 'overlays'))).toEqual(['ferry.jpg', 'quay.jpg'])
    const { predicted } = await jsonOf(out, 'masks.json')
    expect(Object.keys(predicted as object)).toEqual(['ferry', 'quay'])
    expect((await readFile(join(out, 'labels.csv'), 'utf8')).split('\n')).toHaveLength(4)
  })

  test('another picture of that name, other settings, and files of others are not written over', async () => {
    const out = fresh()
    await predictMasks({ run, pictures: join(photos, 'quay.png'), out })
    const before = await snapshotOf(out)
    for (const options of [
      { pictures: join(photos, 'within/quay.png') },
      { pictures: join(photos, 'quay.png'), scales: [1] },
      { pictures: join(photos, 'quay.png'), refine: 'voc' as const },
      { pictures: join(photos, 'quay.png'), labels: ['boat'] },
    ])
      expect([options, await predictMasks({ run, out, ...options }).catch((error: unknown) => error)]).toMatchObject([
        options,
        { code: 'SEMPLES_OUTPUT_EXISTS' },
      ])
    expect(await snapshotOf(out)).toEqual(before)
    const other = await predictMasks({ run, out, pictures: join(photos, 'within/quay.png'), overwrite: true })
    expect(other.skipped).toBe(0)
    expect((await readMask(join(out, 'quay.png'))).data).toEqual(expected['within/quay']!.mask)
    const foreign = fresh()
    await mkdir(foreign)
    await writeFile(join(foreign, 'quay.png'), 'mine')
    expect(await rejection(predictMasks({ run, out: foreign, pictures: join(photos, 'quay.png') }))).toMatchObject({
      code: 'SEMPLES_OUTPUT_EXISTS',
    })
    expect(await readFile(join(foreign, 'quay.png'), 'utf8')).toBe('mine')
  })

  test('two pictures whose masks would have one name', async () => {
    const out = fresh()
    const pictures = [join(photos, 'quay.png'), join(photos, 'within/quay.png')]
    const refused = await rejection(predictMasks({ run, pictures, out }))
    expect(refused).toMatchObject({ code: 'SEMPLES_NAME_INVALID', file: pictures[1] })
    expect(await filesOf(out)).toEqual([])
    // The same picture twice is one.
    expect(await predictMasks({ run, pictures: [pictures[0]!, pictures[0]!], out })).toMatchObject({ pictures: 1 })
    const beside = join(root, 'beside')
    await mkdir(beside)
    await cp(pictures[0]!, join(beside, 'a.png'))
    await encoded(blocks(20, 20)).jpeg().toFile(join(beside, 'a.jpg'))
    const { found } = await predictMasks({ run, pictures: beside, out: fresh() })
    expect(Object.keys(found).sort()).toEqual(['a.jpg', 'a.png'])
  })

  test('a data set, and its split', async () => {
    const out = fresh()
    const data = { folder: photos, val: 0.5, labels: join(root, 'labels.csv') }
    await writeFile(data.labels, `file,labels\n${names.map((name) => `${name}.png,boat`).join('\n')}\n`)
    await writeFile(join(root, 'classes.json'), await readFile(join(run, 'classes.json')))
    const pictures = { ...data, classes: join(root, 'classes.json') }
    const val = await predictMasks({ run, pictures, out })
    const train = await predictMasks({ run, pictures, split: 'train', out: fresh() })
    expect([...Object.keys(val.found), ...Object.keys(train.found)].sort()).toEqual([...names].sort())
    expect(await jsonOf(out, 'masks.json')).toMatchObject({ split: 'val' })
    const refused = predictMasks({ run, pictures: photos, split: 'val', out: fresh() })
    expect(await rejection(refused)).toMatchObject({ code: 'SEMPLES_OPTION_INVALID', field: 'split' })
  })

  test('what is no picture is refused by its name, and nothing is written for it', async () => {
    const odd = join(root, 'odd')
    await mkdir(odd)
    await writeFile(join(odd, 'notes.txt'), 'text')
    const voc = join(odd, 'voc.png')
    await writeMask(voc, { width: 2, height: 2, data: Uint8Array.of(0, 1, 2, 3) })
    const ours = join(odd, 'ours.png')
    await writeMask(ours, { width: 2, height: 2, data: Uint8Array.of(0, 1, 2, 3) }, undefined, 'applied')
    for (const [pictures, code] of [
      [join(odd, 'missing.jpg'), 'SEMPLES_FILE_UNREADABLE'],
      [join(odd, 'notes.txt'), 'SEMPLES_IMAGE_UNREADABLE'],
      [voc, 'SEMPLES_IMAGE_UNREADABLE'],
      [ours, 'SEMPLES_IMAGE_UNREADABLE'],
      [[], 'SEMPLES_NO_PICTURES'],
    ] as const) {
      const out = fresh()
      const refused = await rejection(predictMasks({ run, pictures, out }))
      expect(refused).toMatchObject({ code })
      if (typeof pictures === 'string') expect(refused.message).toContain(basename(pictures))
      expect(await filesOf(out)).toEqual([])
    }
    const empty = join(root, 'empty')
    await mkdir(empty)
    expect(await rejection(predictMasks({ run, pictures: empty, out: fresh() }))).toMatchObject({
      code: 'SEMPLES_NO_PICTURES',
    })
    // A palette alone makes no mask.
    const gif = join(odd, 'palette.png')
    await encoded(blocks(30, 30)).png({ palette: true, colours: 16 }).toFile(gif)
    expect(await predictMasks({ run, pictures: gif, out: fresh() })).toMatchObject({ pictures: 1 })
  })

  test('memory is asked for before a folder is made', async () => {
    const out = fresh()
    const refused = predictMasks({ run, pictures: photos, out, memoryCheck: 'often' as 'warn' })
    expect(await rejection(refused)).toMatchObject({ code: 'SEMPLES_CONFIG_INVALID', field: 'memoryCheck' })
    expect(await filesOf(out)).toEqual([])
  })

  test('masks do not go among the pictures, and are no pictures of a later call', async () => {
    const own = join(root, 'own')
    await cp(photos, own, { recursive: true })
    expect(await rejection(predictMasks({ run, pictures: own, out: own }))).toMatchObject({
      code: 'SEMPLES_OUTPUT_EXISTS',
    })
    const out = join(own, 'predictions')
    await predictMasks({ run, pictures: own, out })
    expect(await predictMasks({ run, pictures: own, out })).toMatchObject({ pictures: 4, skipped: 4 })
    await rm(own, { recursive: true })
  })

  test('in a worker thread', () => {
    const api = JSON.stringify(pathToFileURL(join(packageFolder(), 'dist/index.js')).href)
    const body = `
      const { parentPort } = await import('node:worker_threads')
      const { loadRun } = await import(${api})
      const model = await loadRun(${JSON.stringify(run)})
      const { mask } = await model.predict(${JSON.stringify(join(root, 'photos/ferry.png'))})
      model.dispose()
      parentPort.postMessage([...mask].join(''))`
    const program = `
      const { Worker } = await import('node:worker_threads')
      const worker = new Worker(new URL('data:text/javascript,' + encodeURIComponent(${JSON.stringify(body)})))
      worker.once('message', (text) => { console.log(text) })`
    const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
      encoding: 'utf8',
    })
    expect([stderr, status]).toEqual(['', 0])
    expect(stdout.trim()).toBe([...expected.ferry!.mask].join(''))
  })
})
