import { createHash } from 'node:crypto'
import type { TensorData, TensorMap } from '../../lib/base/tensor.js'
import { MaskGenerator, type MaskGeneratorConfig } from '../../lib/models/maskGenerator.js'
import { tensorCases } from '../support/tensorCases.js'
import { randomNumbers } from './denseCrfReference.js'

/** Options of `cnn.py`, beside those of the generator itself. */
export interface CnnCase {
  options: Record<string, unknown>
  tensors: TensorMap
}

/** What `cnn.py` gives for each case. */
export function cnnReference<Name extends string>(cases: Record<Name, CnnCase>): Promise<Record<Name, TensorMap>> {
  const entries = Object.entries<CnnCase>(cases)
  const described = entries.map(([name, { options, tensors }]) => [name, { described: options, tensors }])
  return tensorCases('test/native/cnn.py', Object.fromEntries(described))
}

/** Options of a `cnn` that takes milliseconds; of every kind of layer there is one. */
export const narrow = { kind: 'cnn', width: 0.125, classes: 3, seed: 5 } satisfies MaskGeneratorConfig

/** A generator whose norms and head are random too, and its weights as `cnn.py` takes them. */
export async function randomCnn(config: MaskGeneratorConfig): Promise<{ generator: MaskGenerator; w: TensorMap }> {
  const generator = await MaskGenerator.create(config)
  const random = randomNumbers(config.seed ?? 1)
  const state: TensorMap = {}
  for (const [name, { shape, data }] of Object.entries(await generator.state())) {
    const draw = (low: number, high: number): TensorData => ({
      dtype: 'float32',
      shape,
      data: Float32Array.from(data as Float32Array, () => low + (high - low) * random()),
    })
    // Blocks add little to what they are given, so that numbers stay of one size.
    if (/layer.*bn3\.weight$|_blocks.*_bn2\.weight$/.test(name)) state[name] = draw(0.1, 0.4)
    else if (shape.length === 4 && !name.startsWith('context.')) state[name] = { dtype: 'float32', shape, data }
    else if (/running_var$|bn\d?\.weight$|downsample\.1\.weight$/.test(name)) state[name] = draw(0.5, 1.5)
    else state[name] = draw(-0.3, 0.3)
  }
  await generator.load(state)
  return { generator, w: Object.fromEntries(Object.entries(state).map(([name, tensor]) => [`w.${name}`, tensor])) }
}

/** Normalised pictures. */
export function pictures(count: number, height: number, width: number, seed = 3): TensorData {
  const random = randomNumbers(seed)
  const shape = [count, 3, height, width]
  const waves = (index: number) => Math.sin(index / 7) + Math.cos(index / width / 3)
  return {
    dtype: 'float32',
    shape,
    data: Float32Array.from({ length: count * 3 * height * width }, (_, index) => waves(index) + 2 * random() - 1),
  }
}

/**
 * Of several batches the one that keeps farthest from where gradients jump (a ReLU's zero, two equal values of a
 * pooling): there the last bit of a number would decide over a gradient.
 */
export async function smoothPictures(
  configs: Record<string, MaskGeneratorConfig>,
  [count, height, width]: readonly [number, number, number],
): Promise<Record<string, TensorData>> {
  const candidates = 6
  const images = pictures(candidates * count, height, width)
  const cases: Record<string, CnnCase> = {}
  // Where gradients stop changes no value.
  const passOf = ({ frozen: _, norm, ...config }: MaskGeneratorConfig) => ({ ...config, live: norm === 'live' })
  const keyOf = (config: MaskGeneratorConfig) =>
    createHash('sha256')
      .update(JSON.stringify(passOf(config)))
      .digest('hex')
  for (const config of Object.values(configs)) {
    if (cases[keyOf(config)] !== undefined) continue
    const { generator, w } = await randomCnn(config)
    generator.dispose()
    cases[keyOf(config)] = { options: { ...passOf(config), candidates }, tensors: { ...w, images } }
  }
  const each = count * 3 * height * width
  const found = await cnnReference(cases)
  const chosen = Object.entries(configs).map(([name, config]): [string, TensorData] => {
    const far = [...(found[keyOf(config)]!.margins!.data as Float32Array)]
    const best = far.indexOf(Math.max(...far))
    const data = (images.data as Float32Array).slice(best * each, (best + 1) * each)
    return [name, { dtype: 'float32', shape: [count, 3, height, width], data }]
  })
  return Object.fromEntries(chosen)
}
