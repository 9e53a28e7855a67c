import { beforeAll, describe, expect, test } from '@jest/globals'
import type { TensorMap } from '../../lib/base/tensor.js'
import { chooseCompute } from '../../lib/models/devices.js'
import { MaskGenerator } from '../../lib/models/maskGenerator.js'
import { Trainer } from '../../lib/models/trainer.js'
import type { NativeTrainerOptions } from '../../lib/native/addon.js'
import { rejection } from '../config/refusal.js'
import { expectClose } from '../support/close.js'
import { toNumbers } from '../support/numbers.js'
import { batch, classification, describeNative, differences, hasNative, tiny } from './models.js'

beforeAll(async () => {
  if (hasNative) await chooseCompute('cpu', 1)
})

async function classifier(changes: Partial<NativeTrainerOptions> = {}) {
  const generator = await MaskGenerator.create({ ...tiny, dropPathRate: 0 })
  const trainer = await Trainer.create({ generator, terms: classification, trains: 'all', ...changes })
  return { generator, trainer }
}

/** Gradients by parameter, the parameters before and after one step. */
async function step({ generator, trainer }: Awaited<ReturnType<typeof classifier>>, learningRate: number) {
  const before = await generator.state()
  const { details } = await trainer.step(batch({ learningRate, details: true }))
  const after = await generator.state()
  const gradients = Object.entries(details!).flatMap(([name, tensor]) => {
    const parameter = /^gradient\.(.*)/.exec(name)?.[1]
    return parameter === undefined ? [] : [[parameter, toNumbers(tensor)] as const]
  })
  return { before, after, gradients: new Map(gradients) }
}

const isHead = (name: string) => /^(head|adaptive_attention_fusion)\./.test(name)
const numbers = (state: TensorMap, name: string) => toNumbers(state[name]!)

describeNative('SGD', () => {
  test('subtracts the learning rate times gradient and decay', async () => {
    const [rate, weightDecay] = [0.5, 0.01]
    const { before, after, gradients } = await step(await classifier({ optimizer: { kind: 'sgd', weightDecay } }), rate)
    expect(gradients.size).toBeGreaterThan(20)
    for (const [name, gradient] of gradients) {
      const start = numbers(before, name)
      const expected = start.map((value, at) => value - rate * (gradient[at]! + weightDecay * value))
      expectClose(numbers(after, name), expected, { name, abs: 1e-6 })
    }
    // What the loss does not reach is not decayed either.
    const untouched = Object.keys(before).filter((name) => !gradients.has(name))
    expect(differences(before, after).filter((name) => untouched.includes(name))).toEqual([])
  })

  test('Nesterov: the step looks ahead by one more part of the buffer', async () => {
    const momentum = 0.9
    const parts = await classifier({ optimizer: { kind: 'sgd', momentum, nesterov: true } })
    const first = await step(parts, 0.1)
    const second = await step(parts, 0.3)
    for (const [name, gradient] of second.gradients) {
      const buffer = first.gradients.get(name)!.map((earlier, at) => momentum * earlier + gradient[at]!)
      const start = numbers(second.before, name)
      const expected = start.map((value, at) => value - 0.3 * (gradient[at]! + momentum * buffer[at]!))
      expectClose(numbers(second.after, name), expected, { name, abs: 1e-6 })
    }
    const none = classifier({ optimizer: { kind: 'sgd', nesterov: true } })
    expect(await rejection(none)).toMatchObject({ code: 'SEMPLES_CONFIG_INVALID', field: 'optimizer.nesterov' })
  })

  test('momentum: the buffer starts as the first gradient, and carries a part of itself on', async () => {
    const momentum = 0.9
    const parts = await classifier({ optimizer: { kind: 'sgd', momentum } })
    const first = await step(parts, 0.1)
    const second = await step(parts, 0.3)
    for (const [name, gradient] of second.gradients) {
      const earlier = first.gradients.get(name)!
      const start = numbers(second.before, name)
      const expected = start.map((value, at) => value - 0.3 * (momentum * earlier[at]! + gradient[at]!))
      expectClose(numbers(second.after, name), expected, { name, abs: 1e-6 })
    }
  })

  test('its state in a new trainer: the next steps are the same, bit for bit', async () => {
    const optimizer = { kind: 'sgd', momentum: 0.9 } as const
    const parts = await classifier({ optimizer })
    for (let count = 0; count < 2; count++) await parts.trainer.step(batch())
    const [weights, state] = await Promise.all([parts.generator.state(), parts.trainer.optimizerState()])
    expect(Object.keys(state)).toContain('momentum_buffer.head.weight')
    const resumed = await classifier({ optimizer })
    await resumed.generator.load(weights)
    await resumed.trainer.loadOptimizerState(state)
    for (const { trainer } of [parts, resumed]) await trainer.step(batch({ learningRate: 0.1 }))
    expect(differences(await parts.generator.state(), await resumed.generator.state())).toEqual([])
    // Without momentum there is nothing to remember.
    const plain = await classifier({ optimizer: { kind: 'sgd' } })
    await plain.trainer.step(batch())
    expect(await plain.trainer.optimizerState()).toEqual({})
    expect((await rejection(plain.trainer.loadOptimizerState({ ...(await adamwState()) }))).code).toBe(
      'SEMPLES_CHECKPOINT_MISMATCH',
    )
  })

  async function adamwState(): Promise<TensorMap> {
    const { trainer } = await classifier()
    await trainer.step(batch())
    return trainer.optimizerState()
  }
})

describeNative('groups of parameters', () => {
  const rate = 1e-3
  describe.each(['adamw', 'sgd'] as const)('%s', (kind) => {
    const optimizer = { kind }

    test('learn at the rate of the step times their factor', async () => {
      const groups = [
        { parameters: 'head', factor: 0 },
        { parameters: 'body', factor: 0.5 },
      ]
      const { before, after } = await step(await classifier({ optimizer, groups }), 2 * rate)
      const plain = await step(await classifier({ optimizer }), rate)
      const changed = differences(before, after)
      expect(changed.filter(isHead)).toEqual([])
      expect(changed).toEqual(differences(plain.before, plain.after).filter((name) => !isHead(name)))
      for (const name of changed) expectClose(numbers(after, name), numbers(plain.after, name), { name, abs: 1e-7 })
    })
  })

  test('the first that fits counts; the others learn at the rate itself', async () => {
    const groups = [
      { parameters: 'head.bias', factor: 0 },
      { parameters: 'head.', factor: 1 },
      { parameters: 'blocks.', factor: 0 },
    ]
    const { before, after } = await step(await classifier({ groups }), rate)
    const changed = differences(before, after)
    expect(changed).toEqual(expect.arrayContaining(['head.weight', 'cls_token', 'pos_embed']))
    expect(changed.filter((name) => name === 'head.bias' || name.startsWith('blocks.'))).toEqual([])
  })

  test('a state fits whatever the groups', async () => {
    const grouped = await classifier({ groups: [{ parameters: 'head', factor: 10 }] })
    await grouped.trainer.step(batch())
    const state = await grouped.trainer.optimizerState()
    const plain = await classifier()
    await plain.trainer.loadOptimizerState(state)
    expect(differences(await plain.trainer.optimizerState(), state)).toEqual([])
  })

  test('a group of parameters that are not trained now is no mistake', async () => {
    const { trainer } = await classifier({
      trains: 'head',
      terms: { fine_logits: 1 },
      groups: [{ parameters: 'blocks.', factor: 0.1 }],
    })
    expect((await trainer.step(batch())).skipped).toBe(false)
  })
})
