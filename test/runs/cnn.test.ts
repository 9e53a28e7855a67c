import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, test } from '@jest/globals'
import type { Progress } from '../../lib/base/progress.js'
import type { TensorMap } from '../../lib/base/tensor.js'
import type { StageName, TrainConfigInput } from '../../lib/config/types.js'
import type { FolderData } from '../../lib/datasets/kinds/folder.js'
import { writeSafetensors } from '../../lib/formats/safetensors.js'
import { readMask } from '../../lib/masks/png.js'
import { MaskGenerator } from '../../lib/models/maskGenerator.js'
import { evaluate } from '../../lib/runs/evaluate.js'
import { generateMasks } from '../../lib/runs/generateMasks.js'
import { gatherReport } from '../../lib/runs/report/gather.js'
import { reportRun } from '../../lib/runs/report.js'
import { trainSemPLeS } from '../../lib/runs/trainSemPLeS.js'
import { expectClose } from '../support/close.js'
import { shapeClasses, writeShapes } from './shapes.js'
import { fingerprintsOf, metricsOf, outcomeOf, stopAt, temporaryFolder, tensorsOf, tinyRun } from './tiny.js'
import { describeWithClip, tinyClip, tinyClipArchive } from './tinyClip.js'

const sizes = { kind: 'cnn', backbone: 'resnet50', width: 0.125, imageSize: 48, outputStride: 16 } as const

describeWithClip('a run with a CNN', () => {
  let root: string
  let data: FolderData & { masks: string }
  let clip: string
  beforeAll(async () => {
    root = await temporaryFolder()
    data = await writeShapes(root)
    clip = await tinyClipArchive()
    await trainSemPLeS(run('whole'))
  })

  /** Everything new at once: live norm, parts of a batch, sharpened masks, prompts in the joint space, warmup. */
  function run(name: string, { generator, ...changes }: TrainConfigInput = {}): TrainConfigInput {
    const { generator: _, ...rest } = tinyRun(data, join(root, name))
    const maskStage = { maskGain: 6, maskCentre: 0.4, microBatch: 3, terms: { coarse_logits: 0.5 } }
    return {
      ...rest,
      clip,
      augment: 'place',
      generator: { weights: 'random', ...sizes, norm: 'live', head: 'context', ...generator },
      classify: { schedule: { kind: 'cosine-steps', warmup: 3 } },
      match: maskStage,
      prompt: { space: 'joint', deviation: 0.2, terms: { prompt_floor: 1 } },
      guide: maskStage,
      cams: { scales: [1, 0.5], scaling: 'max', fit: 'cut' },
      ...changes,
    }
  }

  test('every stage runs; checkpoints hold the running averages; prompts are one vector a class', async () => {
    const out = join(root, 'whole')
    const records = await metricsOf(out)
    expect(records).toHaveLength(16)
    for (const { loss } of records) expect(Number.isFinite(loss)).toBe(true)
    expect(Object.keys(records.at(-1)!.terms as object).sort()).toEqual([
      'background_text',
      'coarse_logits',
      'foreground_prompt',
      'match',
    ])
    const { generator, optimizer } = await tensorsOf(out, 'classify')
    using fresh = await MaskGenerator.create({ ...sizes, imageSize: undefined, head: 'context', classes: 3, seed: 7 })
    expect(Object.keys(generator!).sort()).toEqual(fresh.parameters.map(({ name }) => name).sort())
    const initial = await fresh.state()
    expect(fingerprintsOf(generator!)['bn1.running_mean']).not.toBe(fingerprintsOf(initial)['bn1.running_mean'])
    // Averages are no parameters: the optimiser knows nothing of them.
    expect(Object.keys(optimizer!).filter((name) => name.includes('running_'))).toEqual([])
    expect((await tensorsOf(out, 'prompt')).prompts!.prompts!.shape).toEqual([3, 1, tinyClip.embed_dim])
    // The whole network is trained in matching, as this kind has it.
    const matched = fingerprintsOf((await tensorsOf(out, 'match')).generator!)
    expect(matched['layer1.0.conv1.weight']).not.toBe(fingerprintsOf(generator!)['layer1.0.conv1.weight'])
  })

  test('warmup rises over the first steps of a stage', async () => {
    const rates = (await metricsOf(join(root, 'whole')))
      .filter(({ stage }) => stage === 'classify')
      .map(({ learningRate }) => learningRate as number)
    const base = (0.05 * 4) / 512
    rates.forEach((rate, made) => {
      const cosine = (base / 2) * (1 + Math.cos((Math.PI * made) / 4))
      expect(rate).toBeCloseTo(cosine * Math.min(1, (made + 1) / 3), 12)
    })
  })

  const moments: [StageName, number, number][] = [
    ['classify', 1, 1],
    ['classify', 2, 2],
    ['match', 2, 1],
    ['prompt', 1, 1],
    ['guide', 1, 2],
  ]
  test.each(moments)('stopped in stage %s, epoch %i, step %i, ends as one that was not', async (stage, epoch, step) => {
    const name = `${stage}-${epoch}-${step}`
    const stopped = trainSemPLeS({ ...run(name), ...stopAt(stage, epoch, step) })
    await expect(stopped).rejects.toThrow(`stopped at ${stage} ${epoch}.${step}`)
    await trainSemPLeS({ resume: join(root, name) })
    expect(await outcomeOf(join(root, name))).toEqual(await outcomeOf(join(root, 'whole')))
  })

  test('masks, their score and the report', async () => {
    const [out, masks, cams] = [join(root, 'whole'), join(root, 'made'), join(root, 'cams')]
    const made = await generateMasks({ run: out, out: masks })
    expect(made).toMatchObject({ pictures: 9, stage: 'guide', threshold: 0.3 })
    const { width, height } = await readMask(join(masks, 'p02.png'))
    expect([width, height]).toEqual([48, 40])
    const judged = await evaluate({ masks, groundTruth: data })
    expect(judged.perClass.map(({ label }) => label)).toEqual(['background', ...shapeClasses])
    await generateMasks({ run: out, out: cams, cams: 'npz' })
    const swept = await evaluate({ cams, groundTruth: data })
    expect(swept.curve?.find(({ threshold }) => threshold === 0.3)?.miou).toBe(judged.miou)
    const report = await gatherReport({ run: out, pictures: 2 })
    expect(report.ablation.at(-1)!.miou).toBe(judged.miou)
    expect(report.stages.map(({ name }) => name)).toEqual(['classify', 'match', 'prompt', 'guide'])
    const { path } = await reportRun({ run: out, out: join(root, 'report.html'), pictures: 2 })
    expect(await readFile(path, 'utf8')).toMatch(/^<!doctype html>/i)
  })

  test('EfficientNet-Lite0, frozen, with every part of the preset photos but its sizes', async () => {
    const state = await lite()
    const file = join(root, 'lite.safetensors')
    await writeSafetensors(file, state)
    const notes: Progress[] = []
    const { generator: _, ...rest } = tinyRun(data, join(root, 'photos'), { preset: 'photos', clip, epochs: 1 })
    await trainSemPLeS({
      ...rest,
      generator: { kind: 'cnn', weights: file, width: 0.25, imageSize: 64 },
      cams: { scales: [1] },
      onProgress: (event) => notes.push(event),
    })
    // Which classes have an ImageNet name is told before the first step.
    const said = notes
      .map(({ message }) => message ?? '')
      .filter((message) => message.includes('the classifier starts from'))
    expect(said).toHaveLength(1)
    const { generator } = await tensorsOf(join(root, 'photos'), 'guide')
    for (const name of Object.keys(state).filter((each) => !/^(_fc|classifier|context)/.test(each)))
      expectClose(generator![name]!, state[name]!, { name, relMax: 0 })
    const masks = await generateMasks({ run: join(root, 'photos'), out: join(root, 'photo-masks') })
    expect(masks.pictures).toBe(9)
  })

  /** A narrow backbone with a head of 1,000 classes, as published weights are. */
  async function lite(): Promise<TensorMap> {
    using generator = await MaskGenerator.create({
      kind: 'cnn',
      backbone: 'efficientnet-lite0',
      width: 0.25,
      classes: 2,
      seed: 3,
    })
    const { 'classifier.weight': head, ...backbone } = await generator.state()
    const width = head!.shape[1]!
    const rows = Float32Array.from({ length: 1000 * width }, (_, index) => Math.sin(index))
    return { ...backbone, '_fc.weight': { dtype: 'float32', shape: [1000, width], data: rows } }
  }
})
