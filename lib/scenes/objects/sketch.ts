import type { Canvas } from '../canvas.js'
import type { Color } from '../color.js'
import type { Noise } from '../paint.js'
import type { SceneRandom } from '../random.js'

/** What makes one object differ from the next of its class. */
export interface Look {
  main: Color
  second: Color
  accent: Color
  noise: Noise
  random: SceneRandom
}

/** One way to draw a class, facing right, in coordinates of its own (about -1..1, y down). */
export interface Sketch {
  /** left, top, right, bottom of what is drawn. */
  extent: readonly [number, number, number, number]
  draw(canvas: Canvas, look: Look): void
}

export interface ObjectKind {
  sketches: readonly Sketch[]
  /** Typical colours: body, second part, accent. */
  colors(random: SceneRandom): Pick<Look, 'main' | 'second' | 'accent'>
  /** Stands on the ground (or floats) rather than hanging anywhere in the picture. */
  stands: boolean
  /** Largest rotation either way, radians. */
  tilt: number
}
