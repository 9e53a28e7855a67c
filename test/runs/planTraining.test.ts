import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import type { Progress } from '../../lib/base/progress.js'
import { planTraining } from '../../lib/runs/planTraining.js'
import { trainSemPLeS } from '../../lib/runs/trainSemPLeS.js'
import { writeScenes } from '../../lib/scenes/write.js'
import { needs } from '../support/needs.js'
import { temporaryFolder, tinyGenerator } from './tiny.js'

async function scenes() {
  const out = join(await temporaryFolder(), 'scenes')
  await writeScenes({ out, train: 9, val: 2, seed: 1 })
  const folder = join(out, 'JPEGImages')
  return { folder, labels: join(out, 'train.csv'), classes: join(out, 'classes.json') }
}

const built = needs('build')

built.test('a training that lacks nothing: stages as they then run, hours, and nothing written', async () => {
  const data = await scenes()
  const out = join(await temporaryFolder(), 'run')
  const input = { preset: 'demo', data, out, epochs: 1, batch: 2, threads: 1, device: 'cpu', seed: 3 } as const
  const plan = await planTraining(input)
  expect(plan.missing).toEqual([])
  expect(plan.data).toMatchObject({ pictures: 9, labelled: 9 })
  expect(plan.hours).toBeGreaterThan(0)
  expect(plan.after).toEqual([expect.objectContaining({ name: 'labels', pictures: 9 })])
  expect(plan.hours).toBeGreaterThan([...plan.stages, ...plan.after].reduce((sum, { hours }) => sum + 0.99 * hours!, 0))
  expect(existsSync(out)).toBe(false)
  const withReport = await planTraining({ ...input, report: true, timed: false })
  expect(withReport.after.map(({ name, hours }) => [name, hours])).toEqual([
    ['labels', undefined],
    ['report', undefined],
  ])
  const told: Progress[] = []
  const { stages } = await trainSemPLeS({ ...input, onProgress: (progress) => told.push(progress) })
  // 3.10: what is done there, and as much of it as was planned.
  const labels = told.filter(({ stage }) => stage === 'labels')
  expect(labels[0]!.message).toMatch(/from which score on a class counts as present/)
  expect(labels.at(-1)).toMatchObject({ step: 9, steps: 9 })
  expect(plan.stages.map(({ name, epochs, steps }) => [name, epochs, epochs * steps])).toEqual(
    stages.map(({ name, epochs, steps, skipped = 0 }) => [name, epochs, steps + skipped]),
  )
})

built.test('everything that is missing is named, not only the first', async () => {
  const { folder, labels } = await scenes()
  const plan = await planTraining({ data: { folder, labels }, batch: 20, threads: 1, generator: tinyGenerator })
  const codes = plan.missing.map(({ code }) => code)
  expect(codes).toContain('SEMPLES_WEIGHTS_MISSING')
  expect(codes).toContain('SEMPLES_CLIP_MISSING')
  expect(plan.missing.map(({ field }) => field)).toContain('out')
  expect(codes.filter((code) => code === 'SEMPLES_BATCH_TOO_LARGE')).toHaveLength(4)
  expect(plan.missing.filter(({ remedy }) => remedy === undefined)).toEqual([])
  expect(plan.hours).toBeUndefined()
  expect(plan.timing).toMatch(/missing/)
  expect(plan.stages).toHaveLength(4)
})

built.test('files that are not there, and a folder that is taken', async () => {
  const data = await scenes()
  const out = join(await temporaryFolder(), 'run')
  mkdirSync(out)
  writeFileSync(join(out, 'note.txt'), 'mine')
  const generator = { ...tinyGenerator, weights: join(out, 'none.pth') }
  const plan = await planTraining({ data, out, clip: join(out, 'none.pt'), batch: 2, threads: 1, generator })
  expect(plan.missing.map(({ code }) => code).sort()).toEqual([
    'SEMPLES_CLIP_MISSING',
    'SEMPLES_RUN_EXISTS',
    'SEMPLES_WEIGHTS_MISSING',
  ])
})

test('without LibTorch: data, stages and memory all the same', async () => {
  const { folder } = await scenes()
  const main = join(import.meta.dirname, '../../dist/cli/main.js')
  const words = [main, 'train', '--data', join(folder, '..'), '--preset', 'demo', '--dry-run', '--json', '--out']
  const out = join(await temporaryFolder(), 'run')
  const env = { ...process.env, SEMPLES_LIBTORCH: out }
  const { status, stdout } = spawnSync(process.execPath, [...words, out], { encoding: 'utf8', env })
  const plan = JSON.parse(stdout)
  expect([status, plan.missing]).toEqual([1, [expect.objectContaining({ code: 'SEMPLES_LIBTORCH_NOT_FOUND' })]])
  expect(plan.data).toMatchObject({ pictures: 9, labelled: 9 })
  expect(
    plan.stages.map(({ steps, peakBytes }: { steps: number; peakBytes: number }) => [steps, peakBytes > 1e8]),
  ).toEqual(Array(4).fill([1, true]))
  expect(existsSync(out)).toBe(false)
})

test('fields that are wrong are errors, not missing things', async () => {
  const input = { data: { folder: '/nowhere' }, epochs: 0 }
  await expect(planTraining(input)).rejects.toMatchObject({ code: 'SEMPLES_CONFIG_INVALID' })
})
