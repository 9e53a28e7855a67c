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

/** How far neighbours share colours: as in a photograph, or not at all, which is the most that any picture takes. */
export type Colors = 'photograph' | 'noise'

/** A part of the memory of a refinement. */
export interface RefineTerm {
  what: string
  bytes: number
  /** Kept where there is room, else computed again. */
  optional?: true
}

/**
 * Bytes that the addon takes to refine a picture, picture and scores included: what it would like, and with what it can
 * do.
 */
export function refineBytes(
  size: RefineSize,
  settings: Pick<RefineSettings, 'method' | 'own'>,
): { least: number; most: number } {
  const terms = refineTerms(size, settings, 'photograph')
  const sum = (some: readonly RefineTerm[]) => some.reduce((total, { bytes }) => total + bytes, 0)
  return { least: sum(terms.filter(({ optional }) => optional !== true)), most: sum(terms) }
}

/**
 * What the addon takes to refine a picture, part by part. For a dense CRF of a photograph the number of lattice points is
 * an estimate; the addon counts them, and refuses what needs more than it may have.
 */
export function refineTerms(
  size: RefineSize,
  { method, own }: Pick<RefineSettings, 'method' | 'own'>,
  colors: Colors,
): RefineTerm[] {
  const { width, height, labels } = size
  const tensors = { what: 'picture, energies and result', bytes: width * height * (3 + 8 * labels) }
  // One label is the mask.
  if (labels === 1) return [tensors]
  if (method === 'pamr') return [tensors, ...pamrTerms(size, (own as { dilations: readonly number[] }).dilations)]
  const { meanField, building } = denseCrf(width * height, labels, own as CrfKernels, colors)
  return [tensors, { what: 'the dense CRF', bytes: Math.max(meanField, building) }]
}

/** Pixels that PAMR computes together. */
const BLOCK = 16
/** Weights of PAMR that are kept at most. */
const MOST_WEIGHTS = 512 * 2 ** 20

function pamrTerms({ width, height, labels }: RefineSize, dilations: readonly number[]): RefineTerm[] {
  const blocks = (length: number) => Math.ceil(length / BLOCK) * BLOCK
  // A margin on either side as wide as the farthest neighbour.
  const margin = Math.max(0, ...dilations.map((dilation) => Math.min(dilation, width - 1)))
  const row = 4 * blocks(width) * 8 * dilations.length
  return [
    { what: 'colours and two sets of maps', bytes: 4 * blocks(blocks(width) + 2 * margin) * height * (3 + 2 * labels) },
    { what: 'weights of neighbours of a row for each thread', bytes: 16 * row },
    { what: 'weights of all neighbours', bytes: Math.min(height * row, MOST_WEIGHTS), optional: true },
  ]
}

/**
 * Bytes of a process that the addon has given back, and the allocator has not: glibc keeps blocks of up to 32 MiB, which
 * building a lattice leaves.
 */
export function keptByAllocator(
  { width, height, labels }: RefineSize,
  { method, own }: Pick<RefineSettings, 'method' | 'own'>,
  colors: Colors,
): number {
  if (labels === 1 || method === 'pamr') return 0
  const { meanField, building, corners, points } = denseCrf(width * height, labels, own as CrfKernels, colors)
  // By what one of its arrays holds for a point.
  const small = [
    { size: 8, arrays: 7 },
    { size: 4, arrays: corners + 8 },
  ].filter(({ size }) => size * points <= 2 ** 25)
  const kept = REMAINS * points * small.reduce((sum, { size, arrays }) => sum + size * arrays, 0)
  return Math.max(0, meanField + kept - Math.max(meanField, building))
}

/** Share of such blocks that the mean field does not use again; measured (test/runs/memory). */
const REMAINS = 0.9

/** What lives beside the tensors: during the mean field, and while the largest lattice is built. */
function denseCrf(pixels: number, labels: number, { gaussian, bilateral }: CrfKernels, colors: Colors) {
  const lanes = LANES.find((count) => labels <= count) ?? 512
  // Two rows of values and the neighbours along every axis.
  const perPoint = 8 * lanes + 4 * 6
  // The order of the pixels, and the logits.
  let meanField = pixels * (4 + 4 * lanes)
  let largest = { building: 0, corners: 3, points: 0 }
  const add = (corners: number, points: number) => {
    const building = points * (7 * 8 + (corners + 8) * 4) + pixels * (4 + 8 * corners)
    if (building > largest.building) largest = { building, corners, points }
    meanField += pixels * (4 + 8 * corners) + perPoint * points
  }
  for (const { sxy } of gaussian) add(3, gaussianPoints(pixels, sxy))
  for (const { sxy, srgb } of bilateral)
    add(6, colors === 'noise' ? 6 * pixels : Math.min(6 * pixels, photographPoints(pixels, sxy, mean(srgb))))
  return { meanField, ...largest }
}

/** Values of a point are padded to so many labels. */
const LANES = [4, 8, 16, 24, 32, 64, 128]

/** Points of a lattice over positions alone: 1.155 for a pixel where the deviation is 1. */
function gaussianPoints(pixels: number, sxy: number | readonly [number, number]): number {
  const [x, y] = typeof sxy === 'number' ? [sxy, sxy] : sxy
  return Math.min(3 * pixels, (1.155 * pixels) / (x * y) + 4 * Math.sqrt(pixels))
}

/**
 * Points of a lattice over positions and colours: neighbours share colours. Rather too many: of 84 photographs of 0.1 to 2
 * megapixels, by four published settings, half had less than 0.6 of it and nine of ten less than 1.2.
 */
function photographPoints(pixels: number, sxy: number | readonly [number, number], srgb: number): number {
  const size = Math.min(1, (pixels / 300_000) ** (-1 / 3))
  const share = 0.7 * (5 / srgb) ** 1.8 * (83 / mean(sxy)) ** 0.6 * size
  return gaussianPoints(pixels, sxy) + pixels * Math.min(6, share)
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
