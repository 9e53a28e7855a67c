import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { MaskGenerator } from '../../lib/models/maskGenerator.js'
import { Trainer } from '../../lib/models/trainer.js'
import { classification, describeNative, pixels } from './models.js'

/** What a 5 ms timer saw while `work` was under way. */
interface Watch<T> {
  result: T
  ticks: number
  /** The longest time without a tick, in milliseconds. */
  gap: number
  duration: number
}

async function watch<T>(work: () => Promise<T>): Promise<Watch<T>> {
  const start = performance.now()
  let last = start
  let gap = 0
  let ticks = 0
  const tick = () => {
    const now = performance.now()
    gap = Math.max(gap, now - last)
    last = now
    ticks++
  }
  const timer = setInterval(tick, 5)
  const result = await work()
  clearInterval(timer)
  const end = performance.now()
  return { result, ticks, gap: Math.max(gap, end - last), duration: end - start }
}

/**
 * The work is long and the loop free. On a busy machine the loop, too, waits for a processor: so the measure is a share
 * of the work, which a blocked loop would miss altogether (no tick, and a gap as long as the work).
 */
function expectFreeLoop({ ticks, gap, duration }: Watch<unknown>): void {
  expect(ticks).toBeGreaterThan(duration / 50)
  expect(gap).toBeLessThan(Math.max(50, duration / 2))
}

describeNative('DeiT-S/16 at 224: a timer goes on firing', () => {
  let generator: MaskGenerator
  let trainer: Trainer
  beforeAll(async () => {
    generator = await MaskGenerator.create()
    trainer = await Trainer.create({ generator, terms: classification, trains: 'all' })
  })
  afterAll(() => {
    generator.dispose()
    trainer.dispose()
  })

  test('while a model is made', async () => {
    const seen = await watch(() => MaskGenerator.create({ seed: 3 }))
    seen.result.dispose()
    expectFreeLoop(seen)
  })

  test('during a training step', async () => {
    const labels = new Uint8Array(2 * 20).fill(1, 0, 3)
    const batch = { pixels: pixels(2, 224), count: 2, height: 224, width: 224, labels, learningRate: 1e-4 }
    expectFreeLoop(await watch(() => trainer.step(batch)))
  })

  test('during CAM generation', async () => {
    const scales = [{ data: pixels(1, 224), width: 224, height: 224 }]
    expectFreeLoop(await watch(() => generator.cams([...scales, ...scales], [0, 7])))
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
