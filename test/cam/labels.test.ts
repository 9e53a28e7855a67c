import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from '@jest/globals'
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
    const result = await generateMasks({ run, out, data: { folder: photos }, labels: 'predicted', labelThreshold })
    const expected = new Map(
      [...scores].map(([id, of]) => [id, shapeClasses.filter((_, index) => of[index]! >= labelThreshold)]),
    )
    const empty = [...expected.values()].filter((labels) => labels.length === 0).length
    expect(empty).toBeGreaterThan(0)
    expect(empty).toBeLessThan(9)
    expect(result).toMatchObject({ pictures: 9, unlabelled: empty, labels: 'predicted', labelThreshold })
    expect(result.notices.join('\n')).toMatch(/PREDICTED/)
    expect(await jsonOf(out, 'masks.json')).toMatchObject({ labels: 'predicted', labelThreshold, unlabelled: empty })
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

  const ofPhotos = (labels: Map<string, string[]>): Labels =>
    Object.fromEntries([...labels].map(([id, of], index) => [index < 6 ? id : `more/${id}`, of]))

  test('labels that the data have are not looked at, not even their classes', async () => {
    const out = join(root, 'none')
    expect(await generateMasks({ run, out, labels: 'predicted', labelThreshold: 1 })).toMatchObject({
      pictures: 9,
      unlabelled: 9,
    })
    await writeFile(join(photos, 'labels.csv'), 'p00.png,okapi\np01.png,\n')
    const labelled = { folder: photos, labels: 'labels.csv' }
    const result = await generateMasks({ run, out, data: labelled, labels: 'predicted', labelThreshold: 1 })
    expect(result).toMatchObject({ pictures: 2, unlabelled: 2 })
    expect(await classesIn(join(out, 'p00.png'))).toEqual(new Set([0]))
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
