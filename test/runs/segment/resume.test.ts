import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, cp, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { packageFolder } from '../../../lib/base/package.js'
import type { Progress } from '../../../lib/base/progress.js'
import { RunDirectory } from '../../../lib/checkpoints/runDirectory.js'
import type { SegmentConfigInput } from '../../../lib/config/segment/types.js'
import type { FolderData } from '../../../lib/datasets/kinds/folder.js'
import { writeMask } from '../../../lib/masks/png.js'
import { trainSegmenter } from '../../../lib/runs/segment/trainSegmenter.js'
import { rejection } from '../../config/refusal.js'
import { needs } from '../../support/needs.js'
import { writeShapes } from '../shapes.js'
import { fingerprintsOf, metricsOf, snapshotOf, temporaryFolder } from '../tiny.js'
import { tinyDeeplab, tinySegmenter } from './tinySegmenter.js'

/** Everything that must be the same wherever and however it was made. */
async function outcomeOf(out: string): Promise<unknown> {
  const { tensors } = (await (await RunDirectory.open(out)).stage('segment').load('last'))!
  return {
    metrics: await metricsOf(out),
    tensors: Object.entries(tensors).map(([file, own]) => [file, fingerprintsOf(own)]),
  }
}

function stopAt(epoch: number, step: number) {
  const controller = new AbortController()
  const onProgress = (progress: Progress) => {
    if (progress.stage === 'segment' && progress.epoch === epoch && progress.step === step)
      controller.abort(new Error('stopped'))
  }
  return { signal: controller.signal, onProgress }
}

needs('build').describe('a segmentation model whose training was stopped', () => {
  let root: string
  let data: FolderData
  let masks: string
  let whole: unknown
  const run = (name: string, changes: SegmentConfigInput = {}) =>
    tinySegmenter(data, join(root, name), { targets: { folder: masks }, ...changes })
  beforeAll(async () => {
    root = await temporaryFolder()
    ;({ masks, ...data } = await writeShapes(root))
    await trainSegmenter(run('whole'))
    whole = await outcomeOf(join(root, 'whole'))
  })

  test.each([
    [1, 1],
    [1, 2],
    [2, 1],
    [2, 2],
  ])('at epoch %i, step %i, ends as one that was not', async (epoch, step) => {
    const out = join(root, `at-${epoch}-${step}`)
    await expect(trainSegmenter({ ...run(`at-${epoch}-${step}`), ...stopAt(epoch, step) })).rejects.toThrow('stopped')
    expect((await metricsOf(out)).at(-1)).toMatchObject({ epoch, step })
    await trainSegmenter({ resume: out })
    expect(await outcomeOf(out)).toEqual(whole)
  })

  test('a convolutional one too, with its running averages and balanced weights', async () => {
    const changes = {
      model: { ...tinyDeeplab, norm: 'live' },
      train: { classWeights: 'balanced' },
    } satisfies SegmentConfigInput
    await trainSegmenter(run('cnn-whole', changes))
    await expect(trainSegmenter({ ...run('cnn', changes), ...stopAt(1, 1) })).rejects.toThrow('stopped')
    await trainSegmenter({ resume: join(root, 'cnn') })
    expect(await outcomeOf(join(root, 'cnn'))).toEqual(await outcomeOf(join(root, 'cnn-whole')))
  })

  test('a finished one is left as it is, and gives its result again', async () => {
    const before = await snapshotOf(join(root, 'whole'))
    const { stages } = await trainSegmenter({ resume: join(root, 'whole') })
    expect(stages).toMatchObject([{ name: 'segment', epochs: 2, steps: 4 }])
    expect(await snapshotOf(join(root, 'whole'))).toEqual(before)
  })

  test('needs the weights that it started from no more', async () => {
    const checkpoint = join(root, 'whole/stages/segment/epoch-0002/segmenter.safetensors')
    const weights = join(root, 'start.safetensors')
    // Its encoder under the names that published weights have.
    const { readWeights } = await import('../../../lib/formats/stateDict.js')
    const { writeSafetensors } = await import('../../../lib/formats/safetensors.js')
    const { tensors } = await readWeights(checkpoint)
    const own = Object.entries(tensors).filter(([name]) => name.startsWith('encoder.'))
    await writeSafetensors(weights, Object.fromEntries(own.map(([name, tensor]) => [name.slice(8), tensor])))
    const { model } = run('start')
    const start = run('start', { model: { ...model, weights } as SegmentConfigInput['model'] })
    await expect(trainSegmenter({ ...start, ...stopAt(1, 1) })).rejects.toThrow('stopped')
    await rm(weights)
    expect((await trainSegmenter({ resume: join(root, 'start') })).stages).toMatchObject([{ epochs: 2 }])
  })

  describe('refusals', () => {
    test('other settings, and a run beside it', async () => {
      const out = join(root, 'whole')
      for (const more of [{ seed: 3 }, { run: out }, { refine: 'voc' as const }]) {
        const error = await rejection(trainSegmenter({ resume: out, ...more }))
        expect(error).toMatchObject({ code: 'SEMPLES_CONFIG_INVALID', field: Object.keys(more)[0] })
      }
    })

    test('masks that changed, or are gone', async () => {
      const folder = join(root, 'other')
      await cp(masks, folder, { recursive: true })
      const out = join(root, 'changed')
      await expect(trainSegmenter({ ...run('changed', { targets: { folder } }), ...stopAt(1, 1) })).rejects.toThrow(
        'stopped',
      )
      const before = await snapshotOf(out)
      const noise = Uint8Array.from({ length: 48 * 40 }, (_, at) => (at * 7919) % 4)
      await writeMask(join(folder, 'p04.png'), { width: 48, height: 40, data: noise })
      const changed = { code: 'SEMPLES_DATA_CHANGED', file: out, field: 'targets.folder' }
      expect(await rejection(trainSegmenter({ resume: out }))).toMatchObject(changed)
      await rm(join(folder, 'p04.png'))
      expect(await rejection(trainSegmenter({ resume: out }))).toMatchObject(changed)
      await rename(folder, `${folder}-gone`)
      expect(await rejection(trainSegmenter({ resume: out }))).toMatchObject({
        code: 'SEMPLES_FILE_UNREADABLE',
        file: folder,
      })
      expect(await snapshotOf(out)).toEqual(before)
      // Put back as they were, it goes on.
      await rm(folder, { recursive: true, force: true })
      await cp(masks, folder, { recursive: true })
      await trainSegmenter({ resume: out })
      expect(await outcomeOf(out)).toEqual(whole)
    })

    test('pictures that changed', async () => {
      const own = await temporaryFolder()
      const { masks: folder, ...pictures } = await writeShapes(own)
      const out = join(own, 'run')
      const input = tinySegmenter(pictures, out, { targets: { folder } })
      await expect(trainSegmenter({ ...input, ...stopAt(1, 1) })).rejects.toThrow('stopped')
      await appendFile(join(pictures.folder, 'p01.png'), 'more')
      expect(await rejection(trainSegmenter({ resume: out }))).toMatchObject({
        code: 'SEMPLES_DATA_CHANGED',
        file: out,
      })
    })

    test('no run there', async () => {
      expect(await rejection(trainSegmenter({ resume: join(root, 'nowhere') }))).toMatchObject({
        code: 'SEMPLES_RUN_MISSING',
      })
    })
  })

  /** Trains in a process of its own, which kills itself some milliseconds after a step. */
  function startTrainer(input: SegmentConfigInput, moment: string, delay: number): ChildProcess {
    const code = `
const { trainSegmenter } = await import(process.argv[1])
const onProgress = ({ stage, epoch, step }) => {
  if (stage + ' ' + epoch + ' ' + step === process.argv[3]) setTimeout(() => process.kill(process.pid, 'SIGKILL'), ${delay})
}
await trainSegmenter({ ...JSON.parse(process.argv[2]), onProgress })`
    const words = [pathToFileURL(join(packageFolder(), 'dist/index.js')).href, JSON.stringify(input), moment]
    return spawn(process.execPath, ['--input-type=module', '-e', code, ...words], {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
  }

  test('by SIGKILL, ends as one that was not, when it goes on', async () => {
    const epochs = { train: { epochs: 4 } }
    await trainSegmenter(run('long', epochs))
    for (const [name, moment, delay] of [
      ['killed-1', 'segment 1 1', 0],
      ['killed-2', 'segment 2 2', 3],
    ] as const) {
      const child = startTrainer(run(name, epochs), moment, delay)
      expect((await once(child, 'exit'))[1]).toBe('SIGKILL')
      await trainSegmenter({ resume: join(root, name) })
      expect(await outcomeOf(join(root, name))).toEqual(await outcomeOf(join(root, 'long')))
    }
  })

  test('by Ctrl-C on the command line, which says how to go on', async () => {
    const out = join(root, 'ctrl-c')
    const settings = ['model.imageSize=32', 'model.patchSize=8', 'model.width=24', 'model.depth=2', 'model.heads=3']
    const words = ['segment', 'train', '--data', data.folder, '--labels', data.labels as string, '--masks', masks]
    words.push('--weights', 'random', '--out', out, '--batch', '4', '--epochs', '400', '--device', 'cpu')
    for (const setting of [...settings, 'augment.size=32', 'augment.side=40']) words.push('--set', setting)
    const child = spawn(process.execPath, [join(packageFolder(), 'dist/cli/main.js'), ...words], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let told = ''
    let sent = false
    child.stderr.on('data', (text) => {
      told += text
      if (!sent && /step 1\//.test(told)) sent = child.kill('SIGINT')
    })
    const [status] = await once(child, 'close')
    expect([status, told]).toEqual([130, expect.stringContaining(`npx semples segment train --resume ${out}`)])
    expect((await metricsOf(out)).length).toBeGreaterThan(0)
  })
})
