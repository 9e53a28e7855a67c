import { join } from 'node:path'
import { beforeAll, describe, expect, test } from '@jest/globals'
import type { TensorData, TensorMap } from '../../lib/base/tensor.js'
import { RunDirectory } from '../../lib/checkpoints/runDirectory.js'
import type { RunConfig, TrainConfigInput } from '../../lib/config/types.js'
import { writeSafetensors } from '../../lib/formats/safetensors.js'
import { MaskGenerator } from '../../lib/models/maskGenerator.js'
import { weightsSourceOf } from '../../lib/runs/initialWeights.js'
import { trainSemPLeS } from '../../lib/runs/trainSemPLeS.js'
import { expectClose } from '../support/close.js'
import { writeShapes } from './shapes.js'
import { filesOf, fingerprintsOf, metricsOf, temporaryFolder, tensorsOf, tinyGenerator, tinyRun } from './tiny.js'
import { describeWithClip, tinyClipArchive } from './tinyClip.js'

/** A rate at which no float32 weight changes, so that a checkpoint shows what its stage started from. */
const STILL = 1e-30

test('where each stage starts', () => {
  const all = ['classify', 'match', 'prompt', 'guide'] as const
  expect(all.map((name) => weightsSourceOf(name, all))).toEqual(['weights', 'classify', 'match', 'classify'])
  const later = ['match', 'prompt', 'guide'] as const
  expect(later.map((name) => weightsSourceOf(name, later))).toEqual(['weights', 'match', 'weights'])
  expect(weightsSourceOf('prompt', ['classify', 'prompt'])).toBe('classify')
  expect(weightsSourceOf('prompt', ['prompt'])).toBe('weights')
})

describeWithClip('the chain of stages', () => {
  let root: string
  let data: RunConfig['data']
  let clip: string
  beforeAll(async () => {
    root = await temporaryFolder()
    data = await writeShapes(root)
    clip = await tinyClipArchive()
  })

  const train = async (name: string, changes: TrainConfigInput = {}) => {
    await trainSemPLeS(tinyRun(data, join(root, name), { clip, epochs: 1, ...changes }))
    return join(root, name)
  }
  const generatorOf = async (out: string, stage: 'classify' | 'match' | 'guide') =>
    fingerprintsOf((await tensorsOf(out, stage)).generator)
  const firstLoss = async (out: string, stage: string) =>
    (await metricsOf(out)).find((record) => record.stage === stage)?.loss

  test('matching starts from the result of classification, refinement from there again', async () => {
    const out = await train('still', { match: { lr: STILL }, guide: { lr: STILL } })
    const classified = await generatorOf(out, 'classify')
    expect(await generatorOf(out, 'match')).toEqual(classified)
    expect(await generatorOf(out, 'guide')).toEqual(classified)
  })

  test('prompts are learned on the masks of matching, and leave its generator untouched', async () => {
    const [matched, unmatched] = [
      await train('matched', { match: { lr: 50 } }),
      await train('unmatched', { match: { lr: STILL } }),
    ]
    expect(await generatorOf(matched, 'classify')).toEqual(await generatorOf(unmatched, 'classify'))
    expect(await firstLoss(matched, 'prompt')).not.toBe(await firstLoss(unmatched, 'prompt'))
    expect(Object.keys(await tensorsOf(matched, 'prompt')).sort()).toEqual(['optimizer', 'prompts'])
    // Refinement knows nothing of matching but the prompts: without their term the two runs agree.
    const off = { guide: { terms: { foreground_prompt: 0 } } }
    const one = await train('refined', { ...off, match: { lr: 50 } })
    const other = await train('refined-unmatched', { ...off, match: { lr: STILL } })
    expect(await generatorOf(one, 'match')).not.toEqual(await generatorOf(other, 'match'))
    expect(await generatorOf(one, 'guide')).toEqual(await generatorOf(other, 'guide'))
  })

  test('refinement uses the prompts that were learned, and leaves them untouched', async () => {
    const loud = { guide: { terms: { foreground_prompt: 50 }, lr: STILL }, match: { lr: STILL } }
    const learned = await train('learned', { ...loud, prompt: { lr: 10 } })
    const fresh = await train('fresh', { ...loud, prompt: { lr: STILL } })
    const terms = async (out: string) =>
      (await metricsOf(out)).find(({ stage }) => stage === 'guide')?.terms as Record<string, number>
    expect((await terms(learned)).foreground_prompt).not.toBe((await terms(fresh)).foreground_prompt)
    expect((await terms(learned)).match).toBe((await terms(fresh)).match)
  })

  test('in matching and refinement only head and fusion change, in prompt learning only prompts', async () => {
    const out = await train('trained', { lr: 5 })
    const classified = await generatorOf(out, 'classify')
    using generator = await MaskGenerator.create({ ...tinyGenerator, classes: 3 })
    for (const stage of ['match', 'guide'] as const) {
      const trained = await generatorOf(out, stage)
      const changed = Object.keys(trained).filter((name) => trained[name] !== classified[name])
      const head = generator.parameters.filter((parameter) => parameter.head).map(({ name }) => name)
      expect(head).toHaveLength(8)
      // Fusion tensors without a gradient are not decayed either; the head always has one.
      expect(head).toEqual(expect.arrayContaining(changed))
      expect(changed).toEqual(expect.arrayContaining(['head.weight', 'head.bias']))
    }
    const all = await train('all', { lr: 5, match: { train: 'all' }, stages: ['classify', 'match'] })
    const [before, after] = [await generatorOf(all, 'classify'), await generatorOf(all, 'match')]
    expect(after['blocks.0.attn.qkv.weight']).not.toBe(before['blocks.0.attn.qkv.weight'])
  })

  describe('weights', () => {
    let checkpoint: string
    let state: TensorMap
    beforeAll(async () => {
      const out = await train('weights', { stages: ['classify'] })
      checkpoint = join(out, 'stages/classify/epoch-0001/generator.safetensors')
      state = (await tensorsOf(out, 'classify')).generator
    })
    const stored = async (name: string, tensors: TensorMap) => {
      const file = join(root, `${name}.safetensors`)
      await writeSafetensors(file, tensors)
      return file
    }
    const tensor = (shape: number[], value: (index: number) => number): TensorData => ({
      dtype: 'float32',
      shape,
      data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, index) => value(index)),
    })
    /** The backbone under DeiT's names: one class token, positions of a 2 x 2 grid or of ours, a head of 1000. */
    const deit = (side: number): TensorMap => {
      const backbone = Object.entries(state).filter(([name]) => /^(blocks|norm|patch_embed)\./.test(name))
      return {
        cls_token: tensor([1, 1, 48], (index) => (index + 1) / 48),
        pos_embed: tensor([1, 1 + side * side, 48], (index) => Math.sin(index + 1)),
        ...Object.fromEntries(backbone),
        'head.weight': tensor([1000, 48], () => 0.5),
        'head.bias': tensor([1000], () => 0.5),
      }
    }

    test('a whole checkpoint starts the later stages alone', async () => {
      const stages = ['match', 'prompt', 'guide'] as const
      const settings = { stages: [...stages], generator: { weights: checkpoint } }
      const out = await train('later', { ...settings, match: { lr: STILL }, guide: { lr: STILL } })
      expect(await generatorOf(out, 'match')).toEqual(fingerprintsOf(state))
      expect(await generatorOf(out, 'guide')).toEqual(fingerprintsOf(state))
      // It makes the very steps that the whole chain makes after classification.
      const [apart, chained] = [await train('apart', settings), await train('chained')]
      const later = (await metricsOf(chained)).filter(({ stage }) => stage !== 'classify')
      expect(await metricsOf(apart)).toEqual(later)
    })

    test('a DeiT starts classification: its class token and position repeated, its head dropped', async () => {
      const file = await stored('deit', deit(4))
      const out = await train('deit', { stages: ['classify'], lr: STILL, generator: { weights: file } })
      const { generator } = await tensorsOf(out, 'classify')
      const rows = ({ data }: TensorData, from: number, to: number) =>
        [...(data as Float32Array)].slice(48 * from, 48 * to)
      const table = deit(4)
      for (let index = 0; index < 3; index++) {
        expect(rows(generator.cls_token, index, index + 1)).toEqual(rows(table.cls_token, 0, 1))
        expect(rows(generator.pos_embed, index, index + 1)).toEqual(rows(table.pos_embed, 0, 1))
      }
      // The patches' positions as they are, because the grids agree.
      expect(rows(generator.pos_embed, 3, 19)).toEqual(rows(table.pos_embed, 1, 17))
      expect(generator['head.weight'].shape).toEqual([3, 48, 3, 3])
      // What a DeiT lacks is as random initialisation leaves it.
      using fresh = await MaskGenerator.create({ ...tinyGenerator, classes: 3, seed: 7 })
      const initial = await fresh.state()
      const lacking = Object.keys(generator).filter((name) => /^(head|adaptive)/.test(name))
      expect(lacking).toHaveLength(8)
      for (const name of lacking) expectClose(generator[name], initial[name], { name, relMax: 0, abs: 1e-25 })
    })

    test('a DeiT of another picture size is resized and that is said, not that weights were random', async () => {
      const file = await stored('deit-small', deit(2))
      const input = tinyRun(data, join(root, 'resized'), {
        stages: ['classify'],
        epochs: 1,
        generator: { weights: file },
      })
      const said: (string | undefined)[] = []
      const { warnings } = await trainSemPLeS({ ...input, onProgress: ({ message }) => said.push(message) })
      expect(warnings.join()).not.toMatch(/random/i)
      expect(said).toContain('position embeddings of 2 x 2 patches were resized to 4 x 4')
      const { manifest } = await RunDirectory.open(join(root, 'resized'))
      expect(manifest.notes.loaded).toMatchObject({
        what: 'a vision transformer with the names of DeiT and timm',
        interpolated: ['cls_token', 'pos_embed'],
        unexpected: [],
      })
      expect((await tensorsOf(join(root, 'resized'), 'classify')).generator.pos_embed.shape).toEqual([1, 19, 48])
    })

    const refusals: [string, () => Promise<string>, TrainConfigInput, object][] = [
      [
        'a DeiT without classification',
        () => stored('deit-match', deit(4)),
        { stages: ['match'] },
        { code: 'SEMPLES_CHECKPOINT_MISMATCH', hint: expect.stringMatching(/add "classify" to the stages/) },
      ],
      [
        'weights of another width',
        async () => checkpoint,
        { generator: { width: 96 } },
        {
          code: 'SEMPLES_CHECKPOINT_MISMATCH',
          field: 'generator.weights',
          message: expect.stringMatching(/width 48 \(generator: 96\)/),
          hint: expect.stringContaining('generator: { width: 48 }'),
        },
      ],
      [
        'weights of another depth',
        async () => checkpoint,
        { generator: { depth: 3 } },
        { code: 'SEMPLES_CHECKPOINT_MISMATCH', message: expect.stringMatching(/depth 2 \(generator: 3\)/) },
      ],
      [
        'a whole checkpoint of another depth, for matching',
        async () => checkpoint,
        { stages: ['match'], generator: { depth: 3 } },
        { code: 'SEMPLES_CHECKPOINT_MISMATCH', message: expect.stringMatching(/depth 2 \(generator: 3\)/) },
      ],
      [
        'a checkpoint of other classes, for matching',
        () => stored('two', { ...state, cls_token: tensor([1, 2, 48], () => 0) }),
        { stages: ['match'] },
        { code: 'SEMPLES_CHECKPOINT_MISMATCH', message: expect.stringMatching(/2 classes \(generator: 3\)/) },
      ],
    ]
    test.each(refusals)(
      '%s is refused before anything is written, naming what differs and the file',
      async (title, file, changes, error) => {
        const weights = await file()
        const out = join(root, title.replaceAll(' ', '-'))
        const { generator, ...rest } = changes
        const input = tinyRun(data, out, { clip, ...rest, generator: { ...generator, weights } })
        await expect(trainSemPLeS(input)).rejects.toMatchObject({ file: weights, ...error })
        expect(await filesOf(out)).toEqual([])
      },
    )
  })
})
