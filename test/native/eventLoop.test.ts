import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { MaskGenerator } from '../../lib/models/maskGenerator.js'
import { Trainer } from '../../lib/models/trainer.js'
import { expectFreeLoop, watchLoop } from '../support/processorTime.js'
import { classification, describeNative, pixels } from './models.js'

describeNative('DeiT-S/16 at 224: a timer goes on firing', () => {
  let generator: MaskGenerator
  let trainer: Trainer
  beforeAll(async () => {
    generator = await MaskGenerator.create({ kind: 'weaktr', classes: 20 })
    trainer = await Trainer.create({ generator, terms: classification, trains: 'all' })
  })
  afterAll(() => {
    generator.dispose()
    trainer.dispose()
  })

  test('while a model is made', async () => {
    const seen = await watchLoop(() => MaskGenerator.create({ kind: 'weaktr', classes: 20, seed: 3 }))
    seen.result.dispose()
    expectFreeLoop(seen)
  })

  test('during a training step', async () => {
    const labels = new Uint8Array(2 * 20).fill(1, 0, 3)
    const batch = { pixels: pixels(2, 224), count: 2, height: 224, width: 224, labels, learningRate: 1e-4 }
    expectFreeLoop(await watchLoop(() => trainer.step(batch)))
  })

  test('during CAM generation', async () => {
    const scales = [{ data: pixels(1, 224), width: 224, height: 224 }]
    expectFreeLoop(await watchLoop(() => generator.cams([...scales, ...scales], [0, 7])))
  })

  test('weights that are handed over are whole, though a step changes them a moment later', async () => {
    const labels = new Uint8Array(20).fill(1, 0, 3)
    const batch = { pixels: pixels(1, 64), count: 1, height: 64, width: 64, labels, learningRate: 1e-2 }
    const [before, , after] = await Promise.all([generator.state(), trainer.step(batch), generator.state()])
    const again = await generator.state()
    const name = 'blocks.5.mlp.fc1.weight'
    expect(Buffer.from(after[name]!.data.buffer).equals(Buffer.from(again[name]!.data.buffer))).toBe(true)
    expect(Buffer.from(after[name]!.data.buffer).equals(Buffer.from(before[name]!.data.buffer))).toBe(false)
  })
})
