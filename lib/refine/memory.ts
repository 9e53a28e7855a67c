import { SemplesError } from '../base/error.js'
import type { CrfKernels } from './methods/crf.js'
import type { RefineSettings } from './options.js'

/** What a refinement is of. */
export interface RefineSize {
  width: number
  height: number
  /** Labels that take part, the background included. */
  labels: number
}

/**
 * Bytes that the addon takes to refine a picture, picture and scores included: what it would like, and with what it can
 * do. For a dense CRF the number of lattice points is estimated as for a photograph; the addon counts them, and refuses
 * what needs more than it may have.
 */
export function refineBytes(
  { width, height, labels }: RefineSize,
  { method, own }: Pick<RefineSettings, 'method' | 'own'>,
): { least: number; most: number } {
  const pixels = width * height
  // Picture, energies and result, as 3 bytes and two floats a label.
  const tensors = pixels * (3 + 8 * labels)
  // One label is the mask.
  if (labels === 1) return { least: tensors, most: tensors }
  if (method === 'pamr') {
    const { dilations } = own as { dilations: readonly number[] }
    // Planes have a margin as wide as the farthest neighbour on either side; some rows of weights are always kept.
    const padded = (width + 2 * Math.max(...dilations)) * height
    const rows = 16 * width * 4 * 8 * dilations.length
    const least = tensors + padded * 4 * (3 + 2 * labels) + rows
    // The weights of eight neighbours at each distance are kept where there is room.
    return { least, most: least + pixels * 4 * 8 * dilations.length }
  }
  const bytes = tensors + denseCrfBytes(pixels, labels, own as CrfKernels)
  return { least: bytes, most: bytes }
}

/** What lives during the mean field beside the tensors. */
function denseCrfBytes(pixels: number, labels: number, { gaussian, bilateral }: CrfKernels): number {
  const lanes = 4 * Math.ceil(labels / 4)
  const perPoint = 8 * lanes + 32
  // The order of the pixels, and the logits.
  let bytes = pixels * (4 + 4 * lanes)
  for (const { sxy } of gaussian) bytes += pixels * VERTEX * 3 + perPoint * gaussianPoints(pixels, sxy)
  for (const { sxy, srgb } of bilateral) {
    const colors = mean(srgb)
    // Neighbours of a photograph share colours, the more the larger it is.
    const share = 0.3 * (5 / colors) ** 2 * (pixels / 166_500) ** (-1 / 3)
    const points = Math.min(6 * pixels, gaussianPoints(pixels, sxy) + pixels * Math.min(6, share))
    bytes += pixels * VERTEX * 6 + perPoint * points
  }
  return bytes
}

/** Bytes of a pixel at each corner of its lattice cell. */
const VERTEX = 8.5

/** Points of a lattice over positions alone: 1.155 for a pixel where the deviation is 1. */
function gaussianPoints(pixels: number, sxy: number | readonly [number, number]): number {
  const [x, y] = typeof sxy === 'number' ? [sxy, sxy] : sxy
  return Math.min(3 * pixels, (1.155 * pixels) / (x * y) + 4 * Math.sqrt(pixels))
}

function mean(value: number | readonly number[]): number {
  return typeof value === 'number' ? value : value.reduce((sum, one) => sum + one, 0) / value.length
}

/**
 * The refusal of a picture that needs more than it may have, with the whole need.
 *
 * @param needed bytes
 * @param limit bytes
 */
export function memoryLimitExceeded(needed: number, limit: number, cause?: unknown): SemplesError {
  const whole = Math.ceil(needed / 2 ** 20)
  return new SemplesError('SEMPLES_MEMORY_LIMIT', {
    message: `The refinement of this picture needs about ${whole} MiB of memory, and may have ${mebibytes(limit)}.`,
    field: 'memoryLimit',
    value: `${whole} MiB needed`,
    expected: `at most ${mebibytes(limit)}`,
    hint: `Raise memoryLimit to ${whole * 2 ** 20} bytes (--memory ${whole}; default: half of the free memory), or give a smaller picture or fewer labels.`,
    cause,
  })
}

function mebibytes(bytes: number): string {
  const number = bytes / 2 ** 20
  return `${number < 10 ? Number(number.toPrecision(2)) : Math.floor(number)} MiB`
}
