import { SemplesError } from '../base/error.js'
import { type RawImage, roundHalfToEven } from './image.js'
import { resizeImage } from './resize.js'

/**
 * Resizes a picture to each of `scales`, for multi-scale class activation maps.
 * Each side is `round(side * scale)`, halves to even, at least one pixel.
 * @param scales the first must be 1: its size is the size of the resulting map
 * @param mode `exact`: Pillow's bicubic, byte for byte, as published maps were made; `fast`: sharp's
 * @throws SemplesError `SEMPLES_CONFIG_INVALID` when the first is not 1 or one is not a positive number
 */
export async function scaledImages(
  image: RawImage,
  scales: readonly number[],
  mode: 'exact' | 'fast' = 'exact',
  signal?: AbortSignal,
): Promise<RawImage[]> {
  const wrong = scales.find((scale) => !(Number.isFinite(scale) && scale > 0))
  if (scales[0] !== 1 || wrong !== undefined)
    throw new SemplesError('SEMPLES_CONFIG_INVALID', {
      message: 'These scales cannot be used to make activation maps.',
      field: 'scales',
      value: scales,
      expected: 'positive numbers, the first of them 1, for example [1, 0.8, 1.2]',
    })
  const results: RawImage[] = []
  for (const scale of scales) {
    const width = Math.max(1, roundHalfToEven(image.width * scale))
    const height = Math.max(1, roundHalfToEven(image.height * scale))
    const same = width === image.width && height === image.height
    results.push(same ? image : await resizeImage(image, width, height, { mode, signal }))
  }
  return results
}
