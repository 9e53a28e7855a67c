import type { TensorData } from '../base/tensor.js'
import type { Clip } from '../models/clip/clip.js'
import type { RawImage } from '../pictures/image.js'
import { resizeImage } from '../pictures/resize.js'
import { dot, unitRows } from './nearestWords.js'

/** A heat map of a text or a learned prompt on a picture. */
export interface PromptMap {
  rows: number
  columns: number
  /**
   * `rows * columns` values, row-major: how much the cosine of picture and prompt drops where that place is covered.
   * Negative where the picture is closer to the prompt without it.
   */
  values: Float32Array
}

/** Normalisation of the generator's pictures, which training uses for CLIP too by default. */
const IMAGE_NET = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] }

/** Cells per side. A cover hides a cell and its neighbours, since hiding a single cell changes little. */
const CELLS = 8
const REACH = 1

/** Batch size of CLIP's image encoder. */
const PORTION = 16

/**
 * Which regions of a picture CLIP sees `features` in, by occlusion (Zeiler & Fergus, arXiv 1311.2901): a square cover of
 * 3 x 3 of 8 x 8 cells moves over the picture; the map of a cell is the mean loss of cosine over the covers that hide it.
 * Features of single patches say less: only that of the whole picture is trained to agree with texts. The
 * picture is resized to CLIP's square; a covered place is 0 after normalisation, as in the masked pictures of training.
 *
 * @param features float32 [N, D]: CLIP's features of texts or prompts; a map for each
 * @param normalize as `clip.normalize` of a run
 */
export async function promptMaps(
  clip: Clip,
  image: RawImage,
  features: TensorData,
  normalize: 'generator' | 'clip',
): Promise<PromptMap[]> {
  const { imageSize, mean, std } = clip.info
  const small = await resizeImage(image, imageSize, imageSize, { mode: 'exact' })
  const pixels = normalized(small, normalize === 'clip' ? { mean, std } : IMAGE_NET)
  const [whole, ...covered] = await encodeCovered(clip, pixels, imageSize)
  return unitRows(features).map((feature) => {
    const losses = covered.map((seen) => dot(whole!, feature) - dot(seen, feature))
    return { rows: CELLS, columns: CELLS, values: Float32Array.from(losses, (_, cell) => meanAround(losses, cell)) }
  })
}

/** CLIP's features at unit length: of the whole picture, then with a cover over each cell. */
async function encodeCovered(clip: Clip, pixels: Float32Array, size: number): Promise<Float32Array[]> {
  const count = 1 + CELLS * CELLS
  const features: Float32Array[] = []
  for (let start = 0; start < count; start += PORTION) {
    const length = Math.min(PORTION, count - start)
    const data = new Float32Array(length * pixels.length)
    for (let index = 0; index < length; index++) {
      const picture = data.subarray(index * pixels.length, (index + 1) * pixels.length)
      picture.set(pixels)
      if (start + index > 0) cover(picture, start + index - 1, size)
    }
    features.push(...unitRows(await clip.encodeImage({ dtype: 'float32', shape: [length, 3, size, size], data })))
  }
  return features
}

/** Hides a cell and its neighbours in a picture [3, size, size]. */
function cover(picture: Float32Array, cell: number, size: number): void {
  const edge = (line: number): number => Math.round((Math.min(CELLS, Math.max(0, line)) * size) / CELLS)
  const row = Math.floor(cell / CELLS)
  const column = cell % CELLS
  for (let channel = 0; channel < 3; channel++) {
    for (let y = edge(row - REACH); y < edge(row + REACH + 1); y++) {
      const line = (channel * size + y) * size
      picture.fill(0, line + edge(column - REACH), line + edge(column + REACH + 1))
    }
  }
}

/** Mean over the cells whose covers hide this one. */
function meanAround(values: readonly number[], cell: number): number {
  const row = Math.floor(cell / CELLS)
  const column = cell % CELLS
  const around = values.filter(
    (_, other) => Math.abs(Math.floor(other / CELLS) - row) <= REACH && Math.abs((other % CELLS) - column) <= REACH,
  )
  return around.reduce((sum, value) => sum + value, 0) / around.length
}

/** float32 [3, H, W] from RGB bytes. */
function normalized({ data, width, height }: RawImage, { mean, std }: { mean: number[]; std: number[] }): Float32Array {
  const pixels = width * height
  const values = new Float32Array(3 * pixels)
  for (let channel = 0; channel < 3; channel++) {
    for (let pixel = 0; pixel < pixels; pixel++)
      values[channel * pixels + pixel] = (data[pixel * 3 + channel]! / 255 - mean[channel]!) / std[channel]!
  }
  return values
}
