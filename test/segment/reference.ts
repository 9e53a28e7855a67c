import type { TensorData, TensorMap } from '../../lib/base/tensor.js'
import { Random } from '../../lib/loader/random.js'
import { Segmenter, type SegmenterConfig } from '../../lib/models/segmenter.js'
import type { NativeSegmentTrainerOptions } from '../../lib/native/segmentAddon.js'
import { tensorCases } from '../support/tensorCases.js'

/** A case of reference.py. */
export interface SegmentCase {
  options: Record<string, unknown>
  /** Whether norms outside the backbone use the statistics of the batch. */
  training?: boolean
  loss?: NativeSegmentTrainerOptions['loss']
  /** Height and width that logits are cut to. */
  size?: [number, number]
  tensors: TensorMap
}

/** What plain torch gives for each case. */
export function segmentReference<Name extends string>(
  cases: Record<Name, SegmentCase>,
): Promise<Record<Name, TensorMap>> {
  const entries = Object.entries<SegmentCase>(cases)
  const described = entries.map(([name, { tensors, ...rest }]) => [name, { described: rest, tensors }])
  return tensorCases('test/segment/reference.py', Object.fromEntries(described))
}

const random = (...place: (string | number)[]) => new Random(17, ...place)

/** A model whose norms, biases and tables are random too, and its weights as reference.py takes them. */
export async function randomSegmenter(config: SegmenterConfig): Promise<{ segmenter: Segmenter; w: TensorMap }> {
  const segmenter = await Segmenter.create(config)
  const state: TensorMap = {}
  for (const [name, tensor] of Object.entries(await segmenter.state())) {
    const draws = random('state', name)
    const draw = (low: number, high: number): TensorData => ({
      ...tensor,
      data: Float32Array.from(tensor.data as Float32Array, () => draws.uniform(low, high)),
    })
    // Blocks add little to what they are given, so that numbers stay of one size.
    if (/layer.*bn3\.weight$|_blocks.*_bn2\.weight$/.test(name)) state[name] = draw(0.1, 0.4)
    else if (tensor.shape.length === 4 && !/classifier|patch_embed/.test(name)) state[name] = tensor
    else if (/running_var$|norm\d?\.weight$|bn\d?\.weight$|downsample\.1\.weight$/.test(name))
      state[name] = draw(0.5, 1.5)
    else state[name] = draw(-0.3, 0.3)
  }
  await segmenter.load(state)
  return { segmenter, w: Object.fromEntries(Object.entries(state).map(([name, tensor]) => [`w.${name}`, tensor])) }
}

export function randomImages(count: number, height: number, width: number): TensorData {
  const draws = random('images', height, width)
  const data = Float32Array.from({ length: count * 3 * height * width }, () => draws.normal())
  return { dtype: 'float32', shape: [count, 3, height, width], data }
}

/** Labels in patches, a tenth of the pixels without one. */
export function randomLabels(count: number, height: number, width: number, classes: number): TensorData {
  const draws = random('labels', height, width)
  const data = new Uint8Array(count * height * width)
  for (let picture = 0; picture < count; picture++)
    for (let top = 0; top < height; top += 8)
      for (let left = 0; left < width; left += 8) {
        const label = draws.chance(0.1) ? 255 : draws.integer(0, classes - 1)
        for (let y = top; y < Math.min(height, top + 8); y++)
          for (let x = left; x < Math.min(width, left + 8); x++) data[(picture * height + y) * width + x] = label
      }
  return { dtype: 'uint8', shape: [count, height, width], data }
}
