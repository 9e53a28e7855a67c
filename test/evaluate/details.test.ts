import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { evaluatePictures } from '../../lib/evaluate/evaluate.js'
import type { LabelMap } from '../../lib/masks/labelMap.js'
import { writeMask } from '../../lib/masks/png.js'
import { needs } from '../support/needs.js'
import { runScript } from '../support/python.js'
import { drawnClasses, drawnFolders } from './drawnMasks.js'

let folder: string
let given: { masks: string; groundTruth: string; classes: typeof drawnClasses }
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'semples-details-'))
  await drawnFolders(folder)
  given = { masks: join(folder, 'masks'), groundTruth: join(folder, 'truth'), classes: drawnClasses }
})
afterAll(() => rm(folder, { recursive: true, force: true }))

interface Defined {
  boundary: (number | null)[]
  boundaryMiou: number
  pairs: [number, number, number, number][]
  without: number[]
  areas: number[][]
  mious: Record<string, number | null>
}

async function defined(masks: string, share: number, minArea: number): Promise<Defined> {
  const paths = masks === 'masks' ? folder : join(folder, masks)
  return JSON.parse(await runScript('test/evaluate/definition.py', paths, String(share), String(minArea)))
}

const numbers = (values: (number | null)[]) =>
  values.map((value) => (Number.isFinite(value) ? expect.closeTo(value!, 12) : Number.NaN))

needs('python').describe('by the definitions, in NumPy', () => {
  test.each([
    [0.02, 0.001],
    [0.005, 0],
    [0.1, 0.05],
    [0.5, 0.3],
  ])('boundary share %p, area %p', async (share, minArea) => {
    const expected = await defined('masks', share, minArea)
    const { boundary, confusions } = await evaluatePictures({ ...given, boundary: share, confusions: 100, minArea })
    expect(boundary!.perClass.map(({ iou }) => iou)).toEqual(numbers(expected.boundary))
    expect(boundary).toMatchObject({ share, miou: expect.closeTo(expected.boundaryMiou, 12) })
    const pairs = confusions!.pairs.map(({ truth, predicted, pixels, share }) => [
      truth.id,
      predicted.id,
      pixels,
      share,
    ])
    expect(pairs).toEqual(
      expected.pairs.map(([one, other, pixels, share]) => [one, other, pixels, expect.closeTo(share, 12)]),
    )
    for (const [index, found] of confusions!.falsePositives.entries()) {
      const [without, areas] = [expected.without[index + 1]!, expected.areas[index + 1]!]
      expect(found).toMatchObject({ without, pictures: areas.length })
      const mean = areas.reduce((sum, area) => sum + area, 0) / areas.length
      expect([found.share, found.meanArea]).toEqual(numbers([areas.length / without, mean]))
    }
    expect(expected.areas.flat().length).toBeGreaterThan(0)
  })
})

describe('confusions by hand', () => {
  const row = (...data: number[]): LabelMap => ({ width: 10, height: 1, data: Uint8Array.from(data) })

  test('pairs as shares of the true class, void in the masks in none; false positives from an area on', async () => {
    const own = join(folder, 'hand')
    await writeMask(join(own, 'truth', 'a.png'), row(3, 3, 3, 3, 0, 0, 0, 0, 255, 255))
    await writeMask(join(own, 'masks', 'a.png'), row(3, 5, 5, 255, 0, 0, 0, 20, 20, 20))
    await writeMask(join(own, 'truth', 'b.png'), row(0, 0, 0, 0, 0, 0, 0, 0, 0, 5))
    await writeMask(join(own, 'masks', 'b.png'), row(0, 0, 0, 0, 0, 0, 20, 20, 3, 5))
    const options = { masks: join(own, 'masks'), groundTruth: join(own, 'truth'), classes: drawnClasses }
    const { confusions } = await evaluatePictures({ ...options, confusions: true, minArea: 0.125 })
    expect(
      confusions!.pairs.map(({ truth, predicted, pixels, share }) => [truth.id, predicted.id, pixels, share]),
    ).toEqual([
      [0, 20, 3, 3 / 13],
      [3, 5, 2, 2 / 4],
      [0, 3, 1, 1 / 13],
    ])
    // Class 3 on b is a tenth, below the eighth that is asked for; class 20 on a is an eighth of what is not ignored.
    expect(confusions!.falsePositives).toEqual([
      { id: 3, label: 'class 3', without: 1, pictures: 0, share: 0, meanArea: Number.NaN },
      { id: 5, label: 'class 5', without: 1, pictures: 1, share: 1, meanArea: 2 / 8 },
      { id: 20, label: 'class 20', without: 2, pictures: 2, share: 1, meanArea: (1 / 8 + 2 / 10) / 2 },
    ])
    const first = await evaluatePictures({ ...options, confusions: 1 })
    expect(first.confusions!.pairs).toHaveLength(1)
    expect(first.confusions!.falsePositives[0]).toMatchObject({ pictures: 1, meanArea: 1 / 10 })
  })

  test('what is not asked for is not there, and the scores are the same with and without', async () => {
    const plain = await evaluatePictures(given)
    for (const name of ['boundary', 'confusions', 'bootstrap', 'against']) expect(plain).not.toHaveProperty(name)
    const all = await evaluatePictures({ ...given, boundary: true, confusions: true, bootstrap: 100 })
    expect(all).toEqual({ ...plain, boundary: all.boundary, confusions: all.confusions, bootstrap: all.bootstrap })
    expect(all.boundary!.share).toBe(0.02)
    expect(await evaluatePictures({ ...given, boundary: false, confusions: false, bootstrap: false })).toEqual(plain)
  })
})

describe('refuses', () => {
  test.each([
    [{ boundary: 0 }, 'boundary', /share of the diagonal above 0 and below 1/],
    [{ boundary: 1 }, 'boundary', /received 1/],
    [{ boundary: Number.NaN }, 'boundary', /above 0/],
    [{ boundary: '0.02' as unknown as number }, 'boundary', /0\.02/],
    [{ confusions: 0 }, 'confusions', /1 or more/],
    [{ confusions: 2.5 }, 'confusions', /2\.5/],
    [{ confusions: true, minArea: -0.1 }, 'minArea', /from 0 to 1/],
    [{ bootstrap: 10 }, 'bootstrap', /100 to 100,000/],
    [{ bootstrap: true, seed: -1 }, 'seed', /4294967295/],
    [{ bootstrap: true, seed: 0.5 }, 'seed', /whole number/],
  ])('%j', async (options, field, message) => {
    const refused = { code: 'SEMPLES_CONFIG_INVALID', field, message: expect.stringMatching(message) }
    await expect(evaluatePictures({ ...given, ...options })).rejects.toMatchObject(refused)
  })
})
