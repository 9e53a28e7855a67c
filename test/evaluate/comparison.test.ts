import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Dataset } from '../../lib/datasets/dataset.js'
import { evaluatePictures } from '../../lib/evaluate/evaluate.js'
import { readMask, writeMask } from '../../lib/masks/png.js'
import { needs } from '../support/needs.js'
import { runScript } from '../support/python.js'
import { drawnClasses, drawnFolders } from './drawnMasks.js'

let folder: string
let names: string[]
let given: { masks: string; groundTruth: string; classes: typeof drawnClasses }
const at = (...parts: string[]) => join(folder, ...parts)
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'semples-comparison-'))
  names = await drawnFolders(folder, 2)
  given = { masks: at('masks'), groundTruth: at('truth'), classes: drawnClasses }
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('masks against others', () => {
  test('scores of both are what each has alone, and differences are theirs', async () => {
    const both = await evaluatePictures({ ...given, against: at('against'), boundary: true })
    const one = await evaluatePictures({ ...given, boundary: true })
    const other = await evaluatePictures({ ...given, masks: at('against'), boundary: true })
    const { against, ...own } = both
    expect(own).toEqual(one)
    expect(against).toMatchObject({ folder: at('against'), draws: 1000, seed: 0, onlyInMasks: [], onlyInAgainst: [] })
    expect(against!.miou).toMatchObject({
      masks: expect.closeTo(one.miou, 12),
      against: expect.closeTo(other.miou, 12),
    })
    expect(against!.boundary!.masks).toBeCloseTo(one.boundary!.miou, 12)
    expect(against!.boundary!.against).toBeCloseTo(other.boundary!.miou, 12)
    for (const [index, entry] of against!.perClass.entries())
      expect(entry).toMatchObject({
        id: one.perClass[index]!.id,
        masks: one.perClass[index]!.iou,
        against: other.perClass[index]!.iou,
      })
    for (const entry of [against!.miou, against!.boundary!, ...against!.perClass]) {
      expect(entry.difference).toBe(entry.masks - entry.against)
      expect(entry.low).toBeLessThanOrEqual(entry.high)
    }
  })

  test('the other way round, everything changes its sign', async () => {
    const forth = (await evaluatePictures({ ...given, against: at('against') })).against!
    const back = (await evaluatePictures({ ...given, masks: at('against'), against: at('masks') })).against!
    expect([back.won, back.tied, back.lost]).toEqual([forth.lost, forth.tied, forth.won])
    expect(back.miou.difference).toBe(-forth.miou.difference)
    expect(back.miou.low).toBeCloseTo(-forth.miou.high, 12)
    expect(back.miou.high).toBeCloseTo(-forth.miou.low, 12)
  })

  test('masks against themselves: no difference anywhere', async () => {
    const { against } = await evaluatePictures({ ...given, against: at('masks'), boundary: true })
    for (const { difference, low, high } of [against!.miou, against!.boundary!, ...against!.perClass])
      expect([difference, low, high]).toEqual([0, 0, 0])
    expect(against).toMatchObject({ won: 0, lost: 0 })
  })

  test('draws by seed and number; pictures in another order give the same', async () => {
    const options = { ...given, against: at('against'), bootstrap: 150, seed: 3 }
    const one = await evaluatePictures(options)
    expect(one.against).toMatchObject({ draws: 150, seed: 3 })
    expect(await evaluatePictures({ ...options, ids: [...names].reverse() })).toEqual(one)
    const other = await evaluatePictures({ ...options, seed: 4 })
    expect(other.against!.miou.low).not.toBe(one.against!.miou.low)
    expect(other.miou).toBe(one.miou)
  })

  needs('python').test('pictures won, tied and lost, by NumPy', async () => {
    const mious: Record<string, number | null>[] = []
    for (const masks of ['masks', 'against']) {
      await cp(at('truth'), at(`of-${masks}`, 'truth'), { recursive: true })
      await cp(at(masks), at(`of-${masks}`, 'masks'), { recursive: true })
      await cp(at('classes.json'), at(`of-${masks}`, 'classes.json'))
      mious.push(JSON.parse(await runScript('test/evaluate/definition.py', at(`of-${masks}`), '0.02', '0')).mious)
    }
    const gains = Object.keys(mious[0]!).flatMap((name) => {
      const [one, other] = [mious[0]![name], mious[1]![name]]
      return one == null || other == null ? [] : [one - other]
    })
    const { against } = await evaluatePictures({ ...given, against: at('against') })
    expect([against!.won, against!.tied, against!.lost]).toEqual([
      gains.filter((gain) => gain > 1e-12).length,
      gains.filter((gain) => Math.abs(gain) <= 1e-12).length,
      gains.filter((gain) => gain < -1e-12).length,
    ])
    expect(against!.won * against!.lost).toBeGreaterThan(0)
  })

  test('a picture of ignored pixels alone is neither won, tied nor lost', async () => {
    const own = at('ignored')
    for (const [name, label] of [
      ['truth', 255],
      ['masks', 3],
      ['against', 5],
    ] as const)
      await writeMask(join(own, name, 'a.png'), { width: 2, height: 1, data: new Uint8Array(2).fill(label) })
    const { against, pictures, warnings } = await evaluatePictures({
      ...{ masks: join(own, 'masks'), against: join(own, 'against') },
      ...{ groundTruth: join(own, 'truth'), classes: drawnClasses },
    })
    expect(pictures).toBe(1)
    expect(warnings.join()).toMatch(/Every draw of one picture is that picture/)
    expect(against).toMatchObject({ won: 0, tied: 0, lost: 0, miou: { difference: Number.NaN, low: Number.NaN } })
  })
})

test('the folder that is compared with has ids of its own, by its masks.json', async () => {
  const ids = new Map([
    [3, 1],
    [5, 2],
    [20, 3],
  ])
  for (const name of names) {
    const mask = await readMask(at('against', `${name}.png`))
    await writeMask(at('renumbered', `${name}.png`), { ...mask, data: mask.data.map((id) => ids.get(id) ?? id) })
  }
  const classes = drawnClasses.classes.map(({ id, label }) => ({ id: ids.get(id), label }))
  await writeFile(at('renumbered', 'masks.json'), JSON.stringify({ classes }))
  const { against, warnings } = await evaluatePictures({ ...given, against: at('renumbered') })
  const plain = await evaluatePictures({ ...given, against: at('against') })
  expect(against).toEqual({ ...plain.against, folder: at('renumbered') })
  expect(warnings).toEqual([
    expect.stringMatching(/^Of the masks in \S+renumbered: Masks and ground truth number .*by name/),
  ])
})

test('an abort stops the draws', async () => {
  const controller = new AbortController()
  const onProgress = ({ done, total }: { done: number; total: number }) => {
    if (done === total) setTimeout(() => controller.abort(new Error('enough')), 20)
  }
  const options = { ...given, bootstrap: 100_000, signal: controller.signal, onProgress }
  await expect(evaluatePictures(options)).rejects.toThrow('enough')
})

describe('pictures that one folder lacks', () => {
  test('are named, and in no score', async () => {
    await cp(at('masks'), at('some'), { recursive: true })
    await cp(at('against'), at('others'), { recursive: true })
    await rm(at('some', 'p1.png'))
    await rm(at('others', 'p2.png'))
    await rm(at('others', 'p6.png'))
    const found = await evaluatePictures({ ...given, masks: at('some'), against: at('others') })
    const left = names.filter((name) => !['p1', 'p2', 'p6'].includes(name))
    expect(found.pictures).toBe(left.length)
    expect(found.against).toMatchObject({ onlyInMasks: ['p2', 'p6'], onlyInAgainst: ['p1'] })
    const { warnings, against, ...scores } = found
    const wanted = await evaluatePictures({ ...given, against: at('against'), ids: left })
    expect({ ...scores, warnings: wanted.warnings }).toEqual({ ...wanted, against: undefined })
    expect(against!.miou).toEqual(wanted.against!.miou)
    expect(warnings.join('\n')).toMatch(
      /2 pictures with a mask in \S+some and none in \S+others, left out of all scores: p2, p6\.\n1 picture with a mask in \S+others and none in \S+some, .*: p1\./,
    )
  })

  test('a picture that neither has is an error, as without a comparison', async () => {
    await mkdir(at('few'), { recursive: true })
    await cp(at('masks', 'p0.png'), at('few', 'p0.png'))
    await expect(evaluatePictures({ ...given, masks: at('few'), against: at('few') })).rejects.toMatchObject({
      code: 'SEMPLES_MASK_MISSING',
      message: expect.stringMatching(/p1/),
    })
  })

  test('nothing in common', async () => {
    await cp(at('against', 'p1.png'), at('one', 'p1.png'))
    const options = { ...given, masks: at('few'), against: at('one'), ids: ['p0', 'p1'] }
    await expect(evaluatePictures(options)).rejects.toMatchObject({
      code: 'SEMPLES_MASK_MISSING',
      message: expect.stringMatching(/both \S+few \(1 of them\) and \S+one \(1\): there is nothing to compare/),
    })
  })

  test('no such folder', () =>
    expect(evaluatePictures({ ...given, against: at('nowhere') })).rejects.toMatchObject({
      code: 'SEMPLES_FILE_UNREADABLE',
      field: 'against',
      file: at('nowhere'),
      message: expect.stringMatching(/There is no folder .*nowhere/),
    }))

  test('a mask of another size, in the folder that is compared with', async () => {
    await cp(at('against'), at('sizes'), { recursive: true })
    await cp(at('against', 'p0.png'), at('sizes', 'p1.png'))
    await expect(evaluatePictures({ ...given, against: at('sizes') })).rejects.toMatchObject({
      code: 'SEMPLES_MASK_SIZE',
      file: at('sizes', 'p1.png'),
    })
  })
})

test('pictures of a data set without ground truth are not asked of either folder', async () => {
  const dataset: Dataset = {
    name: 'drawn',
    classes: drawnClasses,
    orientation: 'exif',
    items: [...names, 'without'].map((id) => ({ id, image: `/nowhere/${id}.jpg`, labels: [] })),
    mask: async ({ id }) => (id === 'without' ? undefined : readMask(at('truth', `${id}.png`))),
  }
  const found = await evaluatePictures({ masks: at('masks'), against: at('against'), groundTruth: dataset })
  expect(found).toEqual(await evaluatePictures({ ...given, against: at('against') }))
})
