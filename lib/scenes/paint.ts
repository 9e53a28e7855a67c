import { type Color, mix, shade } from './color.js'
import type { SceneRandom } from './random.js'

const { abs, floor } = Math

/** The colour at a point of the drawing's own coordinates. */
export type Paint = (x: number, y: number) => Color

export const flat =
  (color: Color): Paint =>
  () =>
    color

/** `top` at y0 to `bottom` at y1. */
export const vertical =
  (top: Color, bottom: Color, y0: number, y1: number): Paint =>
  (_x, y) =>
    mix(top, bottom, (y - y0) / (y1 - y0))

/** A cylinder that lies along x, lit from above: highlight at a third of its height. */
export const cylinder =
  (color: Color, y0: number, y1: number): Paint =>
  (_x, y) => {
    const t = (y - y0) / (y1 - y0)
    return shade(color, 1.22 - 1.15 * abs(t - 0.3) ** 1.3)
  }

/** Bands of two colours, `width` wide, along a direction given in radians from x. */
export const stripes = (first: Color, second: Color, width: number, angle = 0, share = 0.5): Paint => {
  const dx = Math.cos(angle) / width
  const dy = Math.sin(angle) / width
  return (x, y) => {
    const t = x * dx + y * dy
    return t - floor(t) < share ? first : second
  }
}

/** Smooth random numbers over the plane, repeating every `CELLS` units; drawn once a picture. */
export class Noise {
  private static readonly CELLS = 64
  private readonly values: Float32Array

  constructor(random: SceneRandom) {
    this.values = Float32Array.from({ length: Noise.CELLS ** 2 }, () => random.next())
  }

  /** 0..1, constant over each unit cell. */
  cell(x: number, y: number): number {
    return this.values[((floor(y) & 63) << 6) | (floor(x) & 63)]!
  }

  /** 0..1, interpolated between the cells. */
  smooth(x: number, y: number): number {
    const column = floor(x)
    const row = floor(y)
    const fx = x - column
    const fy = y - row
    const top = (row & 63) << 6
    const bottom = ((row + 1) & 63) << 6
    const left = column & 63
    const right = (column + 1) & 63
    const values = this.values
    const above = values[top | left]! * (1 - fx) + values[top | right]! * fx
    const below = values[bottom | left]! * (1 - fx) + values[bottom | right]! * fx
    return above * (1 - fy) + below * fy
  }

  /** Two octaves, 0..1. */
  cloudy(x: number, y: number): number {
    return 0.65 * this.smooth(x, y) + 0.35 * this.smooth(x * 2.3 + 17, y * 2.3 + 5)
  }
}

/** Brightness varies smoothly by ± `strength`, with features 1 / `frequency` wide. */
export const mottled =
  (paint: Paint, noise: Noise, frequency: number, strength: number): Paint =>
  (x, y) =>
    shade(paint(x, y), 1 + strength * (2 * noise.cloudy(x * frequency, y * frequency) - 1))

/** Second colour where smooth noise is above `level`: the patches of a cow. */
export const blotched =
  (first: Paint, second: Paint, noise: Noise, frequency: number, level: number): Paint =>
  (x, y) =>
    noise.smooth(x * frequency, y * frequency) > level ? second(x, y) : first(x, y)
