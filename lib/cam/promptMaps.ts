import { SemplesError } from '../config/error.js'
import type { TensorData } from '../config/tensor.js'
import type { RawImage } from '../loader/image.js'
import { resizeImage } from '../loader/resize.js'
import type { Clip } from '../models/clip.js'
import { dot, unitRows } from '../models/nearestWords.js'

/** Where a text or a learned prompt answers in a picture: its cosine with every patch of CLIP. */
export interface PromptMap {
  rows: number
  columns: number
  /** `rows * columns` cosines, row by row. */
  values: Float32Array
}

/** Statistics of the generator's pictures, which training gives CLIP by default. */
const IMAGE_NET = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] }

/**
 * Cosines of CLIP's patch features with `features`, a map for each. The whole picture is resized to CLIP's square.
 *
 * @param features float32 [N, D]: CLIP's features of texts or prompts
 * @param normalize as `clip.normalize` of a run
 * @throws SemplesError `SEMPLES_CLIP_NO_PATCHES` for an archive without `encode_patches`
 */
export async function promptMaps(
  clip: Clip,
  image: RawImage,
  features: TensorData,
  normalize: 'generator' | 'clip',
): Promise<PromptMap[]> {
  const { imageSize, mean, std } = clip.info
  const small = await resizeImage(image, imageSize, imageSize, { mode: 'exact' })
  const patches = await clip.encodePatches(normalized(small, normalize === 'clip' ? { mean, std } : IMAGE_NET))
  const [, count = 0] = patches.shape
  const side = Math.sqrt(count)
  if (!Number.isInteger(side))
    throw new SemplesError('SEMPLES_CLIP_INVALID', {
      message: 'The patches of this CLIP are no square.',
      field: 'encode_patches',
      value: patches.shape,
      expected: '[B, P, D] with P a square number',
    })
  const units = unitRows(patches)
  return unitRows(features).map((feature) => ({
    rows: side,
    columns: side,
    values: Float32Array.from(units, (patch) => dot(patch, feature)),
  }))
}

/** float32 [1, 3, H, W] from RGB bytes. */
function normalized({ data, width, height }: RawImage, { mean, std }: { mean: number[]; std: number[] }): TensorData {
  const pixels = width * height
  const values = new Float32Array(3 * pixels)
  for (let channel = 0; channel < 3; channel++) {
    for (let pixel = 0; pixel < pixels; pixel++)
      values[channel * pixels + pixel] = (data[pixel * 3 + channel]! / 255 - mean[channel]!) / std[channel]!
  }
  return { dtype: 'float32', shape: [1, 3, height, width], data: values }
}
