import { beforeAll, describe, expect, test } from '@jest/globals'
import type { TensorData, TensorMap } from '../../lib/base/tensor.js'
import { BackgroundPrompts } from '../../lib/models/backgroundPrompts.js'
import { Clip } from '../../lib/models/clip/clip.js'
import { chooseCompute } from '../../lib/models/devices.js'
import { MaskGenerator, type MaskGeneratorConfig } from '../../lib/models/maskGenerator.js'
import { Trainer, type TrainerConfig } from '../../lib/models/trainer.js'
import type { NativeTrainingBatch } from '../../lib/native/addon.js'
import { rejection } from '../config/refusal.js'
import { expectClose, largestMagnitude } from '../support/close.js'
import { narrow, randomCnn, smoothPictures } from './cnnReference.js'
import { classification, describeArchives, differences, hasNative, matching, pixels, textIds, tiny } from './models.js'

beforeAll(async () => {
  if (hasNative) await chooseCompute('cpu', 1)
})

/** Pictures of one to three labels; the third and fourth show none, so that parts of two have no pair at all. */
const rows = [
  [1, 0, 1],
  [0, 1, 0],
  [0, 0, 0],
  [0, 0, 0],
  [1, 1, 1],
  [0, 0, 1],
  [1, 1, 0],
]
const count = rows.length
const labels = Uint8Array.from(rows.flat())
const side = tiny.imageSize
const erase = Int32Array.from(rows.flatMap((_, at) => [at, 2 * at, at === 3 ? 0 : 9, 12]))

function batch(changes: Partial<NativeTrainingBatch> = {}): NativeTrainingBatch {
  const given = { pixels: pixels(count), count, height: side, width: side, labels, erase, seed: 4 }
  return { ...given, learningRate: 1e-3, details: true, ...changes }
}

/** With drop path; its plain maps are no sums that nearly cancel. */
const noisy = { ...tiny, dropPathRate: 0.5, maps: 'plain' }

const fixed: MaskGeneratorConfig = { ...narrow, backbone: 'resnet50', norm: 'fixed' }
const frozen: MaskGeneratorConfig = { ...fixed, norm: 'frozen' }

describeArchives('gradients of parts of a batch', (archive) => {
  let clip: Clip
  beforeAll(async () => {
    clip = await Clip.open({ path: archive('openai') })
    // Sums are rounded otherwise in parts of other sizes; the sign of a value near 0 must not hang on it.
    const chosen = await smoothPictures({ fixed, frozen }, [count, side, side])
    smooth.set(fixed, chosen.fixed!).set(frozen, chosen.frozen!)
  })
  const smooth = new Map<MaskGeneratorConfig | undefined, TensorData>()

  function batchFor(sizes?: MaskGeneratorConfig): NativeTrainingBatch {
    const images = smooth.get(sizes)
    return images === undefined ? batch() : { images, labels, seed: 4, learningRate: 1e-3, details: true }
  }

  async function stage(config: Partial<TrainerConfig>, sizes: MaskGeneratorConfig = noisy) {
    const generator = smooth.has(sizes) ? (await randomCnn(sizes)).generator : await MaskGenerator.create(sizes)
    const prompts = await BackgroundPrompts.create({ classes: 3, length: 4, width: 16, deviation: 0.05, seed: 9 })
    const trainer = await Trainer.create({
      generator,
      clip,
      prompts,
      textIds: textIds(),
      terms: matching,
      trains: 'head',
      ...config,
    })
    return { generator, prompts, trainer }
  }

  const all = { trains: 'all' } as const
  const stages: [string, Partial<TrainerConfig>, MaskGeneratorConfig?][] = [
    ['classify', { ...all, terms: classification, gradients: 'classification', labelSmoothing: 0.1 }],
    ['match, head', { terms: matching }],
    ['match, all, sharpened', { ...all, terms: { ...matching, area: 0.7, coarse_logits: 0.4 }, maskGain: 8 }],
    ['match, cosine', { ...all, terms: matching, form: 'cosine' }],
    ['prompt', { trains: 'prompts', terms: { background_prompt: 1, text_prompt: 0.02, prompt_floor: 1 } }],
    ['repel', { trains: 'prompts', terms: { repel_foreground: 1, background_prompt: 1 }, maskEpsilon: 1e-4 }],
    ['guide', { terms: { ...matching, foreground_prompt: 0.05 } }],
    ['area alone', { ...all, terms: { area: 1 } }],
    ['cnn, classify', { ...all, terms: { coarse_logits: 1 } }, fixed],
    ['cnn, match', { ...all, terms: { ...matching, coarse_logits: 0.5 } }, frozen],
  ]

  /** What one step gives, and what it leaves. */
  async function step(microBatch: number, config: Partial<TrainerConfig>, sizes?: MaskGeneratorConfig) {
    const { generator, prompts, trainer } = await stage({ ...config, microBatch }, sizes)
    const result = await trainer.step(batchFor(sizes))
    const after: TensorMap = { ...(await generator.state()), prompts: await prompts.state() }
    return { ...result, after }
  }

  describe.each(stages)('%s', (_, config, sizes) => {
    test.each([1, 2, 3, 6])('parts of %i: loss, terms and gradients are those of the whole', async (microBatch) => {
      const whole = await step(0, config, sizes)
      const parts = await step(microBatch, config, sizes)
      expectClose(parts.loss, whole.loss, { name: 'loss', relMax: 1e-5 })
      expect(Object.keys(parts.terms).sort()).toEqual(Object.keys(whole.terms).sort())
      for (const [name, value] of Object.entries(whole.terms))
        expectClose(parts.terms[name]!, value, { name, relMax: 1e-5, abs: 1e-7 })
      expect([parts.pairs, parts.skipped]).toEqual([whole.pairs, whole.skipped])

      // Gradients, and by pair in the same order: similarities and masked pictures.
      const [found, expected] = [parts.details!, whole.details!]
      expect(Object.keys(found).sort()).toEqual(Object.keys(expected).sort())
      const gradients = Object.keys(expected).filter((name) => name.startsWith('gradient.'))
      expect(gradients.length).toBeGreaterThan(0)
      const largest = Math.max(...gradients.map((name) => largestMagnitude(expected[name]!)))
      // Similarities and normalised pictures have the size of 1, gradients that of the largest of them.
      for (const name of Object.keys(expected)) {
        const abs = 1e-6 * (gradients.includes(name) ? largest : 1)
        expectClose(found[name]!, expected[name]!, { name, relMax: 1e-5, abs })
      }
    })

    test('a part as large as the batch, or larger, is the whole batch, bit for bit', async () => {
      const whole = await step(0, config, sizes)
      for (const microBatch of [count, 100]) {
        const parts = await step(microBatch, config, sizes)
        expect(parts.loss).toBe(whole.loss)
        expect(differences(parts.after, whole.after)).toEqual([])
      }
    })
  })

  test('the terms are told in their own order, whichever part has the first pair', async () => {
    const { trainer } = await stage({ ...all, terms: { ...matching, coarse_logits: 1 }, microBatch: 1 })
    const first = Uint8Array.from([...rows[2]!, ...rows.flat().slice(3)])
    const { terms } = await trainer.step(batch({ labels: first }))
    expect(Object.keys(terms)).toEqual(['match', 'background_text', 'coarse_logits'])
  })

  test('no pair in the whole batch: skipped, as ever', async () => {
    const { generator, trainer } = await stage({ microBatch: 2 })
    const before = await generator.state()
    const nothing = await trainer.step(batch({ labels: new Uint8Array(labels.length) }))
    expect(nothing).toMatchObject({ loss: 0, pairs: 0, skipped: true })
    expect(differences(before, await generator.state())).toEqual([])
  })

  test('live batch norm sees each part by itself: results differ from those of the whole batch', async () => {
    const config = { ...all, terms: { coarse_logits: 1 } }
    const [whole, parts] = [
      await step(0, config, { ...narrow, norm: 'live' }),
      await step(3, config, { ...narrow, norm: 'live' }),
    ]
    expect(Math.abs(parts.loss - whole.loss)).toBeGreaterThan(1e-4)
    expect(differences(parts.after, whole.after)).toContain('bn1.running_mean')
  })

  test('gradients are clipped once, all parts together', async () => {
    const norm = (details: TensorMap) =>
      Math.hypot(
        ...Object.entries(details).flatMap(([name, { data }]) =>
          name.startsWith('gradient.') ? [...(data as Float32Array)] : [],
        ),
      )
    const config = { ...all, terms: classification, optimizer: { kind: 'sgd' as const, weightDecay: 0 } }
    const free = await step(0, config)
    const gradientClip = norm(free.details!) / 3
    const [whole, parts] = [await step(0, { ...config, gradientClip }), await step(2, { ...config, gradientClip })]
    for (const [name, tensor] of Object.entries(whole.after))
      expectClose(parts.after[name]!, tensor, { name, relMax: 1e-6, abs: 1e-7 })
  })

  test.each([-1, 1.5, '2'])('%j pictures are refused', async (microBatch) => {
    const { generator } = await stage({})
    const creation = Trainer.create({ generator, terms: classification, trains: 'all', microBatch } as TrainerConfig)
    expect(await rejection(creation)).toMatchObject({ code: 'SEMPLES_ARGUMENT_INVALID', field: 'microBatch' })
  })
})
