import { mkdtemp, rename, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { writeNpy } from '../../lib/formats/npy.js'
import { writeNpz } from '../../lib/formats/npz.js'
import { evaluate, voc2012Classes } from '../../lib/index.js'
import { writeMask } from '../../lib/masks/png.js'
import { rejection } from '../config/refusal.js'

/** The left half of a picture is class 4, the right half background; maps of it at any size. */
const half = (height: number, width: number, high = 1) =>
  Float32Array.from({ length: height * width }, (_, i) => (i % width < width / 2 ? high : 0))
const tensor = (height: number, width: number, data = half(height, width)) => ({
  dtype: 'float32' as const,
  shape: [height, width],
  data,
})

async function folders(height = 24, width = 40): Promise<{ cams: string; groundTruth: string }> {
  const [cams, groundTruth] = [await mkdtemp(join(tmpdir(), 'cams-')), await mkdtemp(join(tmpdir(), 'truth-'))]
  await writeMask(join(groundTruth, 'a.png'), { width, height, data: Uint8Array.from(half(height, width, 4)) })
  return { cams, groundTruth }
}
const classes = voc2012Classes

test.each([
  ['caf\u00e9', 'cafe\u0301'],
  ['cafe\u0301', 'caf\u00e9'],
])('R42: %j of the truth is %j among maps and masks', async (inTruth, name) => {
  const { cams, groundTruth } = await folders()
  const mask = { width: 40, height: 24, data: Uint8Array.from(half(24, 40, 4)) }
  await rename(join(groundTruth, 'a.png'), join(groundTruth, `${inTruth}.png`))
  await writeNpz(join(cams, `${name}.npz`), { 4: tensor(24, 40) })
  await writeMask(join(cams, `${name}.png`), mask)
  expect((await evaluate({ cams, groundTruth, classes })).best!.miou).toBe(1)
  expect((await evaluate({ masks: cams, groundTruth, classes })).miou).toBe(1)
})

describe('2.3: maps of another size than the ground truth', () => {
  test.each([
    [12, 20],
    [6, 10],
    [48, 80],
    [7, 7],
    [24, 40],
  ])('%i x %i are resized', async (height, width) => {
    const truth = await folders()
    await writeNpz(join(truth.cams, 'a.npz'), { 4: tensor(height, width) })
    const { curve, warnings } = await evaluate({ ...truth, classes, thresholds: [0.5] })
    // At half the score the border lies where it did; of 7 columns it lies at 4/7 of the width, behind 23 of 40 pixels.
    expect(curve![0]!.miou).toBeCloseTo(width === 7 ? (20 / 23 + 17 / 20) / 2 : 1, 6)
    expect(warnings).toEqual([])
  })

  test('every reader: arrays, logits, raw and energies', async () => {
    const scores = half(6, 10)
    const of = async (data: Float32Array, options: object) => {
      const truth = await folders()
      await writeNpy(join(truth.cams, 'a.npy'), { dtype: 'float32', shape: [1, 6, 10], data })
      return (await evaluate({ ...truth, classes, camClasses: [4], ...options })).best!.miou
    }
    expect(await of(scores, {})).toBe(1)
    expect(
      await of(
        scores.map((score) => 20 * score - 10),
        { values: 'logits' },
      ),
    ).toBe(1)
    expect(
      await of(
        scores.map((score) => 7 * score - 3),
        { values: 'raw' },
      ),
    ).toBe(1)
    expect(
      await of(
        scores.map((score) => 7 * score - 3),
        { thresholds: [-3, 0.5, 4] },
      ),
    ).toBe(1)
    expect(
      await of(
        scores.map((score) => (score > 0 ? 0.01 : 5)),
        { values: 'energies' },
      ),
    ).toBeGreaterThan(0.85)
  })

  test('1.4: sides that are exchanged are told of when smaller, and refused at full size', async () => {
    const truth = await folders(60, 80)
    await writeNpz(join(truth.cams, 'a.npz'), { 4: tensor(40, 30) })
    const { warnings } = await evaluate({ ...truth, classes })
    expect(warnings).toEqual([expect.stringMatching(/transposed.*a: maps 30x40, picture 80x60/)])
    await writeNpz(join(truth.cams, 'a.npz'), { 4: tensor(80, 60) })
    const error = await rejection(evaluate({ ...truth, classes }))
    expect([error.code, error.message]).toEqual([
      'SEMPLES_MASK_SIZE',
      expect.stringMatching(/60x80.*80x60.*transposed.*--exif/),
    ])
  })
})

describe('2.6: only maps of the labels of a picture', () => {
  /** A stronger map of a class that is not there. */
  async function all(): Promise<{ cams: string; groundTruth: string }> {
    const truth = await folders()
    const data = new Float32Array([...half(24, 40, 0.8), ...new Float32Array(24 * 40).fill(0.9)])
    await writeNpy(join(truth.cams, 'a.npy'), { dtype: 'float32', shape: [2, 24, 40], data })
    return truth
  }
  const labelled = async (text: string) => {
    const file = join(await mkdtemp(join(tmpdir(), 'labels-')), 'labels.csv')
    await writeFile(file, text)
    return file
  }

  test('are judged where a labels file says so', async () => {
    const truth = { ...(await all()), classes, camClasses: [4, 9] }
    expect((await evaluate(truth)).best!.miou).toBeLessThan(0.5)
    const camLabels = await labelled('file,labels\na.jpg,boat\n')
    expect(await evaluate({ ...truth, camLabels })).toMatchObject({ best: { miou: 1 }, warnings: [] })
  })

  test('a label without a map is told of, a picture without labels refused', async () => {
    const truth = { ...(await all()), classes, camClasses: [4, 9] }
    const { warnings } = await evaluate({ ...truth, camLabels: await labelled('a.jpg,boat;cow\nb.jpg,cat\n') })
    expect(warnings).toEqual([expect.stringMatching(/without a map.*a: no map of class 10; there are maps of 4, 9/)])
    const error = await rejection(evaluate({ ...truth, camLabels: await labelled('b.jpg,boat\nc.jpg,cat\n') }))
    expect([error.code, error.message]).toEqual(['SEMPLES_DATA_FILE_INVALID', expect.stringMatching(/picture a/)])
  })

  test('labels of the data set', async () => {
    const { cams, groundTruth: masks } = await all()
    const items = [{ id: 'a', image: 'a.jpg', labels: [3] }]
    const dataset = { name: 'd', classes, items, orientation: 'exif' as const }
    const { readMask } = await import('../../lib/masks/png.js')
    const groundTruth = { ...dataset, mask: () => readMask(join(masks, 'a.png')) }
    const found = await evaluate({ cams, groundTruth, camClasses: [4, 9], camLabels: 'data' })
    expect(found.best!.miou).toBe(1)
    const alone = { cams, groundTruth: masks, classes, camClasses: [4, 9], camLabels: 'data' }
    expect(await rejection(evaluate(alone))).toMatchObject({ code: 'SEMPLES_CONFIG_INVALID', field: 'camLabels' })
  })
})

test('1.5: a class that the table does not have is refused, with what to do', async () => {
  const truth = await folders()
  await writeNpz(join(truth.cams, 'a.npz'), { 21: tensor(24, 40) })
  const error = await rejection(evaluate({ ...truth, classes }))
  expect(error).toMatchObject({ code: 'SEMPLES_CAM_INVALID', value: '21', expected: 'class ids 1 to 20' })
})

test('3.6: a missing class table is named as it is given', async () => {
  const error = await rejection(evaluate(await folders()))
  expect([error.field, error.message]).toEqual(['classes', expect.stringMatching(/^[^(]*\..*--classes voc2012/)])
})
