import { copyFile, cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from '@jest/globals'
import type { Progress } from '../../lib/base/progress.js'
import type { Labels } from '../../lib/cam/labels.js'
import { folder } from '../../lib/datasets/folder.js'
import type { FolderData } from '../../lib/datasets/kinds/folder.js'
import { readNpz } from '../../lib/formats/npz.js'
import { readMask } from '../../lib/masks/png.js'
import { MaskGenerator } from '../../lib/models/maskGenerator.js'
import { decodeImage } from '../../lib/pictures/decode.js'
import { generateMasks } from '../../lib/runs/generateMasks.js'
import { trainSemPLeS } from '../../lib/runs/trainSemPLeS.js'
import { describeNative } from '../native/models.js'
import { shapeClasses, writeShapes } from '../runs/shapes.js'
import { filesOf, jsonOf, temporaryFolder, tensorsOf, tinyGenerator, tinyRun } from '../runs/tiny.js'

describeNative('masks of pictures without labels', () => {
  let root: string
  let run: string
  let data: FolderData & { masks: string }
  /** The pictures of the run, without their labels. */
  let photos: string
  beforeAll(async () => {
    root = await temporaryFolder()
    run = join(root, 'run')
    data = await writeShapes(root)
    await trainSemPLeS(tinyRun(data, run, { stages: ['classify'], epochs: 4, lr: 0.5 }))
    photos = join(root, 'photos')
    await mkdir(join(photos, 'more'), { recursive: true })
    for (const [index, name] of (await filesOf(data.folder)).entries())
      await copyFile(join(data.folder, name), join(photos, index < 6 ? name : join('more', name)))
    await writeFile(join(photos, 'notes.txt'), 'mine')
  })

  /** Sigmoid of the class logits of every picture, from the forward pass that training uses. */
  async function scoresOf(): Promise<Map<string, number[]>> {
    using generator = await MaskGenerator.create({ ...tinyGenerator, classes: 3 })
    await generator.load((await tensorsOf(run, 'classify')).generator)
    const scores = new Map<string, number[]>()
    for (const { id, image } of (await folder(data)).items) {
      const { data: pixels, width, height } = await decodeImage(image)
      const { class_logits } = await generator.forward({ pixels, count: 1, height, width })
      const logits = Array.from(class_logits!.data as Float32Array)
      scores.set(
        id,
        logits.map((logit) => 1 / (1 + Math.exp(-logit))),
      )
    }
    return scores
  }

  const classesIn = async (file: string) => new Set((await readMask(file)).data)

  test('predicted: a mask has the classes whose score reaches the threshold, and all of them are asked for', async () => {
    const scores = await scoresOf()
    const sorted = [...scores.values()].flat().sort((one, other) => one - other)
    // Halfway between two scores that differ, so that rounding decides nothing, and pictures with and without labels.
    const at = sorted.findIndex((score, i) => i > sorted.length * 0.7 && sorted[i + 1]! - score > 1e-4)
    const labelThreshold = (sorted[at]! + sorted[at + 1]!) / 2
    const out = join(root, 'predicted')
    const messages: string[] = []
    const onProgress = ({ message = '' }: Progress) => messages.push(message)
    const asked = { run, out, data: { folder: photos }, labels: 'predicted', labelThreshold } as const
    const result = await generateMasks({ ...asked, onProgress })
    const expected = new Map(
      [...scores].map(([id, of]) => [id, shapeClasses.filter((_, index) => of[index]! >= labelThreshold)]),
    )
    const empty = [...expected.values()].filter((labels) => labels.length === 0).length
    expect(empty).toBeGreaterThan(0)
    expect(empty).toBeLessThan(9)
    const labelThresholds = Object.fromEntries(shapeClasses.map((label) => [label, labelThreshold]))
    expect(result).toMatchObject({ pictures: 9, unlabelled: empty, labels: 'predicted', labelThresholds })
    const predicted = ofPhotos(
      new Map(
        [...expected].map(([id, own]) => [id, own.map((label) => scores.get(id)![shapeClasses.indexOf(label)]!)]),
      ),
    )
    for (const [id, own] of Object.entries(predicted)) {
      expect(Object.values(result.predicted![id]!)).toHaveLength(own.length)
      for (const [index, score] of Object.values(result.predicted![id]!).entries())
        expect(score).toBeCloseTo(own[index]!, 3)
    }
    const { predicted: written, ...summary } = await jsonOf(out, 'masks.json')
    expect([summary, written]).toMatchObject([
      { labels: 'predicted', labelThresholds, unlabelled: empty },
      result.predicted,
    ])
    expect(messages.join('\n')).toMatch(/PREDICTED/)
    // The same masks as with these labels in the call, and as with them in a labels file.
    const listed = join(root, 'listed')
    await generateMasks({ run, out: listed, data: { folder: photos }, labels: ofPhotos(expected) })
    const given = join(root, 'given')
    await mkdir(given)
    const rows = [...expected].map(([id, labels]) => `${id}.png,${labels.join(';')}\n`)
    await writeFile(join(given, 'labels.csv'), rows.join(''))
    const labelled = { folder: data.folder, labels: join(given, 'labels.csv'), classes: join(run, 'classes.json') }
    await generateMasks({ run, out: join(given, 'masks'), data: labelled })
    for (const [index, id] of [...expected.keys()].entries()) {
      const name = index < 6 ? `${id}.png` : join('more', `${id}.png`)
      const mask = await readFile(join(out, name))
      expect(mask.equals(await readFile(join(listed, name)))).toBe(true)
      expect(mask.equals(await readFile(join(given, 'masks', `${id}.png`)))).toBe(true)
    }
  })

  const ofPhotos = <T>(labels: Map<string, T>): Record<string, T> =>
    Object.fromEntries([...labels].map(([id, of], index) => [index < 6 ? id : `more/${id}`, of]))

  test('labels that the data have are not looked at, not even their classes', async () => {
    const out = join(root, 'none')
    expect(await generateMasks({ run, out, labels: 'predicted', labelThreshold: 1 })).toMatchObject({
      pictures: 9,
      unlabelled: 9,
    })
    await writeFile(join(photos, 'labels.csv'), 'p00.png,okapi\np01.png,\n')
    const labelled = { folder: photos, labels: 'labels.csv' }
    const other = `${out}-labelled`
    const result = await generateMasks({ run, out: other, data: labelled, labels: 'predicted', labelThreshold: 1 })
    expect(result).toMatchObject({ pictures: 2, unlabelled: 2 })
    expect(result.warnings.join()).toMatch(/2 of 2 pictures have no predicted label.*--label-threshold/)
    expect(await classesIn(join(other, 'p00.png'))).toEqual(new Set([0]))
  })

  test('N03: without a threshold, those with which the labels of the training pictures are predicted best', async () => {
    const scores = await scoresOf()
    const { items } = await folder(data)
    const out = join(root, 'calibrated')
    const result = await generateMasks({ run, out, data: { folder: photos }, labels: 'predicted' })
    for (const [index, label] of shapeClasses.entries()) {
      const present = items.map(({ labels }) => labels.includes(index))
      const f1 = (threshold: number) => {
        const taken = items.map(({ id }) => scores.get(id)![index]! >= threshold)
        const both = taken.filter((is, at) => is && present[at]).length
        return (2 * both) / (taken.filter(Boolean).length + present.filter(Boolean).length)
      }
      const best = Math.max(...Array.from({ length: 1000 }, (_, at) => f1(at / 1000)))
      expect(f1(result.labelThresholds![label]!)).toBeGreaterThanOrEqual(best)
    }
    expect(await jsonOf(run, 'labels.json')).toMatchObject({
      stage: 'classify',
      pictures: 9,
      thresholds: result.labelThresholds,
    })
    expect(result.unlabelled).toBeLessThan(9)
    // labels.csv is a labels file: with it the masks are the same.
    const given = { folder: photos, labels: join(out, 'labels.csv'), classes: join(run, 'classes.json') }
    await generateMasks({ run, out: `${out}-given`, data: given })
    for (const name of (await filesOf(out)).filter((each) => each.endsWith('.png')))
      expect((await readFile(join(out, name))).equals(await readFile(join(`${out}-given`, name)))).toBe(true)
  })

  test('predicted labels survive an interruption', async () => {
    const out = join(root, 'interrupted')
    const asked = { run, out, data: { folder: photos }, labels: 'predicted' } as const
    const controller = new AbortController()
    const onProgress = ({ step }: Progress) => void (step === 4 && controller.abort(new Error('stop')))
    await expect(generateMasks({ ...asked, onProgress, signal: controller.signal })).rejects.toThrow('stop')
    const resumed = await generateMasks(asked)
    const whole = await generateMasks({ ...asked, out: `${out}-whole` })
    expect(resumed.skipped).toBe(4)
    expect(resumed).toMatchObject({ ...whole, out, skipped: 4 })
    expect(await filesOf(out)).toEqual(await filesOf(`${out}-whole`))
    expect(await readFile(join(out, 'labels.csv'), 'utf8')).toBe(
      await readFile(join(`${out}-whole`, 'labels.csv'), 'utf8'),
    )
    expect(await generateMasks(asked)).toMatchObject({ skipped: 9, predicted: whole.predicted })
  })

  test('a run without thresholds takes 0.5, with a warning', async () => {
    const old = join(root, 'old')
    await cp(run, old, { recursive: true })
    await rm(join(old, 'labels.json'))
    const result = await generateMasks({ run: old, out: join(root, 'old-masks'), labels: 'predicted' })
    expect(Object.values(result.labelThresholds!)).toEqual([0.5, 0.5, 0.5])
    expect(result.warnings.join()).toMatch(/no thresholds .* 0\.5 is taken/)
  })

  const ids = ['p00', 'p01', 'more/p08'] as const

  test.each<[string, Labels, (typeof ids)[number][]]>([
    ['the same for all', ['disc'], ['p00', 'p01', 'more/p08']],
    ['by id', { p01: ['disc'], 'more/p08': ['disc'] }, ['p01', 'more/p08']],
    ['by path with extension', { 'p01.png': ['disc', 'disc'], 'more/p08.png': ['disc'] }, ['p01', 'more/p08']],
    ['by file name', { 'p08.png': ['disc'] }, ['more/p08']],
  ])('a list in the call: %s', async (name, labels, expected) => {
    const out = join(root, `list ${name}`)
    const result = await generateMasks({ run, out, data: { folder: photos }, labels, cams: 'npz' })
    expect(result.labels).toBe('list')
    expect(await jsonOf(out, 'masks.json')).toMatchObject({ labels: 'list' })
    for (const id of ids) {
      const maps = Object.keys(await readNpz(join(out, `${id}.npz`)))
      expect([id, maps]).toEqual([id, expected.includes(id) ? ['2'] : []])
    }
  })

  test('class folders keep their ids; other folders are part of them', async () => {
    const sorted = join(root, 'sorted')
    for (const [label, name] of [
      ['bar', 'p00'],
      ['disc', 'p01'],
      ['_background', 'p02'],
    ] as const) {
      await mkdir(join(sorted, label), { recursive: true })
      await copyFile(join(data.folder, `${name}.png`), join(sorted, label, `${name}.png`))
    }
    const out = join(root, 'sorted-masks')
    await generateMasks({ run, out, data: { folder: sorted }, labels: ['bar'] })
    expect(await filesOf(out)).toEqual(['masks.json', 'p00.png', 'p01.png', 'p02.png'])
    await mkdir(join(sorted, 'holidays'))
    await copyFile(join(data.folder, 'p03.png'), join(sorted, 'holidays', 'p03.png'))
    await generateMasks({ run, out: `${out}-2`, data: { folder: sorted }, labels: ['bar'] })
    expect(await filesOf(`${out}-2`)).toContain('holidays/p03.png')
    expect(await filesOf(`${out}-2`)).toContain('bar/p00.png')
  })

  describe('refusals', () => {
    const refused = async (options: { data?: FolderData; labels?: unknown; labelThreshold?: number }) => {
      const out = join(root, 'refused')
      const making = generateMasks({ run, out, data: { folder: photos }, ...(options as object) })
      const error = await making.then(
        () => undefined,
        (reason: unknown) => reason,
      )
      expect(await filesOf(out)).toEqual([])
      return error
    }

    test('a folder without labels, when labels are not asked for: the hint says how', async () => {
      expect(await refused({})).toMatchObject({
        code: 'SEMPLES_CLASSES_DIFFER',
      })
      const flat = join(root, 'flat')
      await mkdir(flat)
      await copyFile(join(data.folder, 'p00.png'), join(flat, 'p00.png'))
      expect(await refused({ data: { folder: flat } })).toMatchObject({
        code: 'SEMPLES_NO_LABELS',
        // Each thing is said once.
        message: expect.stringMatching(/^(?!.*labels file.*labels file).*--labels predicted/),
      })
    })

    test('a folder without pictures', async () => {
      const empty = join(root, 'empty')
      await mkdir(empty)
      expect(await refused({ data: { folder: empty }, labels: 'predicted' })).toMatchObject({
        code: 'SEMPLES_NO_PICTURES',
        file: empty,
      })
    })

    test.each<[string, unknown, object]>([
      [
        'a class that the run does not have',
        ['disk'],
        { code: 'SEMPLES_CLASS_UNKNOWN', hint: expect.stringMatching(/disc/) },
      ],
      ['a picture that is not there', { 'p99.png': ['disc'] }, { code: 'SEMPLES_PICTURE_MISSING', value: 'p99.png' }],
      ['another word', 'guessed', { code: 'SEMPLES_CONFIG_INVALID', field: 'labels' }],
      ['labels that are no lists', { 'p00.png': 'disc' }, { code: 'SEMPLES_CONFIG_INVALID', field: 'labels' }],
    ])('%s', async (_, labels, error) => {
      expect(await refused({ labels })).toMatchObject(error)
    })

    test('a file name that stands for two pictures', async () => {
      const twice = join(root, 'twice')
      for (const place of ['a', 'b']) {
        await mkdir(join(twice, place), { recursive: true })
        await copyFile(join(data.folder, 'p00.png'), join(twice, place, 'p00.png'))
      }
      expect(await refused({ data: { folder: twice }, labels: { 'p00.png': ['bar'] } })).toMatchObject({
        code: 'SEMPLES_PICTURE_MISSING',
        message: expect.stringMatching(/2 times/),
      })
    })

    test.each([-0.1, 1.1, Number.NaN])('a label threshold of %d', async (labelThreshold) => {
      expect(await refused({ labels: 'predicted', labelThreshold })).toMatchObject({
        code: 'SEMPLES_CONFIG_INVALID',
        field: 'labelThreshold',
      })
    })

    test('a label threshold where no label is predicted', async () => {
      expect(await refused({ labels: ['bar'], labelThreshold: 0.5 })).toMatchObject({
        code: 'SEMPLES_CONFIG_INVALID',
        field: 'labelThreshold',
      })
    })
  })
})
