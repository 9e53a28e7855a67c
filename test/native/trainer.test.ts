import { beforeAll, describe, expect, test } from '@jest/globals'
import type { TensorMap } from '../../lib/base/tensor.js'
import { BackgroundPrompts } from '../../lib/models/backgroundPrompts.js'
import { Clip } from '../../lib/models/clip/clip.js'
import { chooseCompute } from '../../lib/models/devices.js'
import { MaskGenerator } from '../../lib/models/maskGenerator.js'
import { Trainer, type TrainerConfig } from '../../lib/models/trainer.js'
import type { StepResult } from '../../lib/native/addon.js'
import { rejection } from '../config/refusal.js'
import { expectClose } from '../support/close.js'
import { toNumbers } from '../support/numbers.js'
import {
  batch,
  classification,
  describeArchives,
  describeNative,
  differences,
  float32,
  hasNative,
  matching,
  textIds,
  tiny,
} from './models.js'

type Changes = Partial<Omit<TrainerConfig, 'generator'>> & {
  generator?: Partial<typeof tiny> & { dropPathRate?: number }
}

// Models this small are not worth a second thread, least of all on a busy machine.
beforeAll(async () => {
  if (hasNative) await chooseCompute('cpu', 1)
})

/** A fresh classification trainer and what it trains. */
async function classifier({ generator: sizes, ...changes }: Changes = {}) {
  const generator = await MaskGenerator.create({ ...tiny, ...sizes })
  const trainer = await Trainer.create({ generator, terms: classification, trains: 'all', ...changes })
  return { generator, trainer }
}

const backbone = (names: string[]) => names.filter((name) => !/^(head|adaptive_attention_fusion)\./.test(name))

describeNative('plain maps', () => {
  test('are the CAMs that refined maps are made of', async () => {
    const refined = await MaskGenerator.create(tiny)
    const plain = await MaskGenerator.create({ ...tiny, maps: 'plain' })
    const { coarse_cam: expected } = await refined.forward(batch(), { trace: true })
    const { fine_cam: found, fine_logits: mean } = await plain.forward(batch())
    expect(found).toEqual(expected)
    expect(Math.max(...toNumbers(found!))).toBeGreaterThan(0)
    const cells = found!.shape[2]! * found!.shape[3]!
    const first = toNumbers(found!).slice(0, cells)
    expect(toNumbers(mean!)[0]).toBeCloseTo(first.reduce((sum, value) => sum + value, 0) / cells, 6)
  })

  test('leave attention fusion untrained', async () => {
    const generator = await MaskGenerator.create({ ...tiny, maps: 'plain' })
    const before = await generator.state()
    const trainer = await Trainer.create({ generator, terms: classification, trains: 'all' })
    await trainer.step(batch())
    const changed = differences(before, await generator.state())
    expect(changed).toContain('head.weight')
    expect(changed.filter((name) => name.startsWith('adaptive_attention_fusion.'))).toEqual([])
  })
})

describeNative('clipped gradients', () => {
  /** First moments after one step, which are a tenth of the gradients that the optimiser was given. */
  async function moments(gradientClip?: number): Promise<number[]> {
    const { trainer } = await classifier({ gradientClip })
    await trainer.step(batch())
    const state = Object.entries(await trainer.optimizerState()).filter(([name]) => name.startsWith('exp_avg.'))
    return state.flatMap(([, tensor]) => [...toNumbers(tensor)])
  }
  const norm = (values: number[]) => 10 * Math.hypot(...values)

  test('have the norm that was asked for over all parameters together, and their direction', async () => {
    const free = await moments()
    const clipped = await moments(norm(free) / 4)
    expect(norm(clipped)).toBeCloseTo(norm(free) / 4, 4)
    const largest = Math.max(...free.map(Math.abs))
    free.forEach((value, at) => {
      expect(Math.abs(clipped[at]! - value / 4)).toBeLessThan(1e-4 * largest)
    })
  })

  test('are left alone where they are smaller', async () => {
    const free = await moments()
    expect(await moments(2 * norm(free))).toEqual(free)
    expect(await moments(0)).toEqual(free)
  })
})

describeNative('what a step changes', () => {
  const headTerms = { fine_logits: 1 }

  test("`trains: 'all'` changes backbone and head", async () => {
    const { generator, trainer } = await classifier({ gradients: 'classification' })
    const before = await generator.state()
    await trainer.step(batch())
    const changed = differences(before, await generator.state())
    expect(backbone(changed)).toEqual(expect.arrayContaining(['cls_token', 'pos_embed', 'blocks.0.attn.qkv.weight']))
    expect(changed).toContain('head.weight')
  })

  test("`trains: 'head'` leaves the backbone as it is, bit for bit", async () => {
    const { generator, trainer } = await classifier({ trains: 'head', terms: headTerms })
    const before = await generator.state()
    for (let step = 0; step < 3; step++) await trainer.step(batch())
    const changed = differences(before, await generator.state())
    expect(backbone(changed)).toEqual([])
    expect(changed).toContain('head.weight')
    expect(changed.some((name) => name.startsWith('adaptive_attention_fusion.'))).toBe(true)
  })

  test('a learning rate of 0 changes nothing', async () => {
    const { generator, trainer } = await classifier()
    const before = await generator.state()
    await trainer.step(batch({ learningRate: 0 }))
    expect(differences(before, await generator.state())).toEqual([])
  })

  test('a loss that is no number: a typed error, nothing changed, and the trainer goes on', async () => {
    const { generator, trainer } = await classifier()
    const good = await generator.state()
    const first = await trainer.step(batch({ learningRate: 0 }))
    const broken: TensorMap = { ...good, 'head.bias': float32([3], Number.NaN) }
    await generator.load(broken)
    const moments = await trainer.optimizerState()
    const error = await rejection(trainer.step(batch()))
    expect(error).toMatchObject({ code: 'SEMPLES_LOSS_NOT_FINITE', hint: expect.stringContaining('learning rate') })
    expect(differences(await generator.state(), broken)).toEqual([])
    expect(differences(await trainer.optimizerState(), moments)).toEqual([])
    await generator.load(good)
    expect((await trainer.step(batch())).loss).toBe(first.loss)
  })

  test('pictures that hold no numbers, too', async () => {
    const { generator, trainer } = await classifier()
    const before = await generator.state()
    const { labels, learningRate } = batch()
    const images = float32([2, 3, 32, 32], Number.NaN)
    expect((await rejection(trainer.step({ images, labels, learningRate }))).code).toBe('SEMPLES_LOSS_NOT_FINITE')
    expect(differences(before, await generator.state())).toEqual([])
  })

  test('pictures without any label still teach classification', async () => {
    const { trainer } = await classifier()
    const result = await trainer.step(batch({ labels: new Uint8Array(6) }))
    expect(result).toMatchObject({ pairs: 0, skipped: false })
    expect(result.loss).toBeGreaterThan(0)
  })
})

describeNative('chance', () => {
  const noisy = { generator: { dropPathRate: 0.5, depth: 4 } }
  const erase = Int32Array.of(2, 3, 20, 17, 8, 0, 24, 32)
  const losses = async (seeds: number[], changes: Changes = noisy) => {
    const { trainer } = await classifier(changes)
    const found: number[] = []
    for (const seed of seeds) found.push((await trainer.step(batch({ seed, erase }))).loss)
    return found
  }

  test('the same seeds give the same losses, bit for bit', async () => {
    expect(await losses([1, 2, 3, 4])).toEqual(await losses([1, 2, 3, 4]))
  })

  test('other seeds of drop path and erasing give others', async () => {
    const [first, ...others] = await Promise.all([10, 11, 12].map(async (seed) => (await losses([seed]))[0]))
    for (const other of others) expect(other).not.toBe(first)
  })

  test('erasing alone depends on the seed; without both the seed is nothing', async () => {
    const quiet = { generator: { dropPathRate: 0 } }
    expect((await losses([1], quiet))[0]).not.toBe((await losses([2], quiet))[0])
    const plain = async (seed: number) => (await (await classifier(quiet)).trainer.step(batch({ seed }))).loss
    expect(await plain(1)).toBe(await plain(2))
  })

  test('`useDropPath: false` turns drop path off', async () => {
    const loss = async (seed: number) =>
      (await (await classifier({ ...noisy, useDropPath: false })).trainer.step(batch({ seed }))).loss
    expect(await loss(1)).toBe(await loss(2))
  })

  test('other seeds of the weights give other weights', async () => {
    const [first, same, other] = await Promise.all(
      [3, 3, 4].map(async (seed) => (await MaskGenerator.create({ ...tiny, seed })).state()),
    )
    expect(differences(first!, same!)).toEqual([])
    expect(differences(first!, other!)).toContain('head.weight')
  })
})

describeNative('the optimiser', () => {
  test('its state in a new trainer: the next steps are the same, bit for bit', async () => {
    const { generator, trainer } = await classifier({ generator: { dropPathRate: 0.2 } })
    for (const seed of [1, 2, 3]) await trainer.step(batch({ seed }))
    const [weights, moments] = await Promise.all([generator.state(), trainer.optimizerState()])
    expect(Object.keys(moments)).toEqual(
      expect.arrayContaining(['step.head.weight', 'exp_avg.head.weight', 'exp_avg_sq.head.weight']),
    )

    const resumed = await classifier({ generator: { dropPathRate: 0.2, seed: 88 } })
    await resumed.generator.load(weights)
    await resumed.trainer.loadOptimizerState(moments)
    for (const seed of [4, 5, 6]) {
      const [expected, actual] = await Promise.all([
        trainer.step(batch({ seed })),
        resumed.trainer.step(batch({ seed })),
      ])
      expect(actual).toEqual(expected)
    }
    expect(differences(await generator.state(), await resumed.generator.state())).toEqual([])
    expect(differences(await trainer.optimizerState(), await resumed.trainer.optimizerState())).toEqual([])
    // Without it they are not: the test can tell.
    const forgetful = await classifier({ generator: { dropPathRate: 0.2 } })
    await forgetful.generator.load(weights)
    for (const seed of [4, 5, 6]) await forgetful.trainer.step(batch({ seed }))
    expect(differences(await generator.state(), await forgetful.generator.state())).toContain('head.weight')
  })

  test('a state of another stage or architecture is refused, and the present one kept', async () => {
    const all = await classifier()
    const head = await classifier({ trains: 'head', terms: { fine_logits: 1 } })
    const wide = await classifier({ generator: { width: 32 } })
    for (const { trainer } of [all, head, wide]) await trainer.step(batch())
    const before = await head.trainer.optimizerState()
    const { 'exp_avg.head.bias': _, ...torn } = before
    const wrong: TensorMap[] = [
      await all.trainer.optimizerState(),
      await wide.trainer.optimizerState(),
      torn,
      { ...before, 'step.head.bias': float32([2], 1) },
      { ...before, 'exp_avg_sq.head.bias': float32([4]) },
    ]
    for (const state of wrong) {
      expect((await rejection(head.trainer.loadOptimizerState(state))).code).toBe('SEMPLES_CHECKPOINT_MISMATCH')
      expect(differences(await head.trainer.optimizerState(), before)).toEqual([])
    }
    await head.trainer.loadOptimizerState({})
    expect(await head.trainer.optimizerState()).toEqual({})
  })
})

describeArchives('stages with a CLIP', (archive) => {
  let clip: Clip
  beforeAll(async () => {
    clip = await Clip.open({ path: archive('openai') })
  })

  async function stage(changes: Partial<TrainerConfig> = {}) {
    const generator = await MaskGenerator.create(tiny)
    const prompts = await BackgroundPrompts.create({ classes: 3, length: 4, width: 16, deviation: 0.05, seed: 9 })
    const trainer = await Trainer.create({
      generator,
      clip,
      prompts,
      textIds: textIds(),
      terms: matching,
      trains: 'head',
      useDropPath: false,
      ...changes,
    })
    return { generator, prompts, trainer }
  }

  const stages: [string, Partial<TrainerConfig>, number][] = [
    ['classify', { terms: classification, trains: 'all', gradients: 'classification' }, 1e-3],
    ['match', { terms: matching, trains: 'head' }, 1e-2],
    [
      'prompt',
      {
        terms: { background_prompt: 1, text_prompt: 0.02 },
        trains: 'prompts',
        maskEpsilon: 1e-4,
      },
      1e-2,
    ],
    ['refine', { terms: { ...matching, foreground_prompt: 0.05 }, trains: 'head' }, 1e-2],
  ]

  describe.each(stages)('%s', (_, config, learningRate) => {
    test('the loss on one fixed batch falls', async () => {
      const { trainer } = await stage(config)
      const losses: number[] = []
      for (let step = 0; step < 30; step++) losses.push((await trainer.step(batch({ learningRate }))).loss)
      const mean = (part: number[]) => part.reduce((sum, loss) => sum + loss, 0) / part.length
      expect(mean(losses.slice(-8))).toBeLessThan(mean(losses.slice(0, 8)))
      expect(losses.at(-1)).toBeLessThan(losses[0]!)
    })

    test('the weighted sum of its terms is its loss', async () => {
      const { trainer } = await stage(config)
      const { loss, terms } = await trainer.step(batch({ learningRate }))
      const sum = Object.entries(config.terms!).reduce((total, [name, weight]) => total + weight * terms[name]!, 0)
      expect(sum).toBeCloseTo(loss, 4)
      expect(Object.keys(terms)).toEqual(Object.keys(config.terms!))
    })
  })

  test('prompts learn, and the generator stays as it is', async () => {
    const { generator, prompts, trainer } = await stage(stages[2]![1])
    const [weights, vectors] = [await generator.state(), await prompts.state()]
    // Class 1 is not in the batch: its prompt decays, but no moment of it grows.
    await trainer.step(batch({ labels: Uint8Array.of(1, 0, 1, 0, 0, 1), learningRate: 1e-2 }))
    const learned = await prompts.state()
    expect(differences(weights, await generator.state())).toEqual([])
    const moments = (await trainer.optimizerState())['exp_avg.prompts']!.data as Float32Array
    const ofClass = (data: ArrayLike<unknown>, index: number) => Array.from(data).slice(index * 64, (index + 1) * 64)
    expect(ofClass(moments, 1).every((moment) => moment === 0)).toBe(true)
    for (const present of [0, 2]) {
      expect(ofClass(moments, present).some((moment) => moment !== 0)).toBe(true)
      expect(ofClass(learned.data, present)).not.toEqual(ofClass(vectors.data, present))
    }
  })

  test('one positive pair is a batch like any', async () => {
    const single = Uint8Array.of(0, 0, 0, 0, 1, 0)
    for (const [, config] of stages.slice(1)) {
      const { trainer } = await stage(config)
      const result = await trainer.step(batch({ labels: single }))
      expect(result).toMatchObject({ pairs: 1, skipped: false })
      expect(Number.isFinite(result.loss)).toBe(true)
    }
    // The pair alone: its similarity is the same whether or not other pictures are there.
    const { trainer } = await stage()
    const details = { details: true, learningRate: 0 }
    const both = await trainer.step(batch({ ...details }))
    const alone = await trainer.step(batch({ ...details, labels: single }))
    const similarity = (result: typeof both) => result.details!['similarity.match']!
    const last = Array.from(similarity(both).data as Float32Array).at(-1)!
    expectClose(similarity(alone), [last], { abs: 1e-6 })
  })

  test('no positive pair: skipped, and nothing is changed', async () => {
    for (const [, config] of stages.slice(1)) {
      const { generator, prompts, trainer } = await stage(config)
      await trainer.step(batch())
      const before = await Promise.all([generator.state(), trainer.optimizerState(), prompts.state()])
      expect(await trainer.step(batch({ labels: new Uint8Array(6) }))).toEqual({
        loss: 0,
        terms: {},
        pairs: 0,
        skipped: true,
      })
      const after = await Promise.all([generator.state(), trainer.optimizerState(), prompts.state()])
      expect(differences(before[0], after[0])).toEqual([])
      expect(differences(before[1], after[1])).toEqual([])
      expect(differences({ prompts: before[2] }, { prompts: after[2] })).toEqual([])
    }
  })

  test("`form: 'cosine'`: the mean similarity itself, pulled up or pushed down", async () => {
    const options = batch({ details: true, learningRate: 0 })
    const { trainer } = await stage({ form: 'cosine' })
    const { loss, terms, details } = await trainer.step(options)
    const mean = (name: string) => {
      const data = details![`similarity.${name}`]!.data as Float32Array
      return data.reduce((sum, value) => sum + value, 0) / data.length
    }
    expect(terms.match).toBeCloseTo(-mean('match'), 6)
    expect(terms.background_text).toBeCloseTo(mean('background_text'), 6)
    expect(loss).toBeCloseTo(-mean('match') + 2.4 * mean('background_text'), 5)
    const log = await (await stage()).trainer.step(options)
    expect(log.loss).not.toBeCloseTo(loss, 3)
    expect(log.details!['similarity.match']).toEqual(details!['similarity.match'])
  })

  test('`clipStatistics` gives CLIP the same pictures in its own normalisation', async () => {
    const options = batch({ details: true, learningRate: 0 })
    const [plain, own] = await Promise.all(
      [false, true].map(async (clipStatistics) => (await stage({ clipStatistics })).trainer.step(options)),
    )
    // Foreground + background = picture, so the pictures can be read back and undone by hand.
    const pictures = ({ details }: StepResult) => {
      const [first, second] = ['foreground', 'background'].map((part) => toNumbers(details![`masked.${part}`]!))
      return first!.map((value, index) => value + second![index]!)
    }
    const channel = (index: number) => Math.floor(index / 1024) % 3
    const undo = (mean: readonly number[], std: readonly number[], data: ArrayLike<number>) =>
      Float32Array.from(data, (value, index) => value * std[channel(index)]! + mean[channel(index)]!)
    const expected = undo([0.485, 0.456, 0.406], [0.229, 0.224, 0.225], pictures(plain!))
    const actual = undo(clip.info.mean, clip.info.std, pictures(own!))
    expectClose(actual, expected, { abs: 1e-5 })
    expect(own!.loss).not.toBe(plain!.loss)
  })

  test('a step that fails in CLIP leaves no gradient behind', async () => {
    const broken = await Clip.open({ path: archive('raises') })
    const { generator } = await stage()
    const before = await generator.state()
    const failing = await Trainer.create({
      generator,
      clip: broken,
      textIds: textIds(),
      terms: matching,
      trains: 'all',
    })
    expect(await rejection(failing.step(batch()))).toMatchObject({ code: 'SEMPLES_CLIP_INVALID' })
    expect(differences(await generator.state(), before)).toEqual([])
    const after = await Trainer.create({
      generator,
      clip,
      textIds: textIds(),
      terms: matching,
      trains: 'head',
      useDropPath: false,
    })
    const fresh = await stage()
    const options = batch({ details: true })
    const [result, expected] = await Promise.all([after.step(options), fresh.trainer.step(options)])
    expect(result.loss).toBe(expected.loss)
    expect(Object.keys(result.details!)).toEqual(Object.keys(expected.details!))
  })
})

describeNative('the area term', () => {
  const epsilon = 0.1
  /** Mean of each map, scaled to its own range, over all pictures, classes and positions. */
  async function area(generator: MaskGenerator): Promise<number> {
    const { fine_cam: maps } = await generator.forward(batch())
    const [pictures = 0, classes = 0, height = 0, width = 0] = maps!.shape
    const values = toNumbers(maps!)
    const cells = height * width
    let sum = 0
    for (let map = 0; map < pictures * classes; map++) {
      const own = values.slice(map * cells, (map + 1) * cells)
      const [low, high] = [Math.min(...own), Math.max(...own)]
      for (const value of own) sum += (value - low) / (high - low + epsilon)
    }
    return sum / values.length
  }
  const options = { terms: { area: 1 }, trains: 'all' as const, maskEpsilon: epsilon, useDropPath: false }

  test('is the mean of the masks of all classes, also of those that no picture shows', async () => {
    const generator = await MaskGenerator.create({ ...tiny, maps: 'plain' })
    const expected = await area(generator)
    const trainer = await Trainer.create({ generator, ...options })
    for (const labels of [Uint8Array.of(1, 0, 1, 0, 1, 0), Uint8Array.of(0, 0, 1, 0, 0, 0)])
      expect((await trainer.step(batch({ labels, learningRate: 0 }))).terms.area).toBeCloseTo(expected, 6)
    expect(expected).toBeGreaterThan(0.01)
  })

  test('shrinks the masks when it is trained', async () => {
    const generator = await MaskGenerator.create({ ...tiny, maps: 'plain' })
    const before = await area(generator)
    const trainer = await Trainer.create({ generator, ...options })
    for (let step = 0; step < 20; step++) await trainer.step(batch({ learningRate: 1e-2 }))
    expect(await area(generator)).toBeLessThan(before * 0.8)
  })
})

describeNative('label smoothing', () => {
  test('moves the targets of classification towards one half', async () => {
    const labelSmoothing = 0.2
    const { generator, trainer } = await classifier({ labelSmoothing, useDropPath: false })
    const outputs = await generator.forward(batch())
    const targets = Array.from(batch().labels, (label) => (1 - labelSmoothing) * label + labelSmoothing / 2)
    const softMargin = (logits: number[]): number =>
      logits
        .map((x, index) => targets[index]! * Math.log1p(Math.exp(-x)) + (1 - targets[index]!) * Math.log1p(Math.exp(x)))
        .reduce((sum, value) => sum + value, 0) / logits.length
    const { terms } = await trainer.step(batch())
    for (const name of ['class_logits', 'coarse_logits', 'fine_logits'] as const)
      expect(terms[name]).toBeCloseTo(softMargin([...toNumbers(outputs[name]!)]), 5)
  })
})
