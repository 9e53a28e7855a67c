import { afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import type { TensorData } from '../../lib/base/tensor.js'
import { BackgroundPrompts, type BackgroundPromptsConfig } from '../../lib/models/backgroundPrompts.js'
import { Clip, type OpenClipOptions } from '../../lib/models/clip/clip.js'
import { chooseCompute } from '../../lib/models/devices.js'
import { MaskGenerator, type MaskGeneratorConfig } from '../../lib/models/maskGenerator.js'
import { Trainer, type TrainerConfig } from '../../lib/models/trainer.js'
import type { NativeForwardOptions, NativeImages, NativeTrainingBatch } from '../../lib/native/addon.js'
import { callNative } from '../../lib/native/errors.js'
import { loadAddon } from '../../lib/native/load.js'
import { lossTerms } from '../../lib/native/lossTerms.js'
import { rejection } from '../config/refusal.js'
import {
  batch,
  classification,
  describeArchives,
  describeNative,
  differences,
  float32,
  int64,
  matching,
  pixels,
  textIds,
  tiny,
} from './models.js'

/** Values that are never an object of options or a tensor. */
const nothings: unknown[] = [undefined, null, 0, 'text', true, Symbol('x'), 1n]
/** Values that are never a number. */
const noNumbers: unknown[] = [null, '3', [3], {}, 3n, Symbol('x'), { valueOf: () => 3 }, Number.NaN]
const size = tiny.imageSize

/** A resizable ArrayBuffer, which the types of this TypeScript target do not know. */
function resizable(length: number): ArrayBuffer & { resize(length: number): void } {
  const options = { maxByteLength: 4 * length }
  return Reflect.construct(ArrayBuffer, [length, options])
}

describeNative('wrong arguments', () => {
  let generator: MaskGenerator
  let trainer: Trainer
  let prompts: BackgroundPrompts
  let before: Float32Array
  const output = async () => (await generator.forward(batch())).fine_cam!.data as Float32Array
  beforeAll(async () => {
    generator = await MaskGenerator.create(tiny)
    trainer = await Trainer.create({ generator, terms: classification, trains: 'head' })
    prompts = await BackgroundPrompts.create({ classes: 3, length: 4, width: 16 })
    before = await output()
  })
  // A refused call changes nothing.
  afterEach(async () => expect(await output()).toEqual(before))

  async function refused(run: () => Promise<unknown>, field: string | RegExp, code = 'SEMPLES_ARGUMENT_INVALID') {
    const error = await rejection(run())
    expect(error).toMatchObject({ code, field: expect.stringMatching(field) })
    expect(error.message).toContain(error.field)
    return error
  }

  test.each<[string, Record<string, unknown[]>]>([
    ['sizes', { imageSize: [0, -1, 1e9, 2.5, ...noNumbers], depth: [0, 1e6], classes: [0, -3, 4097], heads: [0, 3] }],
    [
      'rates',
      { dropPathRate: [-0.1, 1, 2, ...noNumbers], mlpRatio: [0, -1, Number.POSITIVE_INFINITY, 1e9, ...noNumbers] },
    ],
    [
      'names',
      {
        fusionPool: ['sum', 3, null],
        maps: ['fine', 3, null],
        kind: ['vit', 3, null, undefined],
        device: ['gpu', 'cpu:x', 3, null, ''],
        seed: [0.5, 1e300, ...noNumbers],
      },
    ],
    ['reductions', { fusionReduction: [0, -8, ...noNumbers], fusionFeatureReduction: [0, ...noNumbers] }],
  ])('of a new generator: %s', async (_, fields) => {
    for (const [field, values] of Object.entries(fields)) {
      for (const value of values) {
        const error = await rejection(MaskGenerator.create({ ...tiny, [field]: value }))
        expect(error.code).toMatch(
          field === 'device'
            ? /^SEMPLES_(ARGUMENT_INVALID|CONFIG_INVALID|DEVICE_UNAVAILABLE)$/
            : /^SEMPLES_ARGUMENT_INVALID$/,
        )
        expect(error.field).toBe(field === 'heads' && value === 3 ? 'width' : field)
      }
    }
  })

  test('a generator larger than any memory is refused, not tried', async () => {
    for (const config of [
      { kind: 'weaktr', classes: 3, width: 16384, depth: 256, heads: 1 },
      { kind: 'weaktr', classes: 3, imageSize: 16384, patchSize: 1 },
    ])
      await refused(() => MaskGenerator.create(config), /width/)
    await refused(() => MaskGenerator.create({ ...tiny, imageSize: 4, patchSize: 8 }), 'imageSize')
    await refused(() => MaskGenerator.create({ ...tiny, image_size: 4 }), 'image_size')
    for (const nothing of [null, ...nothings.slice(2)])
      await refused(() => MaskGenerator.create(nothing as MaskGeneratorConfig), 'config')
  })

  test('an option that does not exist, in one wording', async () => {
    const error = await refused(() => MaskGenerator.create({ ...tiny, fusionPool: 'sum' }), 'fusionPool')
    expect(error).toMatchObject({ expected: 'max or mean', value: '"sum"' })
    expect(error.message).toBe('Expected max or mean for fusionPool but received "sum".')
    const size = await refused(() => MaskGenerator.create({ ...tiny, depth: 0.5 }), 'depth')
    expect(size.message).toBe('Expected an integer from 1 to 256 for depth but received 0.5.')
    const own = { classes: 3, length: 4, width: 16, wdith: 3 }
    expect((await refused(() => BackgroundPrompts.create(own), 'wdith')).expected).toMatch(/classes, length, width/)
    await refused(() => generator.forward(batch(), { tracing: true } as NativeForwardOptions), 'tracing')
    await refused(() => generator.load({}, { strictly: true } as never), 'strictly')
    const misspelt = { generator, terms: classification, trains: 'all', gradientclip: 1 } as TrainerConfig
    await refused(() => Trainer.create(misspelt), 'gradientclip')
    // What is not given is not there.
    await MaskGenerator.create({ ...tiny, anything: undefined })
  })

  test('a device that is not there', async () => {
    const error = await rejection(MaskGenerator.create({ ...tiny, device: 'cuda:99' }))
    expect(error).toMatchObject({ code: 'SEMPLES_DEVICE_UNAVAILABLE', field: 'device', value: 'cuda:99' })
  })

  test('threads', async () => {
    for (const threads of [0, -1, 2.5, 4097, ...noNumbers])
      await refused(() => chooseCompute('cpu', threads as number), 'threads')
  })

  describe('pictures', () => {
    const both: [string, (changes: Record<string, unknown>) => Promise<unknown>][] = [
      ['forward', (changes) => generator.forward({ ...batch(), ...changes })],
      ['step', (changes) => trainer.step({ ...batch(), ...changes } as NativeTrainingBatch)],
    ]
    test.each(both)('%s: pixels of another kind or length', async (_, run) => {
      const right = pixels(2)
      const wrong = [...nothings, [...right], right.buffer, new DataView(right.buffer), new Int8Array(right.length)]
      wrong.push(right.subarray(1), new Uint8Array(0), new Float32Array(right), new Proxy(right, {}), {})
      for (const value of wrong) await refused(() => run({ pixels: value }), 'pixels')
    })

    test.each(both)('%s: sizes', async (_, run) => {
      for (const field of ['count', 'height', 'width']) {
        const huge = [2 ** 20 + 1, 2 ** 31, 2 ** 53, Number.POSITIVE_INFINITY]
        for (const value of [0, -1, 1.5, undefined, ...huge, ...noNumbers])
          await refused(() => run({ [field]: value }), field)
      }
      await refused(() => run({ count: 3 }), 'pixels')
      await refused(() => run({ count: 2 ** 20, height: 2 ** 20, width: 2 ** 20 }), 'pixels')
      for (const value of [0.5, ...noNumbers]) await refused(() => run({ seed: value }), 'seed')
    })

    test.each(both)('%s: normalised pictures', async (_, run) => {
      const wrong: unknown[] = [
        null,
        'text',
        new Float32Array(2 * 3 * size * size),
        float32([3, size, size]),
        float32([2, 1, size, size]),
        float32([0, 3, size, size]),
        { ...float32([2, 3, size, size]), dtype: 'float64' },
        { ...float32([2, 3, size, size]), dtype: 'complex' },
        { ...float32([2, 3, size, size]), dtype: Symbol('float32') },
        { ...float32([2, 3, size, size]), shape: [2, 3, size, size, 1] },
        { ...float32([2, 3, size, size]), shape: [2, 3, -size, -size] },
        { ...float32([2, 3, size, size]), shape: [2, 3, size, Number.NaN] },
        { ...float32([2, 3, size, size]), shape: '2,3' },
        { ...float32([2, 3, size, size]), shape: new Array(2 ** 31) },
        { ...float32([2, 3, size, size]), shape: [2 ** 50, 2 ** 50, 2 ** 50, 2 ** 50] },
        { ...float32([2, 3, size, size]), data: new Float32Array(5) },
        { ...float32([2, 3, size, size]), data: undefined },
      ]
      for (const images of wrong) await refused(() => run({ images }), /^images/)
    })

    test.each(both)('%s: erasing boxes', async (_, run) => {
      const outside = [
        [0, 0, size + 1, 1],
        [-1, 0, 4, 4],
        [0, size, 1, 1],
        [2 ** 31 - 1, 0, 2 ** 31 - 1, 1],
        [0, 2 ** 31 - 1, 1, 2 ** 31 - 1],
      ]
      for (const box of outside) {
        const error = await refused(() => run({ erase: Int32Array.of(0, 0, 2, 2, ...box) }), 'erase')
        expect(error.value).toBe(`[${box.join(', ')}]`)
      }
      for (const erase of [null, [0, 0, 1, 1], new Int32Array(4), new Float32Array(8)])
        await refused(() => run({ erase }), 'erase')
    })

    test('smaller than a patch', async () => {
      const small: NativeImages = { pixels: pixels(1, 7), count: 1, height: 7, width: 7 }
      expect(await rejection(generator.forward(small))).toMatchObject({
        code: 'SEMPLES_IMAGE_TOO_SMALL',
        value: '7x7',
      })
    })
  })

  test('of a forward pass', async () => {
    const run = (options: unknown) => generator.forward(batch(), options as NativeForwardOptions)
    for (const gradients of ['none', 3, null]) await refused(() => run({ gradients }), 'gradients')
    for (const trace of ['yes', 1, null]) await refused(() => run({ trace }), 'trace')
    for (const shape of [[], [2], [2, 2, 3], [3, 2, 2], [2, 2, 2, 1]])
      await refused(() => run({ dropFactors: float32(shape, 1) }), 'dropFactors')
    await refused(() => run({ dropFactors: int64([2, 2, 2], Array<number>(8).fill(1)) }), 'dropFactors')
    for (const nothing of [null, ...nothings.slice(2)]) {
      await refused(() => generator.forward(nothing as NativeImages), 'batch')
      await refused(() => run(nothing), 'options')
    }
  })

  test('of CAM generation', async () => {
    const picture = { data: pixels(1), width: size, height: size }
    const cams = (scales: unknown, classes: unknown = [0], flip?: unknown) =>
      generator.cams(scales as [], classes as [], { flip: flip as boolean })
    for (const scales of [[], null, undefined, 'text', picture]) await refused(() => cams(scales), 'scales')
    for (const one of [undefined, null, 5]) await refused(() => cams([picture, one]), 'scales.1')
    await refused(() => cams([picture, { ...picture, height: 0 }]), 'scales.1.height')
    await refused(() => cams([{ ...picture, data: new Uint8Array(5) }]), 'scales.0.data')
    for (const index of [3, -1, 1.5, Number.NaN, 2 ** 53]) await refused(() => cams([picture], [index]), 'classes')
    await refused(() => cams([picture], [0], 'yes'), 'flip')
    const none = await cams([picture], [])
    expect(none).toMatchObject({ classes: [], height: size, width: size, cams: new Float32Array(0) })
    expect(none.logits).toEqual((await cams([picture], [1])).logits)
    const native = (classes: TensorData) =>
      callNative(async () => generator.native.cams({ scales: [picture], classes }))
    await expect(native(float32([1], 0.5))).rejects.toMatchObject({ field: 'classes.dtype' })
    await expect(native(int64([1, 1], [0]))).rejects.toMatchObject({ field: 'classes' })
  })

  test('of a step', async () => {
    const step = (changes: Record<string, unknown>) => trainer.step({ ...batch(), ...changes } as NativeTrainingBatch)
    for (const learningRate of [undefined, -1, Number.POSITIVE_INFINITY, ...noNumbers])
      await refused(() => step({ learningRate }), 'learningRate')
    const error = await refused(() => step({ labels: Uint8Array.of(0, 1, 2, 0, 0, 0) }), 'labels')
    expect(error.value).toBe('2 at 2')
    for (const labels of [...nothings, [1, 0, 1, 0, 1, 0], new Uint8Array(5), new Float32Array(6)])
      await refused(() => step({ labels }), 'labels')
    for (const details of ['yes', 1, null]) await refused(() => step({ details }), 'details')
    for (const nothing of nothings) await refused(() => trainer.step(nothing as NativeTrainingBatch), 'batch')
  })

  test('of a trainer', async () => {
    const create = (changes: Record<string, unknown>) =>
      Trainer.create({ generator, terms: classification, trains: 'head', ...changes } as TrainerConfig)
    for (const terms of [undefined, null, 'match', 3, [null], ['match'], new Float32Array(2)])
      await refused(() => create({ terms }), 'terms')
    for (const weight of [undefined, Number.POSITIVE_INFINITY, ...noNumbers])
      await refused(() => create({ terms: { fine_logits: weight } }), 'terms.fine_logits')
    await refused(() => create({ terms: {} }), 'terms', 'SEMPLES_ARGUMENT_INVALID')
    const unknown = await refused(() => create({ terms: { matsch: 1 } }), 'terms', 'SEMPLES_ARGUMENT_INVALID')
    expect(unknown.value).toBe('matsch')
    expect(unknown.expected).toBe(
      lossTerms()
        .map(({ name }) => name)
        .join(', ')
        .replace(/, (?=\w+$)/, ' or '),
    )
    await refused(() => create({ terms: matching }), 'clip', 'SEMPLES_CONFIG_INVALID')
    await refused(() => create({ trains: 'prompts' }), 'terms', 'SEMPLES_CONFIG_INVALID')
    for (const trains of ['nothing', 3, null]) await refused(() => create({ trains }), 'trains')
    for (const form of ['exp', 3, null]) await refused(() => create({ form }), 'form')
    for (const gradients of ['none', 3, null]) await refused(() => create({ gradients }), 'gradients')
    for (const field of ['gradientClip', 'maskEpsilon'])
      for (const value of [-1, Number.POSITIVE_INFINITY, ...noNumbers])
        await refused(() => create({ [field]: value }), field)
    for (const [kind, ...fields] of [
      ['adamw', 'weightDecay', 'epsilon', 'beta1', 'beta2'],
      ['sgd', 'weightDecay', 'momentum'],
    ])
      for (const field of fields)
        for (const value of [-1, Number.POSITIVE_INFINITY, ...noNumbers])
          await refused(() => create({ optimizer: { kind, [field]: value } }), `optimizer.${field}`)
    for (const field of ['beta1', 'beta2'])
      await refused(() => create({ optimizer: { kind: 'adamw', [field]: 1 } }), `optimizer.${field}`)
    for (const optimizer of ['adamw', 3, null]) await refused(() => create({ optimizer }), 'optimizer')
    for (const kind of ['adam', 3, null]) await refused(() => create({ optimizer: { kind } }), 'optimizer.kind')
    await refused(() => create({ optimizer: { kind: 'sgd', beta1: 0.9 } }), 'optimizer.beta1')
    for (const groups of [null, 'head', { parameters: 'head', factor: 1 }])
      await refused(() => create({ groups }), 'groups')
    await refused(() => create({ groups: [null] }), 'groups.0')
    await refused(() => create({ groups: [{ parameters: 'head', factor: -1 }] }), 'groups.0.factor')
    await refused(() => create({ groups: [{ parameters: 'head', rate: 2 }] }), 'groups.0.rate')
    for (const parameters of ['tail.', ''])
      await refused(
        () => create({ groups: [{ parameters, factor: 2 }] }),
        'groups.0.parameters',
        'SEMPLES_CONFIG_INVALID',
      )
    for (const field of ['useDropPath', 'clipStatistics'])
      for (const value of [0, 'no', null]) await refused(() => create({ [field]: value }), field)
    await refused(() => create({ textIds: int64([2, 16], Array<number>(32).fill(0)) }), 'textIds')
    await refused(() => create({ textIds: float32([3, 16]) }), 'textIds.dtype')
    const other = await BackgroundPrompts.create({ classes: 4, length: 4, width: 16 })
    await refused(() => create({ prompts: other }), 'prompts', 'SEMPLES_CHECKPOINT_MISMATCH')
  })

  test('of prompts', async () => {
    const config = { classes: 3, length: 4, width: 16 }
    for (const field of ['classes', 'length', 'width'])
      for (const value of [0, -1, 1e9, ...noNumbers])
        await refused(() => BackgroundPrompts.create({ ...config, [field]: value } as BackgroundPromptsConfig), field)
    for (const deviation of [-1, Number.POSITIVE_INFINITY, ...noNumbers])
      await refused(() => BackgroundPrompts.create({ ...config, deviation } as BackgroundPromptsConfig), 'deviation')
    await refused(() => BackgroundPrompts.create({ classes: 4096, length: 4096, width: 65536 }), 'width')
    await refused(() => prompts.load(float32([3, 5, 16])), 'prompts', 'SEMPLES_CHECKPOINT_MISMATCH')
    for (const nothing of nothings) await refused(() => prompts.load(nothing as TensorData), 'prompts')
  })

  test('of a state', async () => {
    for (const nothing of [...nothings, [], new Float32Array(10_000_000), new ArrayBuffer(8)]) {
      await refused(() => generator.load(nothing as never), 'tensors')
      await refused(() => trainer.loadOptimizerState(nothing as never), 'optimizer')
    }
    await refused(() => generator.load({ 'head.bias': 5 as never }), 'tensors.head.bias')
    await refused(() => generator.load({}, { strict: 'yes' as never }), 'strict')
    await refused(() => generator.load({}, { adapt: 1 as never }), 'adapt')
    for (const required of [null, 'head.bias', [3]])
      await refused(() => generator.load({}, { strict: false, required: required as never }), 'required')
  })

  test('of the functions for tests of the arithmetic', async () => {
    const { inspection } = loadAddon()
    const native = async (run: () => Promise<unknown>) => rejection(callNative(async () => callNative(run)))
    const features = { foreground: float32([1, 4], 1) }
    const codes = [
      native(() => inspection.lossTerms({}, matching, 'log')),
      native(() => inspection.lossTerms(features, matching, 'log')),
      native(() => inspection.lossTerms(features, undefined as never, 'log')),
      native(() => inspection.similarityGradient('matsch' as never, float32([1], 0.5))),
      native(() => inspection.similarityGradient(Symbol('match') as never, float32([1], 0.5))),
      native(() => inspection.generatorGradients({} as never, batch(), {}, {})),
      native(() => inspection.generatorGradients(generator.native, batch(), { nothing: float32([1]) }, {})),
      native(() => inspection.generatorGradients(generator.native, batch(), { fine_cam: float32([5, 7]) }, {})),
      native(() => inspection.imageGradient({} as never, float32([1]), float32([1]))),
      native(() => inspection.promptGradient(null as never, float32([1]), float32([1]))),
    ]
    for (const { code } of await Promise.all(codes)) expect(code).toMatch(/^SEMPLES_/)
  })
})

describeNative('odd arguments', () => {
  let generator: MaskGenerator
  let expected: TensorData
  const given = (changes: Record<string, unknown>) => ({ ...batch(), ...changes }) as NativeImages
  const output = async (images: NativeImages) => (await generator.forward(images)).fine_cam!
  beforeAll(async () => {
    generator = await MaskGenerator.create(tiny)
    expected = await output(batch())
  })

  test('views, Buffers, shared and resizable memory are read where they lie', async () => {
    const right = pixels(2)
    const roomy = new Uint8Array(right.length + 64)
    roomy.set(right, 13)
    const shared = new Uint8Array(new SharedArrayBuffer(right.length))
    shared.set(right)
    const stretched = new Uint8Array(resizable(right.length))
    stretched.set(right)
    const views = [
      roomy.subarray(13, 13 + right.length),
      Buffer.from(roomy.buffer, 13, right.length),
      Buffer.from(right),
      new Uint8ClampedArray(right),
      shared,
      stretched,
    ]
    for (const view of views) expect(await output(given({ pixels: view }))).toEqual(expected)
    // Of a tensor, too: floats at an odd place of a larger buffer.
    const images = float32([1, 3, size, size], (index) => Math.sin(index))
    const longer = new Float32Array(images.data.length + 7)
    longer.set(images.data as Float32Array, 7)
    const inside = { images: { ...images, data: longer.subarray(7) } }
    expect(await output(inside)).toEqual(await output({ images }))
  })

  test('small pooled Buffers as labels', async () => {
    const pooled = Buffer.from('xx010010')
      .subarray(2)
      .map((character) => character - 48)
    expect(Buffer.from(pooled.buffer).length).toBeGreaterThanOrEqual(6)
    const plain = Uint8Array.of(0, 1, 0, 0, 1, 0)
    const losses = []
    for (const labels of [pooled, plain]) {
      const generator = await MaskGenerator.create(tiny)
      const trainer = await Trainer.create({ generator, terms: classification, trains: 'all' })
      losses.push((await trainer.step(batch({ labels }))).loss)
    }
    expect(losses[0]).toBe(losses[1])
  })

  test('a buffer that is overwritten or transferred right after the call was read before', async () => {
    const overwritten = pixels(2)
    const transferred = pixels(2)
    const resized = resizable(transferred.length)
    new Uint8Array(resized).set(transferred)
    const results = [
      output(given({ pixels: overwritten })),
      output(given({ pixels: transferred })),
      output(given({ pixels: new Uint8Array(resized) })),
    ]
    overwritten.fill(0)
    structuredClone(transferred.buffer, { transfer: [transferred.buffer as ArrayBuffer] })
    resized.resize(3)
    expect(transferred.length).toBe(0)
    for (const result of await Promise.all(results)) expect(result).toEqual(expected)
  })

  test('weights that are overwritten right after the call, too', async () => {
    const state = await generator.state()
    const other = await MaskGenerator.create({ ...tiny, seed: 77 })
    const copy = structuredClone(state)
    const loaded = other.load(copy)
    for (const { data } of Object.values(copy)) data.fill(0 as never)
    await loaded
    expect(differences(await other.state(), state)).toEqual([])
  })

  test('a buffer that was transferred before the call is refused with the likely reason', async () => {
    const gone = pixels(2)
    structuredClone(gone.buffer, { transfer: [gone.buffer as ArrayBuffer] })
    const images = float32([1, 3, size, size])
    structuredClone(images.data.buffer, { transfer: [images.data.buffer as ArrayBuffer] })
    for (const pictures of [given({ pixels: gone }), { images }]) {
      expect(await rejection(generator.forward(pictures))).toMatchObject({
        code: 'SEMPLES_ARGUMENT_INVALID',
        value: '0 bytes',
        hint: expect.stringContaining('transferred'),
      })
    }
  })

  test('a getter that throws: its own error, from the call', async () => {
    const thrown = new Error('mine')
    const broken = (name: string) =>
      Object.defineProperty({ ...batch() }, name, {
        get() {
          throw thrown
        },
      })
    for (const name of ['pixels', 'height', 'erase', 'seed', 'images'])
      await expect(generator.forward(broken(name))).rejects.toBe(thrown)
    const sizes = Object.defineProperty([], '0', {
      get() {
        throw thrown
      },
    })
    const images = { dtype: 'float32', shape: sizes, data: new Float32Array(1) } as unknown as TensorData
    await expect(generator.forward({ images })).rejects.toBe(thrown)
  })

  test('a getter that disposes or transfers what the call works on', async () => {
    const victim = await MaskGenerator.create(tiny)
    const disposing = Object.defineProperty({ ...batch() }, 'erase', { get: () => victim.dispose() })
    expect((await rejection(victim.forward(disposing))).code).toBe('SEMPLES_DISPOSED')
    const data = new Float32Array(3 * size * size)
    const images = Object.defineProperty({ dtype: 'float32', data } as TensorData, 'shape', {
      get() {
        structuredClone(data.buffer, { transfer: [data.buffer] })
        return [1, 3, size, size]
      },
    })
    expect(await rejection(generator.forward({ images }))).toMatchObject({ field: 'images.data', value: '0 bytes' })
  })

  test('a proxy of a batch is a batch', async () => {
    const seen: string[] = []
    const proxy = new Proxy(batch(), {
      get(target, name) {
        seen.push(String(name))
        return Reflect.get(target, name)
      },
    })
    expect(await output(proxy)).toEqual(expected)
    expect(seen).toContain('pixels')
  })

  test('bytes that are no bools do no harm', async () => {
    const state = await generator.state()
    const name = 'head.bias'
    const flags: TensorData = { dtype: 'bool', shape: [3], data: Uint8Array.of(0, 255, 2) }
    await generator.load({ ...state, [name]: flags })
    expect([...(await generator.state())[name]!.data]).toEqual([0, 1, 1])
    await generator.load(state)
  })
})

describeArchives('wrong arguments of a CLIP', (archive) => {
  let clip: Clip
  let before: TensorData
  beforeAll(async () => {
    clip = await Clip.open({ path: archive('openai') })
    before = await clip.encodeText(textIds())
  })
  afterEach(async () => expect(await clip.encodeText(textIds())).toEqual(before))

  test.each(['openai', 'interface'])('pictures and token ids: %s archive', async (layout) => {
    const own = await Clip.open({ path: archive(layout) })
    const pictures: unknown[] = [
      ...nothings,
      float32([3, 32, 32]),
      float32([1, 3, 31, 32]),
      float32([0, 3, 32, 32]),
      float32([1, 1, 32, 32]),
      int64([1, 3, 1, 1], [1, 2, 3]),
    ]
    const fill = (value: number) => int64([1, 16], Array<number>(16).fill(value))
    const ids: unknown[] = [
      ...nothings,
      float32([1, 16]),
      int64([16], Array<number>(16).fill(0)),
      int64([1, 15], Array<number>(15).fill(0)),
      int64([0, 16], []),
      fill(-1),
      fill(49408),
      { ...fill(0), data: BigInt64Array.from({ length: 16 }, () => 2n ** 62n) },
    ]
    for (const value of pictures as TensorData[])
      for (const run of [() => own.encodeImage(value), () => own.encodePatches(value)])
        expect(await rejection(run())).toMatchObject({
          code: 'SEMPLES_ARGUMENT_INVALID',
          field: expect.stringMatching(/^images/),
        })
    for (const value of ids as TensorData[])
      for (const run of [() => own.encodeText(value), () => own.embedTokens(value)])
        expect(await rejection(run())).toMatchObject({
          code: 'SEMPLES_ARGUMENT_INVALID',
          field: expect.stringMatching(/^ids/),
        })
    expect(await rejection(own.encodeText(fill(49408)))).toMatchObject({ value: '49408', expected: '0 to 49407' })
    expect((await own.encodeText(textIds())).shape).toEqual([3, 16])
  })

  test('options', async () => {
    const open = (options: Record<string, unknown>) =>
      rejection(Clip.open({ path: archive('openai'), ...options } as OpenClipOptions))
    for (const heads of [0, -1, 5000, ...noNumbers]) {
      expect(await open({ visionHeads: heads })).toMatchObject({ field: 'visionHeads' })
      expect(await open({ textHeads: heads })).toMatchObject({ field: 'textHeads' })
    }
    expect(await open({ textHeads: 3 })).toMatchObject({ code: 'SEMPLES_CLIP_INVALID', file: archive('openai') })
    for (const path of [undefined, '', ...noNumbers.slice(2)])
      expect(await open({ path })).toMatchObject({ field: 'path' })
  })

  test('a trainer finds out before its first step', async () => {
    const generator = await MaskGenerator.create(tiny)
    const prompts = await BackgroundPrompts.create({ classes: 3, length: 4, width: 16 })
    const create = (changes: Partial<TrainerConfig>) =>
      rejection(
        Trainer.create({ generator, clip, prompts, textIds: textIds(), terms: matching, trains: 'head', ...changes }),
      )
    const prompted: Partial<TrainerConfig> = { terms: { background_prompt: 1 }, trains: 'prompts' }
    expect(await create({ textIds: undefined })).toMatchObject({ field: 'textIds' })
    expect(await create({ textIds: textIds(3, 15) })).toMatchObject({ field: 'textIds', expected: '[texts, 16]' })
    const outside = int64([3, 16], Array<number>(48).fill(50_000))
    expect(await create({ textIds: outside })).toMatchObject({ field: 'textIds', value: '50000' })
    expect(await create({ ...prompted, prompts: undefined })).toMatchObject({ field: 'prompts' })
    const wide = await BackgroundPrompts.create({ classes: 3, length: 4, width: 17 })
    expect(await create({ ...prompted, prompts: wide })).toMatchObject({ field: 'prompts', value: '[3, 4, 17]' })
    expect(await rejection(wide.encode(clip))).toMatchObject({ field: 'prompts', value: '[3, 4, 17]' })
    const long = await BackgroundPrompts.create({ classes: 3, length: 11, width: 16 })
    expect(await create({ ...prompted, prompts: long })).toMatchObject({
      code: 'SEMPLES_TEXT_TOO_LONG',
      expected: 'at most 10',
    })
  })
})
