import { appendFile, cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from '@jest/globals'
import type { Progress } from '../../lib/base/progress.js'
import { RunDirectory } from '../../lib/checkpoints/runDirectory.js'
import type { StageName, TrainConfigInput } from '../../lib/config/types.js'
import type { FolderData } from '../../lib/datasets/kinds/folder.js'
import { type RunResult, trainSemPLeS } from '../../lib/runs/trainSemPLeS.js'
import { writeShapes } from './shapes.js'
import { filesOf, metricsOf, outcomeOf, snapshotOf, stopAt, temporaryFolder, tinyRun } from './tiny.js'
import { describeWithClip, tinyClipArchive } from './tinyClip.js'

describeWithClip('a run that was stopped', () => {
  let root: string
  let data: FolderData & { masks: string }
  let clip: string
  let whole: unknown
  let wholeResult: RunResult
  beforeAll(async () => {
    root = await temporaryFolder()
    data = await writeShapes(root)
    clip = await tinyClipArchive()
    wholeResult = await trainSemPLeS(run('whole'))
    whole = await outcomeOf(join(root, 'whole'))
  })

  const run = (name: string, changes: TrainConfigInput = {}) =>
    tinyRun(data, join(root, name), { clip, augment: 'reference', ...changes })
  const withoutTimes = ({ stages, classes, warnings }: RunResult) => ({
    stages: stages.map(({ seconds: _, ...stage }) => stage),
    classes,
    warnings,
  })

  // In the middle of an epoch, at the end of one, and at the last step of a stage.
  const moments: [StageName, number, number][] = [
    ['classify', 1, 1],
    ['classify', 2, 2],
    ['match', 1, 2],
    ['match', 2, 1],
    ['prompt', 1, 1],
    ['prompt', 2, 1],
    ['guide', 1, 1],
    ['guide', 2, 2],
  ]
  test.each(moments)('in stage %s, epoch %i, step %i, ends as one that was not', async (stage, epoch, step) => {
    const name = `${stage}-${epoch}-${step}`
    const stop = stopAt(stage, epoch, step)
    await expect(trainSemPLeS({ ...run(name), ...stop })).rejects.toThrow(`stopped at ${stage} ${epoch}.${step}`)
    const before = await metricsOf(join(root, name))
    expect(before.at(-1)).toMatchObject({ stage, epoch, step })

    const events: Progress[] = []
    const result = await trainSemPLeS({ resume: join(root, name), onProgress: (event) => events.push(event) })
    expect(await outcomeOf(join(root, name))).toEqual(whole)
    expect(withoutTimes(result)).toEqual(withoutTimes(wholeResult))
    // No step was made twice.
    const steps = events.filter((event) => event.step > 0 && event.stage !== 'labels')
    expect(steps).toHaveLength(16 - before.length)
  })

  test('again and again, after every single step, ends as one that was not', async () => {
    const out = join(root, 'often')
    const stopSoon = () => {
      const controller = new AbortController()
      const onProgress = ({ step }: Progress) => step > 0 && controller.abort(new Error('one step only'))
      return { signal: controller.signal, onProgress: (event: Progress) => void onProgress(event) }
    }
    await expect(trainSemPLeS({ ...run('often'), ...stopSoon() })).rejects.toThrow('one step only')
    for (let made = 1; made < 16; made++) {
      expect(await metricsOf(out)).toHaveLength(made)
      await expect(trainSemPLeS({ resume: out, ...stopSoon() })).rejects.toThrow('one step only')
    }
    await trainSemPLeS({ resume: out })
    expect(await outcomeOf(out)).toEqual(whole)
  })

  test('records of steps after the last checkpoint, and half a record, are dropped and made again', async () => {
    const out = join(root, 'torn')
    await expect(trainSemPLeS({ ...run('torn'), ...stopAt('match', 1, 1) })).rejects.toThrow('stopped')
    await appendFile(join(out, 'metrics.jsonl'), '{"stage":"match","epoch":1,"step":2,"loss":1}\n{"stage":"mat')
    await trainSemPLeS({ resume: out })
    expect(await outcomeOf(out)).toEqual(whole)
  })

  test('before its first step was not begun', async () => {
    const signal = AbortSignal.abort(new Error('never mind'))
    await expect(trainSemPLeS({ ...run('never'), signal })).rejects.toThrow('never mind')
    expect(await filesOf(join(root, 'never'))).toEqual([])
    // Aborted by the first notice: nothing was written yet.
    const controller = new AbortController()
    const onProgress = () => controller.abort(new Error('wait'))
    await expect(trainSemPLeS({ ...run('never'), signal: controller.signal, onProgress })).rejects.toThrow('wait')
    expect(await filesOf(join(root, 'never'))).toEqual([])
  })

  describe('refusals', () => {
    test('other settings', async () => {
      const resumed = trainSemPLeS({ resume: join(root, 'whole'), seed: 3 })
      await expect(resumed).rejects.toMatchObject({ code: 'SEMPLES_CONFIG_INVALID', field: 'seed' })
    })

    test('no run there', async () => {
      await expect(trainSemPLeS({ resume: join(root, 'nowhere') })).rejects.toMatchObject({
        code: 'SEMPLES_RUN_MISSING',
        file: join(root, 'nowhere'),
      })
    })

    test('changed pictures or labels', async () => {
      const elsewhere = await temporaryFolder()
      const own = await writeShapes(elsewhere)
      const out = join(elsewhere, 'run')
      await expect(trainSemPLeS({ ...tinyRun(own, out, { clip }), ...stopAt('classify', 1, 1) })).rejects.toThrow()
      const before = await metricsOf(out)
      await cp(join(own.folder, 'p00.png'), join(own.folder, 'p01.png'))
      await writeFile(
        own.labels as string,
        (await readFile(own.labels as string, 'utf8')).replace('p04.png,disc', 'p04.png,bar'),
      )
      await expect(trainSemPLeS({ resume: out })).rejects.toMatchObject({ code: 'SEMPLES_DATA_CHANGED', file: out })
      expect(await metricsOf(out)).toEqual(before)
      // Put back as they were, it goes on.
      await writeShapes(elsewhere)
      expect((await trainSemPLeS({ resume: out })).stages).toHaveLength(4)
    })

    test('a CLIP that is gone is missed at once, not when its stage begins', async () => {
      const archive = join(root, 'moved.pt')
      await cp(clip, archive)
      const out = join(root, 'moved')
      await expect(trainSemPLeS({ ...run('moved', { clip: archive }), ...stopAt('classify', 1, 1) })).rejects.toThrow()
      await cp(archive, `${archive}.elsewhere`)
      await writeFile(archive, 'no archive any more')
      await expect(trainSemPLeS({ resume: out })).rejects.toMatchObject({ code: 'SEMPLES_CLIP_INVALID', file: archive })
      expect(await metricsOf(out)).toHaveLength(1)
    })

    test('a run that goes on elsewhere in this process', async () => {
      const holder = await RunDirectory.open(join(root, 'whole'), 'write')
      await expect(trainSemPLeS({ resume: join(root, 'whole') })).rejects.toMatchObject({
        code: 'SEMPLES_RUN_LOCKED',
        file: join(root, 'whole'),
      })
      await holder.close()
    })
  })

  test('a finished run is left as it is, and gives its result again', async () => {
    const out = join(root, 'whole')
    const before = await snapshotOf(out)
    const events: Progress[] = []
    const result = await trainSemPLeS({ resume: out, onProgress: (event) => events.push(event) })
    expect(result).toEqual(wholeResult)
    expect(events.filter(({ step }) => step > 0)).toEqual([])
    expect(await snapshotOf(out)).toEqual(before)
  })
})
