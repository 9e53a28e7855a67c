/** A rectangle of a picture: first column and row, and those behind the last. */
export interface Box {
  left: number
  top: number
  right: number
  bottom: number
}

/**
 * Lengths of alternating runs of pixels outside and inside, starting outside, row by row within a box.
 * The first is 0 where the first pixel is inside.
 */
export function runsByRow(isInside: (x: number, y: number) => boolean, { left, top, right, bottom }: Box): number[] {
  const runs = new Runs()
  for (let y = top; y < bottom; y++) for (let x = left; x < right; x++) runs.add(isInside(x, y), 1)
  return runs.lengths
}

/** The same column by column and of a whole picture, whose pixels outside the box are outside. */
export function runsByColumn(
  isInside: (x: number, y: number) => boolean,
  { left, top, right, bottom }: Box,
  width: number,
  height: number,
): number[] {
  const runs = new Runs()
  runs.add(false, left * height)
  for (let x = left; x < right; x++) {
    runs.add(false, top)
    for (let y = top; y < bottom; y++) runs.add(isInside(x, y), 1)
    runs.add(false, height - bottom)
  }
  runs.add(false, (width - right) * height)
  return runs.lengths
}

class Runs {
  readonly lengths = [0]
  private inside = false

  add(inside: boolean, count: number): void {
    if (count === 0) return
    if (inside === this.inside) this.lengths[this.lengths.length - 1]! += count
    else this.lengths.push(count)
    this.inside = inside
  }
}
