import { beforeAll, expect, test } from '@jest/globals'
import { chooseCompute } from '../../lib/models/devices.js'
import { MaskGenerator } from '../../lib/models/maskGenerator.js'
import { Trainer } from '../../lib/models/trainer.js'
import { expectClose } from '../support/close.js'
import { narrow, randomCnn } from './cnnReference.js'
import { describeNative, hasNative, pixels } from './models.js'

beforeAll(async () => {
  if (hasNative) await chooseCompute('cpu', 1)
})

const side = 48
const labels = Uint8Array.from([1, 0, 0, 0, 1, 1, 0, 0, 1, 1, 0, 1])
const frozen = { ...narrow, frozen: 'all', head: 'context' } as const

/** A generator and what one step on `count` pictures from `first` on loses, without learning. */
async function classifier(cacheMegabytes: number, seed = 5) {
  const { generator } = await randomCnn({ ...frozen, cacheMegabytes, seed })
  const trainer = await Trainer.create({ generator, terms: { coarse_logits: 1 }, trains: 'all' })
  const all = pixels(4, side)
  const each = side * side * 3
  const lossOf = async (pictures: readonly number[]) => {
    const data = Uint8Array.from(pictures.flatMap((at) => [...all.subarray(at * each, (at + 1) * each)]))
    const own = Uint8Array.from(pictures.flatMap((at) => [...labels.subarray(at * 3, at * 3 + 3)]))
    const size = { count: pictures.length, height: side, width: side }
    return (await trainer.step({ pixels: data, ...size, labels: own, seed: 1, learningRate: 0 })).loss
  }
  return { generator, lossOf }
}

describeNative('features of a frozen network that are kept', () => {
  test('change no loss, in whichever batch a picture comes again', async () => {
    const [cached, plain] = [await classifier(64), await classifier(0)]
    const first = await cached.lossOf([0, 1, 2])
    expectClose(first, await plain.lossOf([0, 1, 2]), { name: 'loss', relMax: 1e-5 })
    expect(await cached.lossOf([0, 1, 2])).toBe(first)
    expectClose(await cached.lossOf([3, 1]), await plain.lossOf([3, 1]), { name: 'other batch', relMax: 1e-5 })
  })

  test('are forgotten with the weights that made them, and kept where the same ones are loaded again', async () => {
    const [cached, other] = [await classifier(64), await classifier(0, 6)]
    const before = await cached.lossOf([0, 1])
    await cached.generator.load(await cached.generator.state())
    expect(await cached.lossOf([0, 1])).toBe(before)
    await cached.generator.load(await other.generator.state())
    expectClose(await cached.lossOf([0, 1]), await other.lossOf([0, 1]), { name: 'new weights', relMax: 1e-5 })
    expect(await cached.lossOf([0, 1])).not.toBeCloseTo(before, 4)
  })

  test('are not made where the network learns', async () => {
    const generator = await MaskGenerator.create({ ...narrow, norm: 'fixed', cacheMegabytes: 64 })
    const trainer = await Trainer.create({ generator, terms: { coarse_logits: 1 }, trains: 'all', gradients: 'all' })
    const batch = { pixels: pixels(2), count: 2, height: 32, width: 32, labels: labels.subarray(0, 6), seed: 1 }
    const one = await trainer.step({ ...batch, learningRate: 1e-4 })
    const two = await trainer.step({ ...batch, learningRate: 0 })
    expect(two.loss).toBeLessThan(one.loss)
  })
})
