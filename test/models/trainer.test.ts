import { describe, expect, test } from '@jest/globals'
import { resolveConfig } from '../../lib/config/resolve.js'
import type { TensorData, TensorMap } from '../../lib/config/tensor.js'
import type { StageName } from '../../lib/config/types.js'
import { BackgroundPrompts } from '../../lib/models/backgroundPrompts.js'
import { Clip } from '../../lib/models/clip.js'
import { MaskGenerator } from '../../lib/models/maskGenerator.js'
import { Trainer } from '../../lib/models/trainer.js'
import type { NativeTrainingBatch } from '../../lib/native/addon.js'
import { stageOf } from '../../lib/stages/stage.js'
import { labelText } from '../../lib/text/templates.js'
import { tokenize } from '../../lib/text/tokenizer.js'
import { describeWithClip, tinyClip, tinyClipArchive } from '../runs/tinyClip.js'

const SIZE = tinyClip.image_resolution
const NAMES = ['boat', 'train', 'cow']
const SIZES = { imageSize: SIZE, patchSize: 8, width: 48, depth: 2, heads: 6, classes: NAMES.length, dropPath: 0.2 }

/** Two pictures of noise with one and two classes; every call gives the same bytes. */
function batch(changes: Partial<NativeTrainingBatch> = {}): NativeTrainingBatch {
  const pixels = Uint8Array.from({ length: 2 * SIZE * SIZE * 3 }, (_, i) => Math.imul(i, 2654435761) >>> 24)
  const labels = Uint8Array.of(1, 0, 0, 0, 1, 1)
  return { pixels, count: 2, height: SIZE, width: SIZE, labels, learningRate: 2e-3, seed: 1, ...changes }
}

interface Models {
  generator: MaskGenerator
  trainer: Trainer
  prompts?: BackgroundPrompts
  dispose(): void
}

/** A stage as a run would build it from its configuration. */
async function open(name: StageName, settings: object = {}, changes: object = {}): Promise<Models> {
  const archive = name === 'classify' ? 'unused.pt' : await tinyClipArchive()
  const config = resolveConfig({
    data: { folder: '.' },
    generator: { weights: 'random' },
    clip: { path: archive, visionHeads: tinyClip.vision_heads, textHeads: tinyClip.transformer_heads },
    out: 'unused',
    ...settings,
  })
  const stage = stageOf(config, name)
  const generator = await MaskGenerator.create({ ...SIZES, seed: 3 })
  const clip = stage.needsClip ? await Clip.open(config.clip) : undefined
  const prompts = stage.needsPrompts
    ? await BackgroundPrompts.create({ classes: NAMES.length, length: 4, width: clip!.info.textWidth, seed: 2 })
    : undefined
  const textIds = clip && tokenize(NAMES.map(labelText), { contextLength: clip.info.contextLength })
  const { terms, trains } = stage
  const trainer = await Trainer.create({
    ...stage.trainer,
    terms,
    trains,
    generator,
    clip,
    prompts,
    textIds,
    ...changes,
  })
  return {
    generator,
    trainer,
    prompts,
    dispose: () => {
      for (const model of [trainer, prompts, clip, generator]) model?.dispose()
    },
  }
}

const bytes = (state: TensorMap) =>
  Object.fromEntries(
    Object.entries(state).map(([name, { data }]) => [name, Buffer.from(data.buffer).toString('base64')]),
  )

describeWithClip('a trainer', () => {
  test.each<StageName>(['classify', 'match', 'prompt', 'refine'])(
    '%s: the loss of one fixed batch falls',
    async (name) => {
      const models = await open(name, {}, { dropPath: false })
      const learningRate = name === 'prompt' ? 0.05 : 5e-3
      const losses: number[] = []
      for (let i = 0; i < 30; i++) losses.push((await models.trainer.step(batch({ learningRate }))).loss)
      models.dispose()
      expect(losses.every(Number.isFinite)).toBe(true)
      expect(losses.at(-1)).toBeLessThan(losses[0])
    },
  )

  test('goes on from a saved optimiser bit for bit, drop path and erasing included', async () => {
    const erase = Int32Array.of(2, 3, 9, 11, 0, 0, 0, 0)
    const step = (models: Models, seed: number) => models.trainer.step(batch({ seed, erase }))
    const first = await open('classify')
    for (let seed = 0; seed < 3; seed++) await step(first, seed)
    const second = await open('classify')
    await second.generator.load(await first.generator.state())
    await second.trainer.loadOptimizerState(await first.trainer.optimizerState())
    for (let seed = 3; seed < 6; seed++) expect((await step(second, seed)).loss).toBe((await step(first, seed)).loss)
    expect(bytes(await second.generator.state())).toEqual(bytes(await first.generator.state()))
    const other = await step(second, 7)
    expect((await step(first, 8)).loss).not.toBe(other.loss)
    first.dispose()
    second.dispose()
  })

  test('one positive pair is an ordinary batch, none is skipped and changes nothing', async () => {
    const models = await open('match')
    const one = await models.trainer.step(batch({ labels: Uint8Array.of(0, 1, 0, 0, 0, 0) }))
    expect(one).toMatchObject({ pairs: 1, skipped: false })
    expect(one.loss).toBeGreaterThan(0)
    const before = bytes(await models.generator.state())
    expect(await models.trainer.step(batch({ labels: new Uint8Array(6) }))).toMatchObject({ pairs: 0, skipped: true })
    expect(bytes(await models.generator.state())).toEqual(before)
    models.dispose()
  })

  test('`head` leaves the backbone alone, `all` trains it', async () => {
    for (const train of ['head', 'all'] as const) {
      const models = await open('match', { match: { train } })
      const before = bytes(await models.generator.state())
      await models.trainer.step(batch())
      const after = bytes(await models.generator.state())
      const changed = Object.keys(after).filter((name) => after[name] !== before[name])
      expect(changed.some((name) => name.startsWith('blocks.'))).toBe(train === 'all')
      expect(changed).toContain('head.weight')
      models.dispose()
    }
  })

  test('a loss that is not finite is refused before anything is changed', async () => {
    const models = await open('classify')
    const state = await models.generator.state()
    const broken: TensorData = { ...state['head.bias'], data: Float32Array.of(Number.NaN, 0, 0) }
    await models.generator.load({ ...state, 'head.bias': broken })
    const before = bytes(await models.generator.state())
    await expect(models.trainer.step(batch())).rejects.toMatchObject({ code: 'SEMPLES_LOSS_NOT_FINITE' })
    expect(bytes(await models.generator.state())).toEqual(before)
    await models.generator.load(state)
    expect(Number.isFinite((await models.trainer.step(batch())).loss)).toBe(true)
    models.dispose()
  })
})

describe('disposal', () => {
  test('a trainer keeps what it needs; use after dispose is an error', async () => {
    const generator = await MaskGenerator.create(SIZES)
    const trainer = await Trainer.create({ generator, terms: [{ name: 'class_logits', weight: 1 }], trains: 'all' })
    const pending = trainer.step(batch())
    generator.dispose()
    generator.dispose()
    expect((await pending).loss).toBeGreaterThan(0)
    expect((await trainer.step(batch())).loss).toBeGreaterThan(0)
    await expect(generator.state()).rejects.toMatchObject({ code: 'SEMPLES_DISPOSED' })
    trainer.dispose()
    await expect(trainer.step(batch())).rejects.toMatchObject({ code: 'SEMPLES_DISPOSED' })
  })
})
