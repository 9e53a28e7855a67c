import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TensorData, TensorMap } from '../../lib/base/tensor.js'
import { readSafetensors, writeSafetensors } from '../../lib/formats/safetensors.js'
import { MaskGenerator, type MaskGeneratorConfig } from '../../lib/models/maskGenerator.js'
import { runScript } from '../support/python.js'
import { randomNumbers } from './denseCrfReference.js'

/** Options of `cnn.py`, beside those of the generator itself. */
export interface CnnCase {
  options: Record<string, unknown>
  tensors: TensorMap
}

/** What `cnn.py` gives for each case. */
export async function cnnReference<Name extends string>(
  cases: Record<Name, CnnCase>,
): Promise<Record<Name, TensorMap>> {
  const folder = await mkdtemp(join(tmpdir(), 'semples-cnn-'))
  try {
    const entries = Object.entries<CnnCase>(cases)
    await writeFile(
      join(folder, 'cases.json'),
      JSON.stringify(Object.fromEntries(entries.map(([name, { options }]) => [name, options]))),
    )
    for (const [name, { tensors }] of entries) await writeSafetensors(join(folder, `${name}.in.safetensors`), tensors)
    await runScript('test/native/cnn.py', folder)
    const found = entries.map(async ([name]) => [
      name,
      (await readSafetensors(join(folder, `${name}.out.safetensors`))).tensors,
    ])
    return Object.fromEntries(await Promise.all(found))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
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
    if (shape.length === 4 && !name.startsWith('context.')) state[name] = { dtype: 'float32', shape, data }
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
