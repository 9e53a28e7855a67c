import { execFile } from 'node:child_process'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from '@jest/globals'
import { writeNpy } from '../../lib/formats/npy.js'
import { writeNpz } from '../../lib/formats/npz.js'
import { evaluate, voc2012Classes } from '../../lib/index.js'
import { writeMask } from '../../lib/masks/png.js'
import { rejection } from '../config/refusal.js'
import { needs } from '../support/needs.js'
import { python } from '../support/python.js'

const truth = Uint8Array.of(1, 1, 0, 0, 0, 0, 0, 0)
const map = (...values: number[]) => ({ dtype: 'float32' as const, shape: [2, 4], data: Float32Array.from(values) })

async function folders(): Promise<{ cams: string; groundTruth: string }> {
  const [cams, groundTruth] = [await mkdtemp(join(tmpdir(), 'cams-')), await mkdtemp(join(tmpdir(), 'truth-'))]
  await writeMask(join(groundTruth, 'a.png'), { width: 4, height: 2, data: truth })
  return { cams, groundTruth }
}

describe('R34: files that refine takes, the sweep takes', () => {
  needs('python').test('float16 archives, class_1, a dictionary', async () => {
    const script = `
import sys, numpy as np
cam = np.array([[.9, .8, .1, 0], [0, .2, 0, 0]])
np.savez(sys.argv[1] + '/a.npz', **{'1': cam.astype('f2')})
np.savez(sys.argv[2] + '/a.npz', class_1=cam)
np.save(sys.argv[3] + '/a.npy', {0: cam})
np.savez(sys.argv[4] + '/a.npz', aeroplane=cam)
`
    const all = await Promise.all(Array.from({ length: 4 }, folders))
    await promisify(execFile)(python, ['-c', script, ...all.map(({ cams }) => cams)])
    for (const folder of all) {
      const { best, curve } = await evaluate({ ...folder, classes: voc2012Classes })
      expect([best!.miou, curve!.length]).toEqual([1, 100])
    }
  })
})

describe('what numbers are taken for', () => {
  test('R13: logits are refused with the range, and read where that is said', async () => {
    const { cams, groundTruth } = await folders()
    await writeNpz(join(cams, 'a.npz'), {
      0: map(-5, -5, 9, 9, 9, 9, 9, 9),
      1: map(5, 5, -9, -9, -9, -9, -9, -9),
    })
    const options = { cams, groundTruth, classes: voc2012Classes }
    expect(await rejection(evaluate(options))).toMatchObject({ code: 'SEMPLES_CAM_INVALID', value: '-9 to 9' })
    for (const values of ['logits', 'raw'] as const) expect((await evaluate({ ...options, values })).best!.miou).toBe(1)
    // Whoever sweeps in the units of the scores means them.
    expect((await evaluate({ ...options, thresholds: [-20, 0, 4] })).curve).toHaveLength(3)
  })

  test('R15: other axes are refused by name, and read where that is said', async () => {
    const { cams, groundTruth } = await folders()
    const data = Float32Array.from({ length: 8 }, (_, pixel) => (pixel < 2 ? 0.9 : 0.1))
    await writeNpy(join(cams, 'a.npy'), { dtype: 'float32', shape: [2, 4, 1], data })
    const options = { cams, groundTruth, classes: voc2012Classes }
    expect(await rejection(evaluate(options))).toMatchObject({ field: 'axes' })
    expect((await evaluate({ ...options, camClasses: [1], axes: 'hwc' })).best!.miou).toBe(1)
  })

  test('a label map is no file of scores', async () => {
    const { cams, groundTruth } = await folders()
    await writeNpy(join(cams, 'a.npy'), { dtype: 'uint8', shape: [2, 4], data: truth })
    const error = await rejection(evaluate({ cams, groundTruth, classes: voc2012Classes }))
    expect(error.hint).toMatch(/--masks/)
  })

  test('a little out of range is told of in the result', async () => {
    const { cams, groundTruth } = await folders()
    await writeNpz(join(cams, 'a.npz'), { 1: map(1.1, 0.9, 0, 0, 0, 0, 0, 0) })
    const { warnings } = await evaluate({ cams, groundTruth, classes: voc2012Classes })
    expect(warnings).toEqual([expect.stringMatching(/leave the range.*a: 0 to 1\.1/)])
  })
})

describe('options for maps', () => {
  test.each([
    [{ camClasses: [1] }],
    [{ camLabels: 'labels.csv' }],
    [{ classOffset: 0 }],
    [{ values: 'logits' as const }],
    [{ axes: 'hwc' as const }],
    [{ entry: 'cam' }],
    [{ thresholds: [0.5] }],
    [{ greedy: true }],
  ])('are refused where masks are evaluated: %j', async (options) => {
    const { groundTruth } = await folders()
    const given = { masks: groundTruth, groundTruth, classes: voc2012Classes }
    const error = await rejection(evaluate({ ...given, ...options }))
    expect([error.code, error.field]).toEqual(['SEMPLES_OPTION_INVALID', Object.keys(options)[0]])
    expect(error.message).toMatch(/has no use without cams/)
    // What is not asked for is no option.
    const none = Object.fromEntries(Object.keys(options).map((field) => [field, undefined]))
    expect((await evaluate({ ...given, ...none, greedy: false })).pictures).toBe(1)
  })
})
