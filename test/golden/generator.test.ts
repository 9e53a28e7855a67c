import { expect, test } from '@jest/globals'
import type { TensorData, TensorMap } from '../../lib/base/tensor.js'
import { MaskGenerator } from '../../lib/models/maskGenerator.js'
import { loadAddon } from '../../lib/native/load.js'
import { expectClose } from '../support/close.js'
import { describeGolden, type GoldenFile, readGolden } from '../support/golden.js'
import { generatorConfig } from '../support/goldenModels.js'
import { toNumbers } from '../support/numbers.js'

const FORWARD = { relMax: 1e-5 }
// Gradients: 1e-4 of the tensor's maximum; biases whose gradient nearly cancels 5e-4.
const gradientTolerance = (name: string) => ({ name, relMax: name.endsWith('bias') ? 5e-4 : 1e-4 })

const images = (tensor: TensorData) => ({ images: tensor })

/** AAF input of the first tokens: feature j of head a is channel j * heads + a, k = head * layers + layer. */
function fusionInputs(trace: TensorMap, heads: number, depth: number, tokens: number): Float32Array {
  const first = trace.attn_feat_layer0
  const [batch, count, width] = first.shape
  const headWidth = width / heads
  const out = new Float32Array(batch * heads * depth * tokens * headWidth)
  let at = 0
  for (let b = 0; b < batch; b++)
    for (let head = 0; head < heads; head++)
      for (let layer = 0; layer < depth; layer++) {
        const branch = trace[`attn_feat_layer${layer}`].data as Float32Array
        for (let token = 0; token < tokens; token++)
          for (let j = 0; j < headWidth; j++) out[at++] = branch[(b * count + token) * width + j * heads + head]
      }
  return out
}

async function loaded(file: GoldenFile, config: Record<string, unknown>): Promise<MaskGenerator> {
  const generator = await MaskGenerator.create(generatorConfig(config))
  await generator.load(file.under('w.'))
  return generator
}

describeGolden('generator_forward_', (kind) => {
  test('every output and intermediate value at the trained size', async () => {
    const file = await readGolden(`generator_forward_${kind}`)
    const config = file.meta<Record<string, number>>('config')
    using generator = await loaded(file, config)
    const outputs = await generator.forward(images(file.tensor('images')), { trace: true })
    const names = Object.keys(file.under('out.'))
    expect(names.length).toBeGreaterThan(8)
    for (const name of names) {
      const expected = file.tensor(`out.${name}`)
      if (name === 'aaf_input_feats') {
        const inputs = fusionInputs(outputs, config.num_heads, config.depth, expected.shape[2])
        expectClose(inputs, expected, { name, ...FORWARD })
      } else {
        expectClose(outputs[name], expected, { name, ...FORWARD })
      }
    }
  })

  test('other input sizes, with interpolated positions', async () => {
    const file = await readGolden(`generator_forward_${kind}`)
    using generator = await loaded(file, file.meta('config'))
    for (const [height, width] of file.meta<[number, number][]>('sizes')) {
      const prefix = `size_${height}x${width}.`
      const outputs = await generator.forward(images(file.tensor(`${prefix}images`)), { trace: true })
      for (const [name, expected] of Object.entries(file.under(prefix)))
        if (name !== 'images') expectClose(outputs[name], expected, { name: prefix + name, ...FORWARD })
    }
  })

  test('a state round trip is exact', async () => {
    const file = await readGolden(`generator_forward_${kind}`)
    using generator = await loaded(file, file.meta('config'))
    const state = await generator.state()
    for (const [name, tensor] of Object.entries(file.under('w.'))) expect(state[name].data).toEqual(tensor.data)
  })
})

describeGolden('generator_droppath_', (kind) => {
  test('drop path multiplies each branch by the given factors', async () => {
    const file = await readGolden(`generator_droppath_${kind}`)
    const weights = await readGolden(file.meta<string>('weights'))
    using generator = await loaded(weights, file.meta('config'))
    const outputs = await generator.forward(images(file.tensor('images')), {
      dropFactors: file.tensor('factor'),
      trace: true,
    })
    for (const [name, expected] of Object.entries(file.under('out.')))
      expectClose(outputs[name], expected, { name, ...FORWARD })
  })
})

describeGolden('generator_backward_', (kind) => {
  async function setUp() {
    const file = await readGolden(`generator_backward_${kind}`)
    const weights = await readGolden(file.meta<string>('weights'))
    return { file, generator: await loaded(weights, file.meta('config')) }
  }

  /** Norms and sums of all gradients, in the file's order; the sum's error is bounded by that of its elements. */
  function checkNormsAndSums(file: GoldenFile, key: string, gradients: TensorMap): void {
    const expected = file.numbers(`${key}.grad_norm_and_sum`)
    for (const [i, name] of file.meta<string[]>('linear_grad_names').entries()) {
      const values = gradients[`gradient.${name}`].data as Float32Array
      let squares = 0
      let sum = 0
      for (const value of values) {
        squares += value * value
        sum += value
      }
      const norm = Math.sqrt(squares)
      expectClose(norm, expected[2 * i], { name: `${key} |${name}|`, relMax: 1e-4 })
      expectClose(sum, expected[2 * i + 1], {
        name: `${key} sum ${name}`,
        relMax: 0,
        abs: 1e-4 * norm * Math.sqrt(values.length),
      })
    }
  }

  const FIRST_LINEAR = ['class_logits', 'coarse_logits', 'fine_logits', 'fused_cam', 'patch_attn', 'fine_cam']
  const CAMS = ['fused_cam', 'patch_attn', 'fine_cam']
  const cotangents = (file: GoldenFile, names: string[]) =>
    Object.fromEntries(names.map((n) => [n, file.tensor(`cot.${n}`)]))

  /** Sum of |output * cotangent| over all elements: the absolute summands of the linear functional. */
  function sumOfMagnitudes(outputs: TensorMap, cotangents: TensorMap): number {
    let sum = 0
    for (const [name, cotangent] of Object.entries(cotangents)) {
      const output = toNumbers(outputs[name])
      for (const [index, factor] of toNumbers(cotangent).entries()) sum += Math.abs(output[index] * factor)
    }
    return sum
  }

  for (const [key, gradients, outputs] of [
    ['semples.linear', 'semples', FIRST_LINEAR],
    ['semples.camonly', 'semples', CAMS],
    ['weaktr.linear', 'classification', FIRST_LINEAR],
  ] as const) {
    test(`${key}: gradients and where they stop`, async () => {
      const { file, generator } = await setUp()
      using held = generator
      const found = await loadAddon().inspection.generatorGradients(
        held.native,
        images(file.tensor('images')),
        cotangents(file, [...outputs]),
        { gradients },
      )
      // The loss is a sum that nearly cancels, so it is compared on the scale of its summands.
      if (file.has(`${key}.loss`))
        expectClose(found.loss, file.tensor(`${key}.loss`), {
          name: 'loss',
          relMax: 1e-5,
          scale: sumOfMagnitudes(
            await held.forward(images(file.tensor('images')), { trace: true }),
            cotangents(file, [...outputs]),
          ),
        })
      for (const [name, expected] of Object.entries(file.under(`${key}.grad.`)))
        expectClose(found[`gradient.${name}`], expected, gradientTolerance(name))
      if (file.has(`${key}.grad_norm_and_sum`)) checkNormsAndSums(file, key, found)
      if (key === 'semples.camonly')
        expect(
          Object.keys(found)
            .filter((name) => name.startsWith('gradient.'))
            .sort(),
        ).toEqual(
          file
            .meta<string[]>('semples_camonly_with_grad')
            .map((name) => `gradient.${name}`)
            .sort(),
        )
      for (const name of file.meta<string[]>(`${key.split('.')[0]}_linear_no_grad`))
        expect(found).not.toHaveProperty([`gradient.${name}`])
    })
  }
})
