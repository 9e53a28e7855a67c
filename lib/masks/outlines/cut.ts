import type { Outline, Ring } from './trace.js'

/**
 * One line in place of several, for formats whose polygons have no holes: each hole is joined to the rest by a cut of no
 * width, which the line takes there and back. By the even-odd rule and by the winding rule it encloses the same pixels.
 */
export function withCuts({ outer, holes }: Outline): Ring {
  return holes.reduce(joined, outer)
}

/** Goes from the corner of `ring` that is nearest to the hole's first, around the hole, and back. */
function joined(ring: Ring, hole: Ring): Ring {
  const [x, y] = hole as [number, number]
  let [nearest, distance] = [0, Number.POSITIVE_INFINITY]
  for (let i = 0; i < ring.length; i += 2) {
    const here = (ring[i]! - x) ** 2 + (ring[i + 1]! - y) ** 2
    if (here < distance) [nearest, distance] = [i, here]
  }
  return [...ring.slice(0, nearest + 2), ...hole, x, y, ...ring.slice(nearest)]
}
