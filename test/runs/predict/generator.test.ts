import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, test } from '@jest/globals'
import { folder } from '../../../lib/datasets/folder.js'
import type { FolderData } from '../../../lib/datasets/kinds/folder.js'
import { readMask } from '../../../lib/masks/png.js'
import { generateMasks } from '../../../lib/runs/generateMasks.js'
import { loadRun } from '../../../lib/runs/predict/loadRun.js'
import { predictMasks } from '../../../lib/runs/predict/predictMasks.js'
import { trainSemPLeS } from '../../../lib/runs/trainSemPLeS.js'
import { rejection } from '../../config/refusal.js'
import { needs } from '../../support/needs.js'
import { writeShapes } from '../shapes.js'
import { temporaryFolder, tinyRun } from '../tiny.js'
import { writeSegmenterRun } from './tinySegmenter.js'

needs('build').describe('the mask generator of a run', () => {
  let root: string
  let run: string
  let data: FolderData & { masks: string }
  beforeAll(async () => {
    root = await temporaryFolder()
    run = join(root, 'run')
    data = await writeShapes(root)
    await trainSemPLeS(tinyRun(data, run, { stages: ['classify'], epochs: 1, lr: 2 }))
  })

  test.each(['predicted', 'given'] as const)('%s labels: the masks of generateMasks', async (source) => {
    const out = join(root, source)
    const labels = source === 'predicted' ? source : ['bar', 'square']
    await generateMasks({ run, data, out, labels, threshold: 0.4 })
    using model = await loadRun(run)
    expect(model.kind).toBe('generator')
    for (const { id, image } of (await folder(data)).items) {
      const options = typeof labels === 'string' ? {} : { labels }
      const { mask, labels: found, scores } = await model.predict(image, { ...options, threshold: 0.4 })
      const expected = await readMask(join(out, `${id}.png`))
      expect([...mask]).toEqual([...expected.data])
      const ids = { bar: 1, disc: 2, square: 3 } as const
      for (const [label, share] of Object.entries(found))
        expect(share).toBeCloseTo(
          expected.data.filter((value) => value === ids[label as 'bar']).length / mask.length,
          9,
        )
      // A pixel has a class where its map is above the threshold.
      for (const score of Object.values(scores)) expect(score).toBeGreaterThan(0.4)
      expect(scores).not.toHaveProperty('background')
    }
  })

  test('refined, at one threshold for all classes, with the maps', async () => {
    const out = join(root, 'refined')
    await generateMasks({ run, data, out, labels: 'predicted', labelThreshold: 0, refine: 'coco' })
    using model = await loadRun(run)
    const { id, image } = (await folder(data)).items[0]!
    const found = await model.predict(image, { labelThreshold: 0, refine: 'coco', probabilities: true })
    expect([...found.mask]).toEqual([...(await readMask(join(out, `${id}.png`))).data])
    expect(Object.keys(found.probabilities!)).toEqual(['bar', 'disc', 'square'])
    for (const map of Object.values(found.probabilities!)) {
      expect(Math.min(...map)).toBeGreaterThanOrEqual(0)
      expect(Math.max(...map)).toBeLessThanOrEqual(1)
    }
  })

  test('a folder of masks is that of generateMasks, with what was found', async () => {
    const out = join(root, 'folder')
    await generateMasks({ run, data, out: join(root, 'expected'), labels: 'predicted' })
    const { kind, found, pictures } = await predictMasks({ run, pictures: data.folder, out })
    expect([kind, pictures]).toEqual(['generator', 9])
    for (const id of Object.keys(found))
      expect(await readMask(join(out, `${id}.png`))).toEqual(await readMask(join(root, 'expected', `${id}.png`)))
  })

  test('a segmentation model within the run comes first, unless the generator is asked for', async () => {
    const both = join(root, 'both')
    await cp(run, both, { recursive: true })
    const tiny = await writeSegmenterRun(join(both, 'segmenter'))
    tiny.segmenter.dispose()
    const kindOf = async (options = {}) => {
      using model = await loadRun(both, options)
      return [model.kind, model.run]
    }
    expect(await kindOf()).toEqual(['segmenter', join(both, 'segmenter')])
    expect(await kindOf({ kind: 'generator' })).toEqual(['generator', both])
    expect(await kindOf({ stage: 'classify' })).toEqual(['generator', both])
    expect(await rejection(loadRun(both, { kind: 'segmenter', stage: 'classify' }))).toMatchObject({
      code: 'SEMPLES_OPTION_INVALID',
      field: 'stage',
    })
    // Before its first epoch is finished it says nothing.
    await rm(join(both, 'segmenter', 'stages'), { recursive: true })
    expect(await kindOf()).toEqual(['generator', both])
  })

  test('options of segmentation models, other kinds and stages are refused', async () => {
    using model = await loadRun(run)
    const picture = { data: new Uint8Array(48 * 40 * 3), width: 48, height: 40 }
    for (const options of [{ window: 20 }, { stride: 9 }, { atOnce: 1 }, { earlier: 0.8 }])
      expect(await rejection(model.predict(picture, options))).toMatchObject({
        code: 'SEMPLES_OPTION_INVALID',
        field: Object.keys(options)[0],
      })
    const both = { labels: ['bar'], labelThreshold: 0.5 }
    expect(await rejection(model.predict(picture, both))).toMatchObject({ field: 'labelThreshold' })
    expect(await rejection(model.predict(picture, { scales: [0.5] }))).toMatchObject({ field: 'scales' })
    expect(await rejection(model.predict({ data: new Uint8Array(3), width: 1, height: 1 }))).toMatchObject({
      code: 'SEMPLES_IMAGE_TOO_SMALL',
    })
    expect(await rejection(loadRun(run, { kind: 'segmenter' }))).toMatchObject({ code: 'SEMPLES_RUN_KIND' })
    expect(await rejection(loadRun(run, { kind: 'other' as 'generator' }))).toMatchObject({ field: 'kind' })
    expect(await rejection(loadRun(run, { stage: 'guide' }))).toMatchObject({ code: 'SEMPLES_STAGE_MISSING' })
    expect(await rejection(loadRun(root))).toMatchObject({ code: 'SEMPLES_RUN_MISSING' })
  })

  test('a segmentation model that was never trained for an epoch is told', async () => {
    const tiny = await writeSegmenterRun(join(root, 'untrained'))
    tiny.segmenter.dispose()
    await rm(join(tiny.run, 'stages'), { recursive: true })
    expect(await rejection(loadRun(tiny.run))).toMatchObject({ code: 'SEMPLES_STAGE_MISSING' })
    expect(await rejection(loadRun(tiny.run, { kind: 'generator' }))).toMatchObject({ code: 'SEMPLES_RUN_KIND' })
  })
})
