import simplifyLine from 'simplify-js'
import type { Component } from './components.js'
import type { Outline, Ring } from './trace.js'

/** Intersection over union with the component below which a simpler outline is refused. */
const LEAST_IOU = 0.95

/**
 * Outlines with fewer corners: by Douglas and Peucker (1973), no corner that is left out lies further from the new line
 * than the tolerance. Where that leaves less than 95 % intersection over union with the component (thin and small ones),
 * the tolerance is halved until it does not, and in the end the outline stays as it is.
 *
 * @param tolerance in pixels; 0: as it is
 */
export function simplified(
  outline: Outline,
  component: Component,
  isInside: (x: number, y: number) => boolean,
  tolerance: number,
): Outline {
  for (let allowed = tolerance; allowed >= 0.25; allowed /= 2) {
    const simpler = {
      outer: simplerRing(outline.outer, allowed),
      holes: outline.holes.map((hole) => simplerRing(hole, allowed)),
    }
    if (overlap(simpler, component, isInside) >= LEAST_IOU) return simpler
  }
  return outline
}

/** A closed line is two open ones: between its first corner and the one that is farthest from it. */
function simplerRing(ring: Ring, tolerance: number): Ring {
  const points = pointsOf(ring)
  const first = points[0]!
  let [farthest, distance] = [0, 0]
  points.forEach(({ x, y }, index) => {
    const here = (x - first.x) ** 2 + (y - first.y) ** 2
    if (here > distance) [farthest, distance] = [index, here]
  })
  const there = simplifyLine(points.slice(0, farthest + 1), tolerance, true)
  const back = simplifyLine([...points.slice(farthest), first], tolerance, true)
  const corners = [...there.slice(0, -1), ...back.slice(0, -1)]
  return corners.length < 3 ? ring : corners.flatMap(({ x, y }) => [x, y])
}

function pointsOf(ring: Ring): { x: number; y: number }[] {
  return Array.from({ length: ring.length / 2 }, (_, index) => ({ x: ring[2 * index]!, y: ring[2 * index + 1]! }))
}

/**
 * Intersection over union of a component with what outlines enclose, by the even-odd rule at the centres of pixels. Programs
 * differ in what they do with centres on the line itself, where oblique edges often lie: these count as wrong.
 */
function overlap(
  { outer, holes }: Outline,
  { area, left, top, right, bottom }: Component,
  isInside: (x: number, y: number) => boolean,
): number {
  const crossings = Array.from({ length: bottom - top }, (): number[] => [])
  for (const ring of [outer, ...holes]) addCrossings(ring, top, crossings)
  let [both, union] = [0, area]
  crossings.forEach((row, index) => {
    row.sort((one, other) => one - other)
    for (let i = 0; i + 1 < row.length; i += 2) {
      const [start, end] = [row[i]! - 0.5, row[i + 1]! - 0.5]
      for (let x = Math.max(Math.ceil(start), left); x <= end && x < right; x++) {
        if (!isInside(x, top + index)) union++
        else if (x > start && x < end) both++
      }
    }
  })
  return both / union
}

/** Where a line crosses the middles of rows. */
function addCrossings(ring: Ring, top: number, crossings: number[][]): void {
  for (let i = 0; i < ring.length; i += 2) {
    const next = (i + 2) % ring.length
    const [x0, y0, x1, y1] = [ring[i]!, ring[i + 1]!, ring[next]!, ring[next + 1]!]
    // Corners lie on whole numbers, so no middle of a row goes through one.
    for (let y = Math.min(y0, y1); y < Math.max(y0, y1); y++)
      crossings[y - top]!.push(x0 + ((x1 - x0) * (y + 0.5 - y0)) / (y1 - y0))
  }
}
