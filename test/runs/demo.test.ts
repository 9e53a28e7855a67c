import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import type { Progress } from '../../lib/base/progress.js'
import type { TrainConfigInput } from '../../lib/config/types.js'
import { type DemoRecipe, runDemo } from '../../lib/runs/demo.js'
import { evaluate } from '../../lib/runs/evaluate.js'
import { trainSemPLeS } from '../../lib/runs/trainSemPLeS.js'
import { writeScenes } from '../../lib/scenes/write.js'
import { rejection } from '../config/refusal.js'
import { describeNative } from '../native/models.js'
import { metricsOf, temporaryFolder } from './tiny.js'

/** A few steps of every stage: what it does, not how well. */
const changes: TrainConfigInput = { device: 'cpu', threads: 1, epochs: 1, maxSteps: 2 }
const small: DemoRecipe = {
  train: 16,
  val: 4,
  changes,
  segment: { threads: 1, train: { epochs: 1, maxSteps: 2 }, predict: { scales: [1] } },
}

describeNative('runDemo', () => {
  test('trains, judges and reports; the second time it trains nothing', async () => {
    const out = join(await temporaryFolder(), 'demo')
    const result = await runDemo({ out, seed: 3 }, small)
    expect(result.ablation.map(({ name }) => name)).toEqual(['cam', 'matching', 'semples', 'semples+crf'])
    expect(result.ablation.map(({ refined }) => refined)).toEqual([undefined, undefined, undefined, true])
    expect(result.control.name).toBe('control')
    for (const { miou, best, pictures } of [...result.ablation, result.control]) {
      expect(pictures).toBe(4)
      expect(miou).toBeGreaterThan(0)
      expect(best!.miou).toBeGreaterThanOrEqual(miou)
    }
    expect(result.prompts.map(({ label }) => label)).toEqual(['train', 'boat', 'bird', 'cow', 'airplane', 'car'])
    expect(result.vocabulary).toHaveLength(16)
    const page = await readFile(result.report, 'utf8')
    expect(page).toContain('best threshold (uses pixel labels)')
    expect(page).toContain('seed 3')

    const progress: Progress[] = []
    const again = await runDemo({ out, seed: 3, onProgress: (each) => progress.push(each) }, small)
    expect(progress.filter(({ loss }) => loss !== undefined)).toEqual([])
    expect([again.ablation, again.control]).toEqual([result.ablation, result.control])
  })

  test('with segment trains a model on the masks and one on ground truth, all else equal, and shows what they are told nothing of', async () => {
    const out = join(await temporaryFolder(), 'demo')
    const { segmenters, run, report } = await runDemo({ out, seed: 3, segment: true }, small)
    expect(segmenters.map(({ name, pictures }) => [name, pictures])).toEqual([
      ['segmenter', 4],
      ['upper bound', 4],
    ])
    const [own, bound] = await Promise.all(
      ['segmenter', 'upper-bound'].map(async (name) =>
        JSON.parse(await readFile(join(run, name, 'config.json'), 'utf8')),
      ),
    )
    const { targets, data, out: __, ...others } = own
    expect(targets).toMatchObject({ from: 'masks', folder: join(run, 'masks') })
    expect(bound).toMatchObject({ ...others, targets: { from: 'truth' }, data: { labels: data.labels } })
    // The training data name masks for the upper bound alone.
    expect([data.masks, bound.data.masks]).toEqual([undefined, join(out, 'scenes', 'SegmentationClass')])
    const page = await readFile(report, 'utf8')
    for (const text of ['without labels', 'what full supervision would add']) expect(page).toContain(text)

    const steps: string[] = []
    const again = await runDemo(
      { out, seed: 3, segment: true, onProgress: ({ stage, loss }) => loss !== undefined && steps.push(stage) },
      small,
    )
    expect(steps).toEqual([])
    expect(again.segmenters).toEqual(segmenters)
  })

  test('the control makes as many steps of refinement, from the same start, without prompts', async () => {
    const out = join(await temporaryFolder(), 'demo')
    await runDemo({ out }, small)
    const refined = (await metricsOf(join(out, 'run'))).filter(({ stage }) => stage === 'guide')
    const control = await metricsOf(join(out, 'control'))
    expect(control.map(({ stage, epoch, step }) => [stage, epoch, step])).toEqual(
      refined.map(({ stage, epoch, step }) => [stage, epoch, step]),
    )
    const [first] = refined
    const terms = first!.terms as Record<string, number>
    expect(Object.keys(terms)).toContain('foreground_prompt')
    const { foreground_prompt: _, ...others } = terms
    // The first step has seen no update: the same pictures through the same weights give the same terms.
    expect(control[0]!.terms).toEqual(others)
  })

  test('interrupted, the same call goes on', async () => {
    const out = join(await temporaryFolder(), 'demo')
    const stop = new AbortController()
    const steps: string[] = []
    const onProgress = ({ stage, loss }: Progress): void => {
      if (loss === undefined) return
      steps.push(stage)
      if (stage === 'match') stop.abort(new Error('enough'))
    }
    await expect(runDemo({ out, onProgress, signal: stop.signal }, small)).rejects.toThrow('enough')
    await runDemo({ out, onProgress: ({ stage, loss }) => loss !== undefined && steps.push(stage) }, small)
    expect(steps).toEqual([
      ...Array(2).fill('classify'),
      ...Array(2).fill('match'),
      ...Array(2).fill('prompt'),
      ...Array(2).fill('guide'),
      ...Array(2).fill('control'),
    ])
  })

  test('refuses a folder with a demo of another seed, and a seed that is no integer', async () => {
    const out = join(await temporaryFolder(), 'demo')
    await writeScenes({ out: join(out, 'scenes'), train: small.train, val: small.val, seed: 1 })
    expect(await rejection(runDemo({ out, seed: 2 }, small))).toMatchObject({ code: 'SEMPLES_OUTPUT_EXISTS' })
    expect(existsSync(join(out, 'run'))).toBe(false)
    expect(await rejection(runDemo({ seed: 0.5 }))).toMatchObject({ code: 'SEMPLES_CONFIG_INVALID', field: 'seed' })
  })

  test('training never opens a mask', async () => {
    const folder = await temporaryFolder()
    const scenes = join(folder, 'scenes')
    await writeScenes({ out: scenes, train: 16, val: 4, seed: 0 })
    const masks = join(scenes, 'SegmentationClass')
    // Whoever opens one of these fails: they are folders.
    for (const name of await readdir(masks)) {
      await rm(join(masks, name))
      await mkdir(join(masks, name))
    }
    const data = {
      folder: join(scenes, 'JPEGImages'),
      labels: join(scenes, 'train.csv'),
      classes: join(scenes, 'classes.json'),
      masks,
    }
    const out = join(folder, 'run')
    const { stages } = await trainSemPLeS({ ...changes, preset: 'demo', data, out })
    expect(stages.map(({ steps }) => steps)).toEqual([2, 2, 2, 2])
    expect(await rejection(evaluate({ masks, groundTruth: data }))).toMatchObject({ name: 'SemplesError' })
  })
})

describe('the preset demo', () => {
  test('brings its models', async () => {
    const { resolveConfig } = await import('../../lib/config/resolve.js')
    const { generator, clip } = resolveConfig({ preset: 'demo', data: { folder: 'photos' }, out: 'run' })
    expect([existsSync(generator.weights), existsSync(clip.path!)]).toEqual([true, true])
  })
})
