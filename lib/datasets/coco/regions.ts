/**
 * A set of pixels as runs in column-major order (`column * height + row`): start, end, start, end, ...;
 * each run is `[start, end)`, ascending. What COCO's run-length encodings and its polygon filling are made of.
 */
export type PixelRuns = number[]

/** Subpixels a pixel side that polygon outlines are traced on. */
const SUBPIXELS = 5

/**
 * Pixels inside a polygon, by the rule of the COCO API, whose masks all published COCO numbers rest on: the outline
 * is traced on a grid five times finer, a column starts and stops where the outline crosses its centre, rows round up,
 * and the inside is what an odd number of crossings encloses.
 *
 * @param points x, y, x, y, ... in pixels, origin at the top left corner of the picture; at least three points
 */
export function polygonRuns(points: readonly number[], height: number, width: number): PixelRuns {
  const crossings = columnCrossings(tracedOutline(points), height, width).sort((a, b) => a - b)
  if (crossings.length % 2 === 1) crossings.push(height * width)
  const runs: PixelRuns = []
  for (let i = 0; i < crossings.length; i += 2) {
    const [start, end] = [crossings[i]!, crossings[i + 1]!]
    if (start < end) runs.push(start, end)
  }
  return runs
}

interface Outline {
  x: number[]
  y: number[]
}

/** The closed outline, one subpixel a step of the longer axis of each edge. */
function tracedOutline(points: readonly number[]): Outline {
  const corners = points.map((value) => Math.trunc(SUBPIXELS * value + 0.5))
  const outline: Outline = { x: [], y: [] }
  for (let i = 0; i < corners.length; i += 2) {
    const next = (i + 2) % corners.length
    traceEdge(outline, corners[i]!, corners[i + 1]!, corners[next]!, corners[next + 1]!)
  }
  return outline
}

function traceEdge(outline: Outline, x0: number, y0: number, x1: number, y1: number): void {
  const across = Math.abs(x1 - x0)
  const down = Math.abs(y1 - y0)
  if (across >= down) {
    // Rounding is always done from the left (or upper) end, so that both directions give the same subpixels.
    const leftward = x0 > x1
    const [left, from, to] = leftward ? [x1, y1, y0] : [x0, y0, y1]
    const slope = across === 0 ? 0 : (to - from) / across
    for (let step = 0; step <= across; step++) {
      const offset = leftward ? across - step : step
      outline.x.push(left + offset)
      outline.y.push(Math.trunc(from + slope * offset + 0.5))
    }
  } else {
    const upward = y0 > y1
    const [top, from, to] = upward ? [y1, x1, x0] : [y0, x0, x1]
    const slope = (to - from) / down
    for (let step = 0; step <= down; step++) {
      const offset = upward ? down - step : step
      outline.x.push(Math.trunc(from + slope * offset + 0.5))
      outline.y.push(top + offset)
    }
  }
}

/** Column-major positions where the outline crosses the centre of a pixel column. */
function columnCrossings({ x, y }: Outline, height: number, width: number): number[] {
  const crossings: number[] = []
  for (let i = 1; i < x.length; i++) {
    if (x[i] === x[i - 1]) continue
    const subcolumn = x[i]! < x[i - 1]! ? x[i]! : x[i]! - 1
    const column = (subcolumn + 0.5) / SUBPIXELS - 0.5
    if (!Number.isInteger(column) || column < 0 || column > width - 1) continue
    const row = (Math.min(y[i]!, y[i - 1]!) + 0.5) / SUBPIXELS - 0.5
    crossings.push(column * height + Math.ceil(Math.min(Math.max(row, 0), height)))
  }
  return crossings
}

/**
 * Runs of COCO's run-length counts: lengths of alternating runs of pixels outside and inside, starting outside,
 * column by column.
 *
 * @returns undefined when the counts are not whole numbers that add up to `height * width`
 */
export function runsOfCounts(counts: readonly number[], height: number, width: number): PixelRuns | undefined {
  const runs: PixelRuns = []
  let position = 0
  for (let i = 0; i < counts.length; i++) {
    const count = counts[i]!
    if (!Number.isInteger(count) || count < 0) return undefined
    if (i % 2 === 1 && count > 0) runs.push(position, position + count)
    position += count
  }
  return position === height * width ? runs : undefined
}

/**
 * Counts of a compressed run-length string: numbers in base 32, lowest digit first, one printable character a digit
 * (code - 48; 32 says that another digit follows, 16 in the last digit that the number is negative); from the fourth
 * number on each is the difference to the number two before it.
 *
 * @returns undefined when the string is not such an encoding
 */
export function countsOfString(text: string): number[] | undefined {
  const counts: number[] = []
  for (let at = 0; at < text.length; ) {
    let value = 0
    let digit: number
    let shift = 0
    do {
      digit = text.charCodeAt(at++) - 48
      if (!(digit >= 0 && digit < 64) || shift > 30) return undefined
      value += (digit & 31) * 2 ** shift
      shift += 5
    } while ((digit & 32) !== 0)
    if ((digit & 16) !== 0) value -= 2 ** shift
    counts.push(counts.length > 2 ? value + counts[counts.length - 2]! : value)
  }
  return counts
}

/** The other way: such a string of counts. */
export function stringOfCounts(counts: readonly number[]): string {
  const codes: number[] = []
  for (const [index, count] of counts.entries()) {
    let rest = index > 2 ? count - counts[index - 2]! : count
    for (let more = true; more; ) {
      const digit = rest & 31
      rest >>= 5
      // The rest is nothing but the sign that the digit has already.
      more = rest !== ((digit & 16) === 0 ? 0 : -1)
      codes.push(48 + (more ? digit | 32 : digit))
    }
  }
  return Buffer.from(codes).toString('latin1')
}

/** The pixels that lie in any of some sets, each once. */
export function unionOfRuns(sets: readonly PixelRuns[]): PixelRuns {
  if (sets.length === 1) return sets[0]!
  const pairs = sets.flatMap((runs) =>
    Array.from({ length: runs.length / 2 }, (_, i) => [runs[2 * i]!, runs[2 * i + 1]!] as const),
  )
  pairs.sort(([one], [other]) => one - other)
  const union: PixelRuns = []
  for (const [start, end] of pairs) {
    const last = union.length - 1
    if (last > 0 && start <= union[last]!) union[last] = Math.max(union[last]!, end)
    else union.push(start, end)
  }
  return union
}

/** Number of pixels in the runs. */
export function runsArea(runs: PixelRuns): number {
  let area = 0
  for (let i = 0; i < runs.length; i += 2) area += runs[i + 1]! - runs[i]!
  return area
}

/** Sets the pixels of the runs in a row-major map. */
export function paintRuns(target: Uint8Array, runs: PixelRuns, value: number, height: number, width: number): void {
  for (let i = 0; i < runs.length; i += 2) {
    const end = runs[i + 1]!
    for (let position = runs[i]!; position < end; position++) {
      target[(position % height) * width + Math.floor(position / height)] = value
    }
  }
}
