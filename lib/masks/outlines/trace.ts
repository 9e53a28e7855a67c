/** A closed line: x, y, x, y, ... of its corners in pixels, where 0, 0 is the upper left corner of the first pixel. */
export type Ring = number[]

/** The outlines of one component. */
export interface Outline {
  /** Around it, clockwise as pictures are shown. */
  outer: Ring
  /** Around each hole in it, the other way round. */
  holes: Ring[]
}

/** Steps to the right, down, left, up; and of the pixels around a corner, the one ahead on the left and on the right. */
const STEPS = [
  { x: 1, y: 0, left: [0, -1], right: [0, 0] },
  { x: 0, y: 1, left: [0, 0], right: [-1, 0] },
  { x: -1, y: 0, left: [-1, 0], right: [-1, -1] },
  { x: 0, y: -1, left: [-1, -1], right: [0, -1] },
] as const

/** Rows between two steps. */
const ROWS = 16

/**
 * Outlines that run between the pixels, along their edges: what fills them by the even-odd rule at the centres of pixels
 * gives back each component exactly. Where two of its pixels touch at a corner alone, the line goes through that corner
 * twice. Holes are connected by sides only.
 *
 * @param numbers one more than the index of the component of each pixel, 0 for none, as `componentSteps` gives them
 * @param isWanted whether the outlines of a component are wanted, by its number
 * @returns by number
 */
export function* outlineSteps(
  numbers: Int32Array,
  width: number,
  isWanted: (number: number) => boolean,
): Generator<undefined, Map<number, Outline>> {
  const height = numbers.length / width
  // Pixels whose upper edge some line has taken from left to right. Every line takes such an edge.
  const taken = new Uint8Array(numbers.length)
  const outlines = new Map<number, Outline>()
  const at = (x: number, y: number): number =>
    x < 0 || y < 0 || x >= width || y >= height ? 0 : numbers[y * width + x]!
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const number = at(x, y)
      if (number === 0 || at(x, y - 1) === number || taken[y * width + x] === 1 || !isWanted(number)) continue
      const ring = follow(x, y, (column, row) => at(column, row) === number, taken, width)
      // Row by row, the first line of a component is the one around it.
      const outline = outlines.get(number)
      if (outline === undefined) outlines.set(number, { outer: ring, holes: [] })
      else outline.holes.push(ring)
    }
    if (y % ROWS === 0) yield
  }
  return outlines
}

/** The line that begins along the upper edge of a pixel, with the component on its right. */
function follow(
  startX: number,
  startY: number,
  isInside: (x: number, y: number) => boolean,
  taken: Uint8Array,
  width: number,
): Ring {
  const ring: Ring = []
  let [x, y, direction, turned] = [startX, startY, 0, true]
  do {
    const { x: across, y: down } = STEPS[direction]!
    if (turned) ring.push(x, y)
    if (direction === 0) taken[y * width + x] = 1
    x += across
    y += down
    const { left, right } = STEPS[direction]!
    // Left first: so pixels that touch at this corner stay connected.
    const turn = isInside(x + left[0], y + left[1]) ? 3 : isInside(x + right[0], y + right[1]) ? 0 : 1
    turned = turn !== 0
    direction = (direction + turn) % 4
  } while (x !== startX || y !== startY || direction !== 0)
  return ring
}
