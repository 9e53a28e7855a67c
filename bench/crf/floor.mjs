// The time below which a dense CRF cannot go on one thread: what it must move through memory at least, over the
// bandwidth of a copy.

/** Bytes a second that one thread reads and writes (both counted) when it copies `bytes`, the best of some runs. */
export function copyBandwidth(bytes, runs = 6) {
  const from = new Float64Array(bytes / 8).fill(1)
  const to = new Float64Array(bytes / 8).fill(2)
  let best = Number.POSITIVE_INFINITY
  for (let run = 0; run < runs; run++) {
    const start = performance.now()
    to.set(from)
    best = Math.min(best, performance.now() - start)
  }
  return (2 * bytes) / (best / 1000)
}

/** Larger than most caches, and about what a picture of 640 x 480 needs. */
export const measureBandwidths = () => ({ memory: copyBandwidth(2 ** 29), cache: copyBandwidth(2 ** 25, 20) })

/** Rows of a lattice point hold so many floats. */
const lanesOf = (labels) => [4, 8, 16, 24, 32, 64, 128, 512].find((lanes) => labels <= lanes)

/** Lattice points a pixel of positions alone: the area of a pixel in lattice coordinates over that of a cell. */
const POINTS_OF_POSITIONS = 2 / Math.sqrt(3)

/**
 * Bytes that each phase moves at least, everything read or written once a pass and found in cache after that.
 *
 * - lattice: the bilateral one (that of positions is kept). Colours in; an index and a weight for each of the six
 *   vertices of a pixel and a key for each point out.
 * - pixels: each of the passes between reads indices and weights of both lattices, -unary, and the rows to slice from,
 *   and clears, reads and writes the rows to splat into; the first has nothing to slice, the last nothing to splat.
 * - blur: reads and writes every row, as if all axes could be done in one go.
 *
 * @param points of the bilateral lattice
 */
export function leastBytes({ pixels, labels, points, settings }) {
  const { gaussian, iterations } = settings
  const row = 4 * lanesOf(labels)
  const rows = (points + (POINTS_OF_POSITIONS / gaussian.sxy ** 2) * pixels) * row
  const vertices = (3 + 6) * 8 * pixels
  const logits = pixels * row
  const planes = 4 * labels * pixels
  const first = planes + logits + vertices + 3 * rows
  const between = (iterations - 1) * (vertices + logits + 4 * rows)
  const last = vertices + logits + rows + planes
  return {
    lattice: pixels * (3 + 6 * 8) + 8 * points,
    pixels: first + between + last,
    blur: iterations * 2 * rows,
  }
}
