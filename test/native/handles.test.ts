import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { BackgroundPrompts } from '../../lib/models/backgroundPrompts.js'
import { Clip } from '../../lib/models/clip/clip.js'
import { MaskGenerator } from '../../lib/models/maskGenerator.js'
import { Trainer } from '../../lib/models/trainer.js'
import type { NativeHandle } from '../../lib/native/addon.js'
import { callNative } from '../../lib/native/errors.js'
import { refusal, rejection } from '../config/refusal.js'
import {
  batch,
  classification,
  describeArchives,
  describeNative,
  differences,
  matching,
  textIds,
  tiny,
} from './models.js'

const train = (generator: MaskGenerator) => Trainer.create({ generator, terms: classification, trains: 'all' })

describeNative('dispose', () => {
  test('every use after it is SEMPLES_DISPOSED; twice is fine', async () => {
    const generator = await MaskGenerator.create(tiny)
    const prompts = await BackgroundPrompts.create({ classes: 3, length: 4, width: 16 })
    const trainer = await train(generator)
    for (const handle of [trainer, prompts, generator]) {
      expect(handle.disposed).toBe(false)
      handle.dispose()
      handle.dispose()
      handle[Symbol.dispose]()
      expect(handle.disposed).toBe(true)
    }
    const uses: (() => Promise<unknown>)[] = [
      () => generator.state(),
      () => generator.load({}),
      () => generator.forward(batch()),
      () => generator.cams([{ data: new Uint8Array(32 * 32 * 3), width: 32, height: 32 }], [0]),
      () => trainer.step(batch()),
      () => trainer.optimizerState(),
      () => trainer.loadOptimizerState({}),
      () => prompts.state(),
      () => prompts.load({ dtype: 'float32', shape: [3, 4, 16], data: new Float32Array(192) }),
      () => train(generator),
    ]
    for (const use of uses) expect((await rejection(use())).code).toBe('SEMPLES_DISPOSED')
    expect(refusal(() => generator.parameters).code).toBe('SEMPLES_DISPOSED')
  })

  test('a step under way ends normally', async () => {
    const generator = await MaskGenerator.create(tiny)
    const trainer = await train(generator)
    const before = await trainer.step(batch())
    const under = [trainer.step(batch()), trainer.step(batch()), generator.state()] as const
    trainer.dispose()
    generator.dispose()
    const [second, third, state] = await Promise.all(under)
    expect(second.loss).toBeLessThan(before.loss)
    expect(third.loss).toBeLessThan(second.loss)
    expect(Object.keys(state)).toContain('head.weight')
  })

  test('of the generator leaves its trainers working', async () => {
    const generator = await MaskGenerator.create(tiny)
    const trainer = await train(generator)
    const before = await trainer.step(batch())
    generator.dispose()
    expect((await trainer.step(batch())).loss).toBeLessThan(before.loss)
  })

  test('`using` disposes at the end of the block', async () => {
    const generator = await MaskGenerator.create(tiny)
    generator[Symbol.dispose]()
    expect((await rejection(generator.state())).code).toBe('SEMPLES_DISPOSED')
  })
})

describeArchives('dispose, with a CLIP', (archive) => {
  test('of generator, CLIP and prompts leaves a trainer that uses them working', async () => {
    const generator = await MaskGenerator.create(tiny)
    const clip = await Clip.open({ path: archive('openai') })
    const prompts = await BackgroundPrompts.create({ classes: 3, length: 4, width: 16, deviation: 0.02 })
    const config = { generator, clip, prompts, textIds: textIds() }
    const refine = await Trainer.create({
      ...config,
      terms: { ...matching, foreground_prompt: 0.05 },
      trains: 'head',
    })
    const steps = [refine.step(batch())]
    for (const handle of [generator, clip, prompts]) handle.dispose()
    steps.push(refine.step(batch()))
    for (const { loss } of await Promise.all(steps)) expect(Number.isFinite(loss)).toBe(true)
    expect((await rejection(clip.encodeText(textIds()))).code).toBe('SEMPLES_DISPOSED')
    expect((await rejection(prompts.encode(clip))).code).toBe('SEMPLES_DISPOSED')
    expect(await rejection(Trainer.create({ ...config, terms: matching, trains: 'head' }))).toMatchObject({
      code: 'SEMPLES_DISPOSED',
    })
  })
})

describeNative('one trainer', () => {
  test('steps that are called at once run in call order', async () => {
    const rates = [1e-2, 0, 3e-3, 1e-3, 0]
    const apart = await train(await MaskGenerator.create(tiny))
    const expected: number[] = []
    for (const learningRate of rates) expected.push((await apart.step(batch({ learningRate }))).loss)

    const together = await train(await MaskGenerator.create(tiny))
    const order: number[] = []
    const losses = await Promise.all(
      rates.map(async (learningRate, index) => {
        const { loss } = await together.step(batch({ learningRate }))
        order.push(index)
        return loss
      }),
    )
    expect(losses).toEqual(expected)
    expect(order).toEqual([0, 1, 2, 3, 4])
    expect(new Set(expected).size).toBeGreaterThan(2)
  })

  test('a state is that of its place among the steps', async () => {
    const generator = await MaskGenerator.create(tiny)
    const trainer = await train(generator)
    const [before, , after] = await Promise.all([generator.state(), trainer.step(batch()), generator.state()])
    expect(after['head.weight']!.data).not.toEqual(before['head.weight']!.data)
    expect(differences(await generator.state(), after)).toEqual([])
  })
})

describeNative('objects of the addon', () => {
  type Any = Record<string, (...values: unknown[]) => unknown>
  let generator: MaskGenerator
  let prompts: BackgroundPrompts
  beforeAll(async () => {
    generator = await MaskGenerator.create(tiny)
    prompts = await BackgroundPrompts.create({ classes: 3, length: 4, width: 16 })
  })
  afterAll(() => {
    // Whatever was tried: the objects are whole.
    expect(generator.parameters.length).toBeGreaterThan(30)
    expect(prompts.disposed).toBe(false)
  })
  const prototype = () => Object.getPrototypeOf(generator.native) as Any
  const strangers = (): [string, unknown][] => [
    ['an object', {}],
    ['undefined', undefined],
    ['a number', 5],
    ['another class', prompts.native],
    ['a prototype', prototype()],
    ['an heir', Object.create(generator.native)],
    ['a proxy', new Proxy(generator.native, {})],
  ]

  test.each(['state', 'load', 'forward', 'cams', 'dispose'])('%s borrowed for something else throws', (name) => {
    for (const [, stranger] of strangers()) expect(() => prototype()[name]!.call(stranger, {}, {})).toThrow()
  })

  test.each(['parameters', 'disposed'])('the accessor %s borrowed for something else is refused', (name) => {
    const get = Object.getOwnPropertyDescriptor(prototype(), name)!.get!
    for (const [, stranger] of strangers()) {
      expect(refusal(() => callNative(() => get.call(stranger)))).toMatchObject({
        code: 'SEMPLES_ARGUMENT_INVALID',
        message: expect.stringContaining('Generator'),
      })
    }
  })

  test('their classes cannot be used to make more', async () => {
    const Generator = generator.native.constructor as new (...values: unknown[]) => NativeHandle & Any
    expect(() => (Generator as unknown as () => void)()).toThrow(/new/)
    class Heir extends Generator {}
    for (const made of [new Generator(), new Generator(generator.native), new Heir()]) {
      expect(made.disposed).toBe(true)
      expect(refusal(() => callNative(() => made.state!())).code).toBe('SEMPLES_DISPOSED')
      made.dispose()
    }
    const crossed = Reflect.construct(Generator, [], prompts.native.constructor)
    expect(() => (prompts.native as unknown as Any).state!.call(crossed)).toThrow()
  })

  test('one kind in the place of another is refused by its field', async () => {
    const wrong = prompts as unknown as MaskGenerator
    expect(await rejection(train(wrong))).toMatchObject({ code: 'SEMPLES_ARGUMENT_INVALID', field: 'generator' })
    for (const clip of [generator, {}, null] as unknown as Clip[]) {
      expect(await rejection(Trainer.create({ generator, clip, terms: matching, trains: 'head' }))).toMatchObject({
        code: 'SEMPLES_ARGUMENT_INVALID',
        field: 'clip',
      })
      expect(await rejection(prompts.encode(clip))).toMatchObject({ code: 'SEMPLES_ARGUMENT_INVALID', field: 'clip' })
    }
    const config = { generator, prompts: generator as unknown as BackgroundPrompts, terms: matching }
    expect(await rejection(Trainer.create({ ...config, trains: 'head' }))).toMatchObject({
      code: 'SEMPLES_ARGUMENT_INVALID',
      field: 'prompts',
    })
  })

  test('a clone, as another thread would get, is none of them', async () => {
    const clone = { native: structuredClone(generator.native) } as unknown as MaskGenerator
    expect(await rejection(train(clone))).toMatchObject({ code: 'SEMPLES_ARGUMENT_INVALID', field: 'generator' })
  })

  test.each([undefined, null, {}, 'config'])('a trainer of %p is refused', async (config) => {
    expect((await rejection(Trainer.create(config as never))).code).toMatch(/^SEMPLES_(ARGUMENT|HANDLE)_INVALID$/)
  })
})
