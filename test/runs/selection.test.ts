import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from '@jest/globals'
import type { Progress } from '../../lib/base/progress.js'
import { RunDirectory } from '../../lib/checkpoints/runDirectory.js'
import type { TrainConfigInput } from '../../lib/config/types.js'
import { folder } from '../../lib/datasets/folder.js'
import type { FolderData } from '../../lib/datasets/kinds/folder.js'
import { evaluate } from '../../lib/runs/evaluate.js'
import { generateMasks } from '../../lib/runs/generateMasks.js'
import { trainSemPLeS } from '../../lib/runs/trainSemPLeS.js'
import { writeShapes } from './shapes.js'
import { filesOf, fingerprintsOf, jsonOf, metricsOf, outcomeOf, stopAt, temporaryFolder, tinyRun } from './tiny.js'
import { describeWithClip, tinyClipArchive } from './tinyClip.js'

async function bestOf(out: string): Promise<number | undefined> {
  return (await (await RunDirectory.open(out)).stage('classify').load('best', []))?.epoch
}

describe('which epoch is kept', () => {
  let root: string
  let data: FolderData & { masks: string }
  const runWith = (name: string, changes: TrainConfigInput = {}) =>
    tinyRun(data, join(root, name), { stages: ['classify'], epochs: 5, lr: 2, ...changes })
  beforeAll(async () => {
    root = await temporaryFolder()
    data = await writeShapes(root)
  })

  describe("select: 'miou'", () => {
    let selected: string
    let warnings: string[]
    let seed = 0
    const run = (name: string, changes: TrainConfigInput = {}) => runWith(name, { select: 'miou', seed, ...changes })
    // A case where the best epoch is not the last: the first seed that gives one.
    beforeAll(async () => {
      do {
        seed++
        selected = join(root, `selected-${seed}`)
        warnings = (await trainSemPLeS(run(`selected-${seed}`))).warnings
      } while ((await bestOf(selected)) === 5 && seed < 10)
    })
    const scores = async (out: string) =>
      (await metricsOf(out))
        .filter(({ selection }) => selection !== undefined)
        .map(({ epoch, selection }) => ({
          epoch,
          ...(selection as { miou: number; threshold: number; pictures: number }),
        }))

    test('judges every epoch and keeps the first of the best', async () => {
      const judged = await scores(selected)
      expect(judged.map(({ epoch, pictures }) => [epoch, pictures])).toEqual([1, 2, 3, 4, 5].map((epoch) => [epoch, 9]))
      const highest = Math.max(...judged.map(({ miou }) => miou))
      const expected = judged.find(({ miou }) => miou === highest)
      expect(expected?.epoch).not.toBe(5)
      expect(await bestOf(selected)).toBe(expected?.epoch)
      expect((await (await RunDirectory.open(selected)).stage('classify').load('last', []))?.epoch).toBe(5)
    })

    test('its score is what masks of that epoch reach: scale 1 and flip, at its threshold', async () => {
      const judged = await scores(selected)
      const best = judged.reduce((one, other) => (other.miou > one.miou ? other : one))
      const masks = join(root, 'selected-masks')
      const config = await jsonOf(selected, 'config.json')
      await writeFile(
        join(selected, 'config.json'),
        JSON.stringify({ ...config, cams: { scales: [1], flip: true, resample: 'exact' } }),
      )
      await generateMasks({ run: selected, out: masks, threshold: best.threshold })
      expect((await evaluate({ masks, groundTruth: data })).miou).toBe(best.miou)
    })

    test('says in every output that pixel labels were used', async () => {
      expect(warnings).toContainEqual(expect.stringMatching(/PIXEL LABELS/))
      const { warnings: ofMasks } = await generateMasks({ run: selected, out: join(root, 'said') })
      expect(ofMasks).toContainEqual(expect.stringMatching(/PIXEL LABELS/))
      expect(await jsonOf(selected, 'run.json')).toMatchObject({ notes: { select: 'miou' } })
    })

    test('changes no step of the training', async () => {
      await trainSemPLeS(run('last', { select: 'last' }))
      const steps = (await metricsOf(selected)).filter(({ step }) => step !== undefined)
      expect(steps).toEqual(await metricsOf(join(root, 'last')))
    })

    test('stopped while an epoch is judged, the epoch is judged when the run goes on, not trained again', async () => {
      const out = join(root, 'stopped')
      const controller = new AbortController()
      const made: number[] = []
      const first = trainSemPLeS({
        ...run('stopped'),
        signal: controller.signal,
        onProgress: ({ epoch, step }) => {
          if (step > 0) made.push(epoch)
          // One turn later the step is done with and judging has begun.
          if (epoch === 2 && step === 2) setImmediate(() => controller.abort(new Error('enough')))
        },
      })
      await expect(first).rejects.toThrow('enough')
      expect(await bestOf(out)).toBe(1)
      expect((await metricsOf(out)).filter(({ selection }) => selection !== undefined)).toHaveLength(1)
      const onProgress = ({ stage, epoch, step }: Progress) => void (stage !== 'labels' && step > 0 && made.push(epoch))
      await trainSemPLeS({ resume: out, onProgress })
      expect(made).toEqual([1, 1, 2, 2, 3, 3, 4, 4, 5, 5])
      expect(await outcomeOf(out)).toEqual(await outcomeOf(selected))
      expect(await bestOf(out)).toBe(await bestOf(selected))
    })

    test('without a folder of masks is a mistake of the config', async () => {
      const { masks: _, ...unmasked } = data
      const input = { ...run('unmasked'), data: unmasked }
      await expect(trainSemPLeS(input)).rejects.toMatchObject({ code: 'SEMPLES_CONFIG_INVALID', field: 'select' })
    })

    test('without a single mask fails before anything is trained or written', async () => {
      const empty = join(root, 'no-masks')
      await mkdir(empty)
      const input = { ...run('maskless'), data: { ...data, masks: empty } }
      const steps: number[] = []
      const training = trainSemPLeS({ ...input, onProgress: ({ step }) => void steps.push(step) })
      await expect(training).rejects.toMatchObject({ code: 'SEMPLES_NO_MASKS', field: 'select' })
      expect(steps.every((step) => step === 0)).toBe(true)
      expect(await filesOf(join(root, 'maskless'))).toEqual([])
    })
  })

  test('by default is the last, and no mask is ever opened', async () => {
    const elsewhere = await temporaryFolder()
    const own = await writeShapes(elsewhere)
    const { items } = await folder(own)
    // Opening any of them would be an error.
    for (const { id } of items) await writeFile(join(own.masks, `${id}.png`), 'no picture at all')
    const out = join(elsewhere, 'run')
    await trainSemPLeS({ ...runWith('x'), data: own, out })
    await generateMasks({ run: out, out: join(elsewhere, 'made') })
    const stage = (await RunDirectory.open(out)).stage('classify')
    expect(await stage.checkpointPath('best')).toBe(await stage.checkpointPath('last'))
    expect((await metricsOf(out)).every(({ selection }) => selection === undefined)).toBe(true)
    // Opened by evaluation alone, which says what is wrong with them.
    await expect(evaluate({ masks: join(elsewhere, 'made'), groundTruth: own })).rejects.toMatchObject({
      code: 'SEMPLES_MASK_INVALID',
    })
  })
})

describeWithClip('selection in the chain', () => {
  test('later stages start from the best epoch, not from the last; prompts are never selected', async () => {
    const root = await temporaryFolder()
    const data = await writeShapes(root)
    const clip = await tinyClipArchive()
    const run = (name: string, seed: number) =>
      tinyRun(data, join(root, name), {
        clip,
        seed,
        select: 'miou',
        epochs: 1,
        classify: { epochs: 4, lr: 2 },
        guide: { lr: 1e-30 },
      })
    let seed = 0
    let out: string
    do {
      seed++
      out = join(root, `run-${seed}`)
      await trainSemPLeS(run(`run-${seed}`, seed))
    } while ((await bestOf(out)) === 4 && seed < 10)
    expect(await bestOf(out)).not.toBe(4)
    const stages = await RunDirectory.open(out)
    const [best, refined] = await Promise.all([
      stages.stage('classify').load('best', ['generator']),
      stages.stage('guide').load('last', ['generator']),
    ])
    expect(fingerprintsOf(refined?.tensors.generator ?? {})).toEqual(fingerprintsOf(best?.tensors.generator ?? {}))
    const judged = (await metricsOf(out)).filter(({ selection }) => selection !== undefined)
    expect(new Set(judged.map(({ stage }) => stage))).toEqual(new Set(['classify', 'match', 'guide']))
    // Stopped in the stage after: the same again.
    const other = join(root, 'other')
    await expect(trainSemPLeS({ ...run('other', seed), ...stopAt('match', 1, 1) })).rejects.toThrow('stopped')
    await trainSemPLeS({ resume: other })
    expect(await outcomeOf(other)).toEqual(await outcomeOf(out))
  })
})
