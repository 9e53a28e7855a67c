import { afterEach, expect, test } from '@jest/globals'
import { MaskGenerator } from '../../lib/models/maskGenerator.js'
import { Trainer } from '../../lib/models/trainer.js'
import { loadAddon } from '../../lib/native/load.js'
import { needs } from '../support/needs.js'
import { narrow } from './cnnReference.js'
import { pixels } from './models.js'

const open: { dispose(): void }[] = []
afterEach(() => {
  for (const each of open.splice(0)) each.dispose()
})

const memory = () => loadAddon().inspection.memory()

async function training() {
  const generator = await MaskGenerator.create({ ...narrow, backbone: 'resnet50' })
  const trainer = await Trainer.create({
    generator,
    terms: { coarse_logits: 1 },
    trains: 'all',
    gradients: 'classification',
    optimizer: { kind: 'sgd', weightDecay: 0 },
  })
  open.push(trainer, generator)
  const step = (side: number) =>
    trainer.step({
      pixels: pixels(8, side),
      count: 8,
      height: side,
      width: side,
      labels: new Uint8Array(8 * narrow.classes).fill(1),
      learningRate: 0.01,
    })
  return { trainer, step }
}

needs('build', 'linux').describe('memory of tensors that died in a training step', () => {
  test('serves the next step, so that a step like the one before takes no more from the system', async () => {
    const { step } = await training()
    await step(64)
    const first = memory()
    expect(first.kept).toBeGreaterThan(1e6)
    await step(64)
    expect(memory()).toEqual(first)
  })

  test('never makes more than were in use at once, whatever sizes come', async () => {
    const { step } = await training()
    await step(96)
    const { most } = memory()
    for (const side of [64, 80, 32, 72]) {
      await step(side)
      const now = memory()
      expect(now.used + now.kept).toBeLessThanOrEqual(most)
      expect(now.most).toBe(most)
    }
  })

  test('goes back to the system when anything is disposed', async () => {
    const { trainer, step } = await training()
    await step(64)
    trainer.dispose()
    const { used, kept, most } = memory()
    expect([kept, most]).toEqual([0, used])
  })

  test('is not kept where nothing is trained', async () => {
    const generator = await MaskGenerator.create({ ...narrow, backbone: 'resnet50' })
    open.push(generator)
    await generator.cams([{ data: pixels(1, 256), height: 256, width: 256 }], [0], {})
    expect(memory().kept).toBe(0)
  })
})
