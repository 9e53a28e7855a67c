import type { LabelMap } from '../masks/labelMap.js'
import type { Paint } from './paint.js'
import type { Outline } from './shapes.js'

const { ceil, floor, max, min, round } = Math

/** Where a drawing's own coordinates land on the picture: x' = a x + c y + e, y' = b x + d y + f, in pixels. */
export interface Placement {
  a: number
  b: number
  c: number
  d: number
  e: number
  f: number
}

/** Sub-pixels a side: edges have 4 grey steps more than none, and a picture takes a few milliseconds. */
const SUPERSAMPLING = 2
const MAX_CORNERS = 512

/**
 * A small polygon painter. It keeps, beside colours, which object owns each sub-pixel, so that masks are exact
 * and follow occlusion.
 */
export class Canvas {
  private readonly side: number
  private readonly colors: Uint8ClampedArray
  private readonly owners: Uint8Array
  private placement: Placement = { a: 1, b: 0, c: 0, d: 1, e: 0, f: 0 }
  private owner = 0
  private readonly xs = new Float64Array(MAX_CORNERS)
  private readonly ys = new Float64Array(MAX_CORNERS)
  private readonly crossings = new Float64Array(MAX_CORNERS)

  /** @param size width and height in pixels */
  constructor(readonly size: number) {
    this.side = size * SUPERSAMPLING
    this.colors = new Uint8ClampedArray(3 * this.side ** 2)
    this.owners = new Uint8Array(this.side ** 2)
  }

  /** From here on drawings land at `placement` and their pixels belong to object `owner` (0 is background). */
  place(placement: Placement, owner: number): void {
    const s = SUPERSAMPLING
    const { a, b, c, d, e, f } = placement
    this.placement = { a: a * s, b: b * s, c: c * s, d: d * s, e: e * s, f: f * s }
    this.owner = owner
  }

  /** Paints the inside of an outline (even-odd). Translucent paint does not change who owns a pixel. */
  fill(outline: Outline, paint: Paint): void {
    const { a, b, c, d, e, f } = this.placement
    const { xs, ys, crossings } = this
    const corners = outline.length / 2
    let top = Number.POSITIVE_INFINITY
    let bottom = Number.NEGATIVE_INFINITY
    for (let i = 0; i < corners; i += 1) {
      const x = outline[2 * i]!
      const y = outline[2 * i + 1]!
      const row = b * x + d * y + f
      xs[i] = a * x + c * y + e
      ys[i] = row
      if (row < top) top = row
      if (row > bottom) bottom = row
    }
    const first = max(0, ceil(top - 0.5))
    const last = min(this.side - 1, floor(bottom - 0.5))
    for (let row = first; row <= last; row += 1) {
      const y = row + 0.5
      let count = 0
      for (let i = 0, j = corners - 1; i < corners; j = i, i += 1) {
        if (ys[i]! <= y === ys[j]! <= y) continue
        const x = xs[i]! + ((y - ys[i]!) / (ys[j]! - ys[i]!)) * (xs[j]! - xs[i]!)
        let at = count
        for (; at > 0 && crossings[at - 1]! > x; at -= 1) crossings[at] = crossings[at - 1]!
        crossings[at] = x
        count += 1
      }
      for (let i = 0; i + 1 < count; i += 2) this.span(row, crossings[i]!, crossings[i + 1]!, paint)
    }
  }

  /**
   * Paints everything below the height `top`, in picture coordinates 0..1 whatever the size. The paint is asked once
   * a pixel and not once a sub-pixel: right for textures, which have no edge to smooth.
   */
  flood(top: number, paint: Paint): void {
    const { size, side, colors } = this
    for (let row = max(0, round(top * size)); row < size; row += 1) {
      for (let column = 0; column < size; column += 1) {
        const color = paint((column + 0.5) / size, (row + 0.5) / size)
        for (let dy = 0; dy < SUPERSAMPLING; dy += 1) {
          const start = 3 * ((row * SUPERSAMPLING + dy) * side + column * SUPERSAMPLING)
          for (let at = start; at < start + 3 * SUPERSAMPLING; at += 3) {
            colors[at] = (color >>> 16) & 255
            colors[at + 1] = (color >>> 8) & 255
            colors[at + 2] = color & 255
          }
        }
      }
    }
  }

  private span(row: number, from: number, to: number, paint: Paint): void {
    const { a, b, c, d, e, f } = this.placement
    const determinant = a * d - b * c
    const start = max(0, ceil(from - 0.5))
    const end = min(this.side - 1, floor(to - 0.5))
    const dx = d / determinant
    const dy = -b / determinant
    let x = (d * (start + 0.5 - e) - c * (row + 0.5 - f)) / determinant
    let y = (a * (row + 0.5 - f) - b * (start + 0.5 - e)) / determinant
    const { colors, owners, owner } = this
    for (let column = start; column <= end; column += 1, x += dx, y += dy) {
      const color = paint(x, y)
      const at = row * this.side + column
      const alpha = color >>> 24
      if (alpha === 255) {
        colors[3 * at] = (color >>> 16) & 255
        colors[3 * at + 1] = (color >>> 8) & 255
        colors[3 * at + 2] = color & 255
        owners[at] = owner
      } else if (alpha > 0) {
        const t = alpha / 255
        colors[3 * at] = colors[3 * at]! * (1 - t) + ((color >>> 16) & 255) * t
        colors[3 * at + 1] = colors[3 * at + 1]! * (1 - t) + ((color >>> 8) & 255) * t
        colors[3 * at + 2] = colors[3 * at + 2]! * (1 - t) + (color & 255) * t
      }
    }
  }

  /** Darkens the rim of everything that `owner` owns, as an ink line would. */
  ink(owner: number, strength: number): void {
    const { side, owners, colors } = this
    for (let at = side; at < owners.length - side; at += 1) {
      if (owners[at] !== owner) continue
      if (
        owners[at - 1] === owner &&
        owners[at + 1] === owner &&
        owners[at - side] === owner &&
        owners[at + side] === owner
      )
        continue
      for (let channel = 3 * at; channel < 3 * at + 3; channel += 1) {
        colors[channel] = colors[channel]! * (1 - strength)
      }
    }
  }

  /** RGB bytes, `size * size * 3`, each pixel the mean of its sub-pixels. */
  pixels(): Uint8Array {
    const { size, side, colors } = this
    const pixels = new Uint8Array(3 * size * size)
    for (let y = 0, out = 0; y < size; y += 1) {
      let at = 3 * y * SUPERSAMPLING * side
      for (let x = 0; x < size; x += 1, at += 3 * SUPERSAMPLING) {
        for (let channel = at; channel < at + 3; channel += 1, out += 1) {
          const below = channel + 3 * side
          pixels[out] = (colors[channel]! + colors[channel + 3]! + colors[below]! + colors[below + 3]! + 2) >> 2
        }
      }
    }
    return pixels
  }

  /** Who owns each pixel: the owner of two or more of its four sub-pixels, the larger number where there are two. */
  owned(): LabelMap {
    const { size, side, owners } = this
    const data = new Uint8Array(size * size)
    for (let y = 0, out = 0; y < size; y += 1) {
      for (let x = 0; x < size; x += 1, out += 1) {
        const at = y * SUPERSAMPLING * side + x * SUPERSAMPLING
        const [a, b, c, d] = [owners[at]!, owners[at + 1]!, owners[at + side]!, owners[at + side + 1]!]
        let owner = 0
        if ((a === b || a === c || a === d) && a > owner) owner = a
        if ((b === c || b === d) && b > owner) owner = b
        if (c === d && c > owner) owner = c
        data[out] = owner
      }
    }
    return { width: size, height: size, data }
  }
}
