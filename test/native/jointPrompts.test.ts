import { beforeAll, expect, test } from '@jest/globals'
import { BackgroundPrompts, type BackgroundPromptsConfig } from '../../lib/models/backgroundPrompts.js'
import { Clip } from '../../lib/models/clip/clip.js'
import { chooseCompute } from '../../lib/models/devices.js'
import { MaskGenerator } from '../../lib/models/maskGenerator.js'
import { Trainer, type TrainerConfig } from '../../lib/models/trainer.js'
import { rejection } from '../config/refusal.js'
import { expectClose } from '../support/close.js'
import { toNumbers } from '../support/numbers.js'
import { batch, describeArchives, differences, float32, hasNative, textIds, tiny } from './models.js'

beforeAll(async () => {
  if (hasNative) await chooseCompute('cpu', 1)
})

describeArchives('prompts in the joint space', (archive) => {
  let clip: Clip
  let width = 0
  beforeAll(async () => {
    clip = await Clip.open({ path: archive('openai') })
    width = clip.info.featureWidth
  })

  const create = (changes: Partial<BackgroundPromptsConfig> = {}) =>
    BackgroundPrompts.create({ classes: 3, length: 1, width, joint: true, deviation: 0.5, seed: 2, ...changes })
  const learner = async (prompts: BackgroundPrompts, changes: Partial<TrainerConfig> = {}) =>
    Trainer.create({
      generator: await MaskGenerator.create({ ...tiny, maps: 'plain' }),
      clip,
      prompts,
      textIds: textIds(),
      terms: { background_prompt: 1, text_prompt: 0.02, prompt_floor: 1 },
      trains: 'prompts',
      useDropPath: false,
      ...changes,
    })

  test('encoding gives the vectors themselves', async () => {
    const prompts = await create()
    const vectors = float32([3, 1, width], (index) => Math.sin(index))
    await prompts.load(vectors)
    expect(await prompts.encode(clip)).toEqual({ ...vectors, shape: [3, width] })
    expect(await prompts.state()).toEqual(vectors)
  })

  test('the similarity of a pair is the cosine of its background and its vector', async () => {
    const prompts = await create()
    const trainer = await learner(prompts)
    const { details } = await trainer.step(batch({ learningRate: 0, details: true }))
    const masked = details!['masked.background']!
    const features = toNumbers(await clip.encodeImage(masked))
    const vectors = toNumbers(await prompts.state())
    // Classes 0 and 2 in the first picture, 1 in the second.
    const expected = [0, 2, 1].map((index, pair) => {
      const [a, b] = [
        features.subarray(pair * width, (pair + 1) * width),
        vectors.subarray(index * width, (index + 1) * width),
      ]
      return a.reduce((sum, value, at) => sum + value * b[at]!, 0) / Math.hypot(...a) / Math.hypot(...b)
    })
    expectClose(details!['similarity.background_prompt']!, expected, { relMax: 1e-5 })
    expectClose(details!['similarity.prompt_floor']!, expected, { relMax: 1e-5 })
  })

  test('are learned: the loss falls, classes that no picture shows keep theirs', async () => {
    const prompts = await create()
    const before = toNumbers(await prompts.state())
    const trainer = await learner(prompts, { optimizer: { kind: 'adamw', weightDecay: 0 } })
    const labels = Uint8Array.of(1, 0, 1, 0, 0, 1)
    const losses: number[] = []
    for (let step = 0; step < 40; step++) losses.push((await trainer.step(batch({ labels, learningRate: 0.02 }))).loss)
    expect(losses.at(-1)).toBeLessThan(losses[0]!)
    const after = toNumbers(await prompts.state())
    const row = (data: Float64Array, index: number) => [...data.subarray(index * width, (index + 1) * width)]
    expect(row(after, 1)).toEqual(row(before, 1))
    for (const present of [0, 2]) expect(row(after, present)).not.toEqual(row(before, present))
    expect(Object.keys(await trainer.optimizerState())).toContain('exp_avg.prompts')
  })

  test('serve a stage that trains the generator, and stay as they are', async () => {
    const prompts = await create()
    const before = await prompts.state()
    const trainer = await learner(prompts, { terms: { foreground_prompt: 1 }, trains: 'head' })
    expect((await trainer.step(batch())).skipped).toBe(false)
    expect(differences({ prompts: before }, { prompts: await prompts.state() })).toEqual([])
  })

  test('of another length or width are refused', async () => {
    expect(await rejection(create({ length: 2 }))).toMatchObject({ code: 'SEMPLES_ARGUMENT_INVALID', field: 'length' })
    const wide = await create({ width: width + 1 })
    const width_ = {
      code: 'SEMPLES_ARGUMENT_INVALID',
      field: 'prompts',
      expected: expect.stringMatching(/feature width/),
    }
    expect(await rejection(wide.encode(clip))).toMatchObject(width_)
    expect(await rejection(learner(wide))).toMatchObject(width_)
    const loaded = (await create()).load(float32([3, 2, width]))
    expect(await rejection(loaded)).toMatchObject({ code: 'SEMPLES_CHECKPOINT_MISMATCH' })
  })
})
