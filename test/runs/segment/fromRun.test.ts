import { existsSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from '@jest/globals'
import type { Progress } from '../../../lib/base/progress.js'
import type { TensorMap } from '../../../lib/base/tensor.js'
import { RunDirectory } from '../../../lib/checkpoints/runDirectory.js'
import type { SegmentConfigInput } from '../../../lib/config/segment/types.js'
import type { TrainConfigInput } from '../../../lib/config/types.js'
import type { FolderData } from '../../../lib/datasets/kinds/folder.js'
import { writeSafetensors } from '../../../lib/formats/safetensors.js'
import { Random } from '../../../lib/loader/random.js'
import { generateMasks } from '../../../lib/runs/generateMasks.js'
import { reportRun } from '../../../lib/runs/report.js'
import { openSegmenter, segmenterRun } from '../../../lib/runs/segment/trainedSegmenter.js'
import { trainSegmenter } from '../../../lib/runs/segment/trainSegmenter.js'
import { trainSemPLeS } from '../../../lib/runs/trainSemPLeS.js'
import { rejection } from '../../config/refusal.js'
import { openAiIntegers, openAiTensors } from '../../models/clip/lookAlikes.js'
import { needs } from '../../support/needs.js'
import { writeShapes } from '../shapes.js'
import { filesOf, jsonOf, metricsOf, snapshotOf, temporaryFolder, tensorsOf, tinyRun } from '../tiny.js'
import { tinyClipArchive } from '../tinyClip.js'

/** Nothing is trained at this rate: the weights stay those that it starts from. */
const still: SegmentConfigInput = {
  train: { epochs: 1, batch: 4, lr: 1e-30, schedule: { kind: 'constant' } },
  augment: { size: 32, side: 40 },
}

async function segmenterOf(out: string): Promise<TensorMap> {
  return (await (await RunDirectory.open(out)).stage('segment').load('last'))!.tensors.segmenter!
}

needs('build').describe('a segmentation model of a run', () => {
  let root: string
  let data: FolderData & { masks: string }
  const trained = async (name: string, { generator, ...changes }: TrainConfigInput = {}) => {
    const out = join(root, name)
    const input = tinyRun(data, out, { stages: ['classify'], ...changes })
    await trainSemPLeS({ ...input, generator: generator ?? input.generator })
    return out
  }
  beforeAll(async () => {
    root = await temporaryFolder()
    data = await writeShapes(root)
  })

  describe('of kind weaktr', () => {
    let run: string
    let out: string
    const events: Progress[] = []
    beforeAll(async () => {
      run = await trained('weaktr')
      ;({ out } = await trainSegmenter({ ...still, run, refine: 'none', onProgress: (event) => events.push(event) }))
    })

    test('learns its masks, which are made first', async () => {
      expect(out).toBe(join(run, 'segmenter'))
      const masks = await filesOf(join(run, 'masks'))
      expect(masks.filter((name) => name.endsWith('.png'))).toHaveLength(9)
      expect(await jsonOf(out, 'config.json')).toMatchObject({
        seed: 7,
        targets: { from: 'masks', folder: join(run, 'masks') },
        data: { folder: data.folder },
      })
      const messages = events.flatMap(({ message }) => message ?? [])
      expect(messages).toContain(
        'making the masks of the training pictures, from their labels, that the model learns from',
      )
      expect(await jsonOf(out, 'classes.json')).toEqual(await jsonOf(run, 'classes.json'))
    })

    test('has the sizes of its generator, and starts from its weights', async () => {
      const { model } = await jsonOf(out, 'config.json')
      expect(model).toMatchObject({ kind: 'vit-mask', imageSize: 32, patchSize: 8, width: 48, depth: 2, heads: 6 })
      expect((model as { weights: string }).weights).toBe(join(run, 'stages/classify/epoch-0002/generator.safetensors'))
      const { generator } = await tensorsOf(run, 'classify')
      const own = await segmenterOf(out)
      for (const name of [
        'patch_embed.proj.weight',
        'blocks.0.attn.qkv.weight',
        'blocks.1.mlp.fc2.bias',
        'norm.weight',
      ])
        expect([name, own[`encoder.${name}`]!.data]).toEqual([name, generator![name]!.data])
      // Three class tokens, one a class: their mean.
      const tokens = generator!.cls_token!.data as Float32Array
      const mean = own['encoder.cls_token']!.data as Float32Array
      expect(mean).toHaveLength(48)
      for (const [at, value] of mean.entries())
        expect(value).toBeCloseTo((tokens[at]! + tokens[48 + at]! + tokens[96 + at]!) / 3, 6)
      // Patches keep their positions.
      const positions = generator!.pos_embed!.data as Float32Array
      expect(own['encoder.pos_embed']!.data.slice(48)).toEqual(positions.slice(3 * 48))
    })

    test('is found in the folder of its run', async () => {
      expect((await segmenterRun(run))?.path).toBe(out)
      expect((await segmenterRun(out))?.path).toBe(out)
      using model = await openSegmenter((await segmenterRun(run))!, { device: 'cpu' })
      expect(model.classes.classes.map(({ label }) => label)).toEqual(['bar', 'disc', 'square'])
    })

    test('a second one says that there is one, at once, and how to go on', async () => {
      const before = await snapshotOf(run)
      const error = await rejection(trainSegmenter({ ...still, run, refine: 'none' }))
      expect(error).toMatchObject({
        code: 'SEMPLES_RUN_EXISTS',
        file: out,
        hint: expect.stringContaining('Resume'),
      })
      expect(await snapshotOf(run)).toEqual(before)
    })

    test('on ground truth goes beside it, with the same start', async () => {
      const result = await trainSegmenter({ ...still, run, targets: { from: 'truth' } })
      expect(result.out).toBe(join(run, 'upper-bound'))
      expect(await jsonOf(result.out, 'config.json')).toMatchObject({ targets: { from: 'truth' } })
      expect((await jsonOf(result.out, 'config.json')).targets).not.toHaveProperty('folder')
      expect((await segmenterOf(result.out))['encoder.cls_token']!.data).toEqual(
        (await segmenterOf(out))['encoder.cls_token']!.data,
      )
    })

    test('a report of pictures that they were trained on says so', async () => {
      const options = { run, pictures: 1, judged: 2, device: 'cpu' } as const
      const { segmenters, notices } = await reportRun({ ...options, out: join(root, 'trained.html') })
      expect(segmenters.map(({ name, pictures }) => [name, pictures])).toEqual([
        ['segmenter', 2],
        ['upper bound', 2],
      ])
      expect(notices.join('\n')).toContain('segmentation models were trained on these pictures')
      const others = await reportRun({ ...options, data, out: join(root, 'others.html') })
      expect(others.notices.join('\n')).not.toContain('trained on these pictures')
    })

    test('what the user gives wins: other masks, another folder, another model', async () => {
      const model = { kind: 'deeplabv3plus', weights: 'random', backbone: 'efficientnet-lite0', width: 0.25 } as const
      const mine = join(root, 'mine')
      const result = await trainSegmenter({ ...still, run, out: mine, targets: { folder: data.masks }, model, seed: 3 })
      expect(result.out).toBe(mine)
      expect(await jsonOf(mine, 'config.json')).toMatchObject({ seed: 3, model, targets: { folder: data.masks } })
    })

    test('learns scores, and masks with scores that say how sure they are', async () => {
      const cams = join(root, 'cams')
      await generateMasks({ run, out: cams, cams: 'npz' })
      const train = { epochs: 1, batch: 4, lr: 1e-3, schedule: { kind: 'constant' as const } }
      const learn = async (name: string, targets: SegmentConfigInput['targets']) => {
        const result = await trainSegmenter({ ...still, train, run, out: join(root, name), targets })
        return (await metricsOf(result.out))[0]!
      }
      const scores = await learn('scores', { from: 'scores', folder: cams })
      const plain = await learn('plain', { folder: cams })
      const sure = await learn('sure', { folder: cams, confidence: cams })
      // The labels of the scores are those of the masks that were cut from them, at the same threshold.
      const same = await learn('same', { from: 'scores', folder: cams, threshold: 0.45 })
      expect(scores.loss).toBe(same.loss)
      expect(sure.loss).toBeCloseTo(scores.loss as number, 5)
      // Unsure pixels count less.
      expect(sure.loss as number).toBeLessThan(plain.loss as number)
      const without = await learn('without', { from: 'scores', folder: cams, ignoreBelow: 0.3 })
      expect((without.terms as { labelled: number }).labelled).toBeLessThan(1)
    })

    test('other pictures need masks of their own, and may have classes of their own', async () => {
      const { masks, ...pictures } = data
      const made = trainSegmenter({ ...still, run, out: join(root, 'n'), data: pictures })
      expect(await rejection(made)).toMatchObject({
        code: 'SEMPLES_OPTION_INVALID',
        field: 'data',
        hint: expect.stringContaining('--masks'),
      })
      const classes = join(root, 'four.json')
      const labels = ['bar', 'disc', 'square', 'star']
      await writeFile(classes, JSON.stringify(labels.map((label, at) => ({ id: at + 1, label }))))
      const result = await trainSegmenter({
        ...still,
        run,
        out: join(root, 'four'),
        data: { ...pictures, classes },
        targets: { folder: masks },
      })
      expect(result.classes.classes.map(({ label }) => label)).toEqual(labels)
    })

    test('refine without masks to make, scores without a folder', async () => {
      const useless = trainSegmenter({
        ...still,
        run,
        out: join(root, 'n'),
        targets: { folder: data.masks },
        refine: 'voc',
      })
      expect(await rejection(useless)).toMatchObject({ code: 'SEMPLES_OPTION_INVALID', field: 'refine' })
      const scores = trainSegmenter({ ...still, run, out: join(root, 'n'), targets: { from: 'scores' } })
      expect(await rejection(scores)).toMatchObject({ code: 'SEMPLES_CONFIG_INVALID', field: 'targets.folder' })
    })

    test('what is wrong is told before masks are made', async () => {
      const masks = join(run, 'masks')
      await rm(masks, { recursive: true })
      const wrong = { ...still, run, out: join(root, 'n'), model: { heads: 7 } } as SegmentConfigInput & { run: string }
      expect(await rejection(trainSegmenter(wrong))).toMatchObject({
        code: 'SEMPLES_CONFIG_INVALID',
        field: 'model.width',
      })
      expect(existsSync(masks)).toBe(false)
    })

    test('scores that are not there are told before masks are made', async () => {
      const bare = await trained('bare')
      const wrong = { ...still, run: bare, targets: { confidence: join(root, 'nowhere') } }
      expect(await rejection(trainSegmenter(wrong))).toMatchObject({
        code: 'SEMPLES_FILE_UNREADABLE',
        field: 'targets.confidence',
      })
      expect(existsSync(join(bare, 'masks'))).toBe(false)
    })

    test('is no run of mask generators', async () => {
      for (const job of [
        generateMasks({ run: out, out: join(root, 'n') }),
        trainSegmenter({ ...still, run: out }),
        trainSemPLeS({ resume: out }),
      ])
        expect(await rejection(job)).toMatchObject({
          code: 'SEMPLES_RUN_KIND',
          file: out,
          hint: expect.stringContaining(`npx semples predict --run ${out}`),
        })
      expect(await rejection(trainSegmenter({ resume: run }))).toMatchObject({
        code: 'SEMPLES_RUN_KIND',
        hint: expect.stringContaining(`npx semples segment train --run ${run}`),
      })
    })
  })

  describe('of kind cnn', () => {
    test.each(['linear', 'context'] as const)('with a %s head: its backbone, without the head', async (head) => {
      const generator = {
        kind: 'cnn' as const,
        backbone: 'efficientnet-lite0' as const,
        width: 0.25,
        imageSize: 64,
        weights: 'random',
        outputStride: (head === 'linear' ? 16 : 32) as 16 | 32,
        head,
      } satisfies TrainConfigInput['generator']
      const run = await trained(`cnn-${head}`, { generator })
      const model = { kind: 'deeplabv3plus', channels: 8, lowChannels: 8 } as const
      const { out, warnings } = await trainSegmenter({ ...still, run, refine: 'none', model })
      expect((await jsonOf(out, 'config.json')).model).toMatchObject({
        backbone: 'efficientnet-lite0',
        width: 0.25,
        outputStride: head === 'linear' ? 16 : 32,
        dilate: head === 'linear',
      })
      const { generator: from } = await tensorsOf(run, 'classify')
      const own = await segmenterOf(out)
      const backbone = Object.keys(own).filter((name) => name.startsWith('backbone.'))
      expect(backbone.length).toBeGreaterThan(100)
      for (const name of backbone) expect([name, own[name]!.data]).toEqual([name, from![name.slice(9)]!.data])
      expect(warnings.join('\n')).not.toMatch(/random/)
    })
  })

  describe('with a CLIP', () => {
    const model = { kind: 'clip-decoder', width: 16, heads: 2, depth: 1 } as const

    test('a decoder over it is trained, and opened again', async () => {
      const sizes = { patch: 8, imageSize: 16, width: 64, textWidth: 8, blocks: 2 }
      const weights = { ...openAiTensors(sizes), ...openAiIntegers(sizes) }
      const draws = new Random(3, 'clip')
      for (const tensor of Object.values(weights))
        if (tensor.dtype === 'float32')
          tensor.data = Float32Array.from(tensor.data as Float32Array, () => draws.uniform(-0.3, 0.3))
      const clip = join(root, 'clip.safetensors')
      await writeSafetensors(clip, weights)
      const run = await trained('with-clip', { clip })
      const train = { epochs: 2, batch: 4, lr: 1e-3 }
      const { out } = await trainSegmenter({ ...still, train, run, refine: 'none', model })
      expect(await jsonOf(out, 'config.json')).toMatchObject({ clip: { path: clip }, model: { kind: 'clip-decoder' } })
      expect((await metricsOf(out)).every(({ loss }) => Number.isFinite(loss))).toBe(true)
      // The frozen CLIP is not kept with it.
      expect(Object.keys(await segmenterOf(out)).some((name) => /visual|resblocks/.test(name))).toBe(false)
      using opened = await openSegmenter(await RunDirectory.open(out), { device: 'cpu' })
      const scales = [{ data: new Uint8Array(48 * 40 * 3), height: 40, width: 48 }]
      const { labels } = await opened.segmenter.predict({ scales, window: 32, stride: 16 })
      expect(labels!.shape).toEqual([40, 48])
    })

    needs('python').test('one that does not show what lies inside it is refused before masks are made', async () => {
      const run = await trained('closed-clip', { clip: await tinyClipArchive() })
      const error = await rejection(trainSegmenter({ ...still, run, refine: 'none', model }))
      expect(error).toMatchObject({ code: 'SEMPLES_CLIP_INVALID' })
      expect(existsSync(join(run, 'masks'))).toBe(false)
    })
  })
})
