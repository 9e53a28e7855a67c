import { runInSlices } from '../../base/cooperative.js'
import type { TensorMap } from '../../base/tensor.js'
import type { ClassMaps } from '../../formats/camFile/classMaps.js'
import type { RawImage } from '../../pictures/image.js'
import { refineMask } from '../../refine/refineMask.js'
import { highest, idsAt, selected, totals } from './maps.js'
import type { Refinement } from './options.js'
import type { Labelled, WantedMaps } from './predictor.js'

export interface MaskRules {
  /** Class ids of the model's outputs, the background first. */
  ids: readonly number[]
  /** Outputs that the mask may hold; undefined: all. */
  only: readonly number[] | undefined
  /** The probabilities of a pixel sum to 1 times this: the weights of the outputs of the decoder. */
  weight: number
  maps: WantedMaps
  refine: Refinement | undefined
}

/** Whether more is needed than the best class of each pixel. */
export function needsProbabilities({ only, maps, refine }: Pick<MaskRules, 'only' | 'maps' | 'refine'>): boolean {
  return only !== undefined || maps !== 'none' || refine !== undefined
}

/** The mask of what a segmentation model gave for a picture. */
export async function segmenterMask(
  found: TensorMap,
  image: RawImage,
  rules: MaskRules,
  signal: AbortSignal,
): Promise<Labelled> {
  const { ids, only, maps, refine, weight } = rules
  const { width, height } = image
  const all: ClassMaps = {
    data: (found.probabilities?.data ?? new Float32Array(0)) as Float32Array,
    classIds: ids,
    height,
    width,
  }
  const best =
    only === undefined
      ? { positions: found.labels!.data as Uint8Array, values: found.confidence!.data as Float32Array }
      : await runInSlices(highest(all, only), { signal })
  const mask = await runInSlices(idsAt(best.positions, ids), { signal })
  const sure = { confidence: best.values, whole: weight }
  if (maps === 'none' && refine === undefined) return { ids: mask, ...sure }
  const take = (positions: readonly number[]) => runInSlices(selected(all, positions, 1 / weight), { signal })
  // The background competes also where it has no pixel.
  const occurring = await runInSlices(totals(best.positions, {}), { signal })
  const present = [...new Set([0, ...occurring.map(({ id }) => id)])]
  const own = await take(present)
  const wanted = maps === 'all' ? await take(only ?? [...ids.keys()]) : own
  if (refine === undefined || present.length < 2)
    return { ids: mask, ...sure, ...(maps === 'none' ? {} : { maps: wanted }) }
  const scores = { dtype: 'float32' as const, shape: [present.length, height, width], data: own.data }
  const refined = await refineMask({ ...refine.options, image, scores, classes: own.classIds, signal })
  return { ids: refined.mask.data, maps: wanted }
}
