import { loadAddon } from '../native/load.js'

/** Refining the maps of one picture. */
export interface RefinementJob {
  kind: 'refinement'
  width: number
  height: number
  /** Score maps, background included. */
  labels: number
  method: { kind: 'crf'; gaussian: number; bilateral: number } | { kind: 'pamr'; dilations: readonly number[] }
  threads: number
}

/** Node.js and LibTorch before any work, and after the first of it. */
const PROCESS = 190e6
/** Bytes that building a lattice of positions and colours takes for a point (building_bytes of permutohedral_lattice.cc). */
const BUILDING = 7 * 8 + (6 + 8) * 4
/** Share of them that serves the iterations, where the bound counts both: measured. */
const REUSED = 0.3
/** Weights of PAMR that are kept at most; others are computed anew. */
const MOST_WEIGHTS = 512 * 2 ** 20
/** Pixels that PAMR computes together. */
const BLOCK = 16

/** What a refinement takes at its peak: of a dense CRF the bound of its operator, which photographs do not reach. */
export function refinementTerms(job: RefinementJob): { what: string; bytes: number }[] {
  const { width, height, labels, method, threads } = job
  const map = 4 * width * height
  const common = [
    { what: 'Node.js and LibTorch', bytes: PROCESS },
    { what: 'scores and picture as they were given', bytes: labels * map + 3 * width * height },
  ]
  if (method.kind === 'crf') {
    const { gaussian, bilateral } = method
    // Neighbours always share the points of a kernel on positions: of it, indices and weights of three points count.
    const points = bilateral > 0 ? 6 * width * height : 0
    const shared = gaussian * 3 * 8 * width * height
    const bound = loadAddon().denseCrfBytes({ height, width, labels, gaussian: 0, bilateral, threads })
    return [
      ...common,
      { what: 'the dense CRF, where no two pixels are alike', bytes: bound },
      { what: 'of which the iterations use again what building left', bytes: -REUSED * points * BUILDING },
      { what: 'its kernels on positions', bytes: shared },
    ]
  }
  const padding = Math.max(0, ...method.dilations.map((dilation) => Math.min(dilation, width - 1)))
  const stride = rounded(rounded(width) + 2 * padding)
  const rowOfWeights = 4 * rounded(width) * 8 * method.dilations.length
  return [
    ...common,
    { what: 'colours and two sets of maps, with a border', bytes: 4 * height * stride * (3 + 2 * labels) },
    { what: 'weights of neighbours', bytes: Math.min(height * rowOfWeights, MOST_WEIGHTS) + threads * rowOfWeights },
    { what: 'the result and its copies', bytes: 2 * labels * map },
  ]
}

function rounded(size: number): number {
  return Math.ceil(size / BLOCK) * BLOCK
}
