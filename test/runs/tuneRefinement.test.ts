import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { type ClassTable, evaluate, refineMasks, tuneRefinement, writeMask } from '../../lib/index.js'
import { resolveRefineOptions } from '../../lib/refine/options.js'
import { candidatesOf, RANGES, SHARES } from '../../lib/runs/tune/candidates.js'
import { rejection } from '../config/refusal.js'
import { HEIGHT, WIDTH, writePlanted } from './planted.js'

const classes: ClassTable = { name: 'one', classes: [{ id: 7, label: 'thing', prompt: 'thing', color: [9, 9, 9] }] }
const names = Array.from({ length: 11 }, (_, index) => `p${String(index).padStart(2, '0')}`)

/** Mean IoU by the two public functions, with masks on the disk. */
async function independent(folders: Awaited<ReturnType<typeof writePlanted>>, options: object, ids: string[]) {
  const out = await mkdtemp(join(tmpdir(), 'semples-tuned-'))
  const { groundTruth, ...where } = folders
  await refineMasks({ ...where, out, ...options }).finished
  const { miou } = await evaluate({ masks: out, groundTruth, classes, ids })
  await rm(out, { recursive: true })
  return miou
}

describe('a planted optimum', () => {
  let folders: Awaited<ReturnType<typeof writePlanted>>
  const fixed = { gaussian: { sxy: 1, compat: 1 } }
  beforeAll(async () => {
    folders = await writePlanted(await mkdtemp(join(tmpdir(), 'semples-tune-')), names)
  })

  test('is found, and the figures are those of refineMasks and evaluate', async () => {
    const before = await readdir(folders.cams)
    const result = await tuneRefinement({ ...folders, ...fixed, classTable: classes, settings: 20, seed: 3 })
    expect(result.settings).toHaveLength(20)
    expect(result.settings[0]).toMatchObject({ miou: result.best.miou })
    expect(result.best.miou).toBeGreaterThan(0.99)
    expect(result.standard.miou).toBeLessThan(0.97)
    expect(result.gain).toBeGreaterThan(0.01)
    // What sees no two pixels alike mends nothing.
    const blind = result.settings.filter(
      ({ options }) => (options.bilateral as { srgb: number } | undefined)?.srgb === 3,
    )
    expect(blind.length).toBeGreaterThan(0)
    for (const { miou } of blind) expect(miou).toBeLessThan(0.8)
    const mious = result.settings.map(({ miou }) => miou)
    expect(mious).toEqual(mious.toSorted((one, other) => other - one))
    for (const { options, miou } of [result.settings[0]!, result.settings[10]!, result.settings[19]!])
      expect(await independent(folders, { ...fixed, ...options }, result.tuning)).toBeCloseTo(miou, 12)
    for (const { options, heldOut } of [result.best, result.standard])
      expect(await independent(folders, { ...fixed, ...options }, result.heldOut)).toBeCloseTo(heldOut, 12)
    expect(result.gain).toBe(result.best.heldOut - result.standard.heldOut)
    expect(result.standard).toMatchObject({ preset: 'voc', options: { preset: 'voc' } })
    // Nothing is written.
    expect(await readdir(folders.cams)).toEqual(before)
  })

  test('halves are disjoint and cover all; the seed alone decides', async () => {
    const options = { ...folders, settings: 8, seed: 1 }
    const [one, again, other] = [
      await tuneRefinement(options),
      await tuneRefinement(options),
      await tuneRefinement({ ...options, seed: 2 }),
    ]
    expect(again).toEqual(one)
    expect([...one.tuning, ...one.heldOut].toSorted()).toEqual(names)
    expect([one.tuning.length, one.heldOut.length]).toEqual([6, 5])
    expect([...other.tuning, ...other.heldOut].toSorted()).toEqual(names)
    expect(other.tuning).not.toEqual(one.tuning)
    expect(one.warnings).toContainEqual(expect.stringContaining('chosen on 6 pictures'))
    // Classes by ids alone are the same as by a table.
    expect(await tuneRefinement({ ...options, classTable: classes })).toEqual(one)
  })

  test('one setting is the default, which is to be kept', async () => {
    const { settings, best, standard, gain, warnings } = await tuneRefinement({
      ...folders,
      settings: 1,
      preset: 'coco',
    })
    expect([settings.length, best, gain]).toEqual([1, standard, 0])
    expect(standard.preset).toBe('coco')
    expect(warnings).toContainEqual(expect.stringContaining('keep the default (preset coco'))
  })

  test('progress counts every picture of every setting', async () => {
    const steps: number[] = []
    let total = 0
    await tuneRefinement({
      ...folders,
      settings: 3,
      onProgress: ({ stage, step, steps: of, message }) => {
        if (message !== undefined) return
        expect(stage).toBe('tune')
        steps.push(step)
        total = of
      },
    })
    expect(steps).toEqual(Array.from({ length: steps.length }, (_, index) => index + 1))
    expect(total).toBe(11 + 2 * 6 + 5)
    expect(steps.length).toBeGreaterThanOrEqual(11 + 2 * 6)
  })

  test('an abort ends it', async () => {
    const controller = new AbortController()
    const job = tuneRefinement({
      ...folders,
      settings: 50,
      signal: controller.signal,
      onProgress: ({ step }) => {
        if (step === 13) controller.abort(new Error('enough'))
      },
    })
    await expect(job).rejects.toThrow('enough')
  })
})

test('a picture that fails takes no part in any setting, and pictures without ground truth none', async () => {
  const folders = await writePlanted(await mkdtemp(join(tmpdir(), 'semples-tune-')), names.slice(0, 6))
  await writeFile(join(folders.images, 'p01.png'), 'no picture')
  await rm(join(folders.groundTruth, 'p02.png'))
  const { tuning, heldOut, failed, others, warnings } = await tuneRefinement({ ...folders, settings: 3 })
  expect([...tuning, ...heldOut].toSorted()).toEqual(['p00', 'p03', 'p04', 'p05'])
  expect([failed.map(({ name, error }) => [name, error.code]), others]).toEqual([
    [['p01', 'SEMPLES_IMAGE_UNREADABLE']],
    1,
  ])
  expect(warnings.join('\n')).toMatch(/1 picture without a ground-truth mask.*\n.*p01 took no part/)
})

test('refuses what cannot be tuned', async () => {
  const folders = await writePlanted(await mkdtemp(join(tmpdir(), 'semples-tune-')), ['a', 'b'])
  const code = async (options: object) => (await rejection(tuneRefinement({ ...folders, ...options }))).code
  expect(await code({ settings: 0 })).toBe('SEMPLES_CONFIG_INVALID')
  expect(await code({ settings: 2.5 })).toBe('SEMPLES_CONFIG_INVALID')
  expect(await code({ seed: 0.5 })).toBe('SEMPLES_CONFIG_INVALID')
  expect(await code({ method: 'pamr' })).toBe('SEMPLES_CONFIG_INVALID')
  const other = await mkdtemp(join(tmpdir(), 'semples-tune-'))
  await writeMask(join(other, 'x.png'), { width: 1, height: 1, data: Uint8Array.of(0) })
  expect(await rejection(tuneRefinement({ ...folders, groundTruth: other }))).toMatchObject({
    code: 'SEMPLES_NO_MASKS',
    field: 'groundTruth',
    message: expect.stringMatching(/masks there are x.*pictures a, b/),
  })
  await writeMask(join(other, 'a.png'), { width: WIDTH, height: HEIGHT, data: new Uint8Array(WIDTH * HEIGHT) })
  expect(await code({ groundTruth: other })).toBe('SEMPLES_NO_MASKS')
  await writeMask(join(other, 'b.png'), { width: 3, height: 1, data: new Uint8Array(3) })
  expect(await code({ groundTruth: other, settings: 1 })).toBe('SEMPLES_MASK_SIZE')
})

test('settings are within the ranges, differ, and keep what is given', () => {
  const maps = { scores: true, background: true }
  const candidates = candidatesOf({}, maps, 300, 5)
  expect(candidates).toHaveLength(300)
  // `irn` has the settings of `coco`, `weaktr-test-coco` those of `deeplab`.
  const presets = ['voc', 'coco', 'psa', 'clip-es', 'deeplab', 'weaktr-test-voc', 'pydensecrf']
  expect(candidates.map(({ preset }) => preset).filter((preset) => preset !== undefined)).toEqual(presets)
  expect(candidates.slice(0, presets.length).every(({ preset }) => preset !== undefined)).toBe(true)
  const kinds = new Set(candidates.map(({ options }) => options.unary))
  expect(kinds).toEqual(new Set([undefined, 'soft', 'hard']))
  for (const { options, preset } of candidates) {
    resolveRefineOptions(options)
    if (preset !== undefined) continue
    const { gaussian, bilateral, gtProb, threshold, unary } = options as Record<
      'gaussian' | 'bilateral',
      Record<string, number>
    > & { gtProb?: number; threshold: number; unary?: string }
    const within = (value: number, [low, high]: readonly [number, number]) => value >= low && value <= high
    expect(within(gaussian.sxy, RANGES.gaussian.sxy) && within(gaussian.compat, RANGES.gaussian.compat)).toBe(true)
    expect(within(bilateral.sxy, RANGES.bilateral.sxy) && within(bilateral.srgb, RANGES.bilateral.srgb)).toBe(true)
    expect(within(bilateral.compat, RANGES.bilateral.compat) && within(threshold, SHARES.threshold)).toBe(true)
    expect(gtProb === undefined ? unary : within(gtProb, SHARES.gtProb)).toBe(gtProb === undefined ? 'soft' : true)
  }
  expect(new Set(candidates.map((candidate) => JSON.stringify(candidate))).size).toBe(300)
  const kept = candidatesOf({ bilateral: { sxy: 50, srgb: 5, compat: 10 }, threshold: 0.3 }, maps, 30, 5)
  for (const { options } of kept) {
    expect(options.bilateral).toBeUndefined()
    expect(options.threshold).toBeUndefined()
  }
  // Nothing to choose: the default alone.
  const gaussian = { sxy: 3, compat: 3 }
  const all = { gaussian, bilateral: [], gtProb: 0.7, iterations: 5 }
  expect(candidatesOf(all, { scores: false, background: false }, 30, 5)).toHaveLength(1)
})
