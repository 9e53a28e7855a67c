import type { Canvas } from '../canvas.js'
import { BLACK, hsv, mix, rgb, shade, WHITE } from '../color.js'
import { flat, type Paint, vertical } from '../paint.js'
import { ellipse, line, type Outline, smooth } from '../shapes.js'
import type { Look, ObjectKind, Sketch } from './sketch.js'

const { floor, hypot } = Math

/** Scale-like rows of feather tips. */
const feathers =
  (color: number, noise: Look['noise'], size = 0.13): Paint =>
  (x, y) => {
    const row = floor(y / size)
    const u = x / size + (row & 1) / 2
    const tip = hypot(u - floor(u) - 0.5, y / size - row) > 0.72
    return shade(color, (tip ? 0.72 : 1.06) * (0.86 + 0.3 * noise.cell(floor(u), row)))
  }

function eye(canvas: Canvas, x: number, y: number, radius: number): void {
  canvas.fill(ellipse(x, y, radius), flat(WHITE))
  canvas.fill(ellipse(x + radius * 0.15, y, radius * 0.68), flat(BLACK))
  canvas.fill(ellipse(x + radius * 0.4, y - radius * 0.3, radius * 0.24), flat(WHITE))
}

function quills(canvas: Canvas, root: readonly [number, number], tips: Outline, color: number): void {
  for (let i = 0; i < tips.length; i += 2) {
    canvas.fill(line(root[0], root[1], tips[i]!, tips[i + 1]!, 0.03), flat(color))
  }
}

const songbird: Sketch = {
  extent: [-1, -0.72, 0.98, 0.76],
  draw(canvas, { main, second, accent, noise }) {
    for (const x of [-0.02, 0.2]) {
      canvas.fill(line(x, 0.4, x + 0.02, 0.7, 0.06), flat(shade(accent, 0.8)))
      canvas.fill(line(x - 0.1, 0.72, x + 0.16, 0.72, 0.06), flat(shade(accent, 0.8)))
    }
    canvas.fill([-0.42, -0.08, -1, 0.12, -0.96, 0.24, -1, 0.36, -0.4, 0.3], feathers(shade(second, 0.8), noise, 0.16))
    const body = smooth([
      -0.56, 0.12, -0.2, -0.26, 0.22, -0.62, 0.52, -0.7, 0.76, -0.52, 0.72, -0.22, 0.6, 0.14, 0.3, 0.44, -0.1, 0.48,
      -0.42, 0.34,
    ])
    canvas.fill(body, feathers(main, noise))
    canvas.fill(
      smooth([0.66, -0.18, 0.54, 0.16, 0.26, 0.4, -0.02, 0.44, 0.12, 0.16, 0.4, -0.12]),
      flat(mix(main, WHITE, 0.6)),
    )
    canvas.fill(
      smooth([0.28, -0.2, 0.3, 0.06, 0, 0.24, -0.4, 0.3, -0.74, 0.3, -0.4, 0.04, -0.1, -0.2]),
      feathers(second, noise, 0.15),
    )
    quills(canvas, [0.1, 0], [-0.62, 0.27, -0.5, 0.16, -0.34, 0.27], shade(second, 0.6))
    canvas.fill([0.72, -0.5, 0.98, -0.38, 0.72, -0.3], flat(accent))
    canvas.fill(line(0.72, -0.39, 0.95, -0.385, 0.03), flat(shade(accent, 0.6)))
    eye(canvas, 0.54, -0.48, 0.1)
  },
}

const flying: Sketch = {
  extent: [-0.96, -0.86, 0.94, 0.6],
  draw(canvas, { main, second, accent, noise }) {
    const wing = (tipX: number, tipY: number): Outline =>
      smooth([
        0.26,
        -0.02,
        tipX + 0.3,
        tipY + 0.08,
        tipX,
        tipY,
        tipX - 0.12,
        tipY + 0.2,
        tipX - 0.14,
        tipY + 0.46,
        -0.24,
        0.12,
      ])
    canvas.fill(wing(0.36, -0.8), feathers(shade(second, 0.72), noise, 0.15))
    canvas.fill(
      [-0.4, -0.06, -0.94, -0.16, -0.84, 0.08, -0.96, 0.3, -0.36, 0.22],
      feathers(shade(second, 0.85), noise, 0.15),
    )
    canvas.fill(
      smooth([-0.5, 0.04, -0.1, -0.16, 0.36, -0.22, 0.62, -0.24, 0.78, -0.06, 0.64, 0.16, 0.26, 0.32, -0.16, 0.28]),
      feathers(main, noise),
    )
    canvas.fill(smooth([0.62, 0.12, 0.26, 0.28, -0.16, 0.25, 0.1, 0.12, 0.4, 0.08]), flat(mix(main, WHITE, 0.6)))
    canvas.fill(wing(-0.36, -0.74), feathers(second, noise, 0.15))
    quills(canvas, [0, 0], [-0.42, -0.6, -0.44, -0.42, -0.44, -0.26], shade(second, 0.62))
    canvas.fill([0.74, -0.14, 0.94, -0.02, 0.74, 0.04], flat(accent))
    eye(canvas, 0.6, -0.08, 0.075)
  },
}

const duck: Sketch = {
  extent: [-0.96, -0.76, 1, 0.6],
  draw(canvas, { main, second, accent, noise }) {
    canvas.fill(
      smooth([
        -0.96, -0.16, -0.5, 0, 0, -0.04, 0.28, -0.12, 0.34, -0.4, 0.44, -0.72, 0.72, -0.72, 0.78, -0.42, 0.66, -0.14,
        0.62, 0.2, 0.36, 0.52, -0.2, 0.58, -0.68, 0.42,
      ]),
      feathers(main, noise, 0.15),
    )
    canvas.fill(
      smooth([0.36, -0.4, 0.42, -0.74, 0.74, -0.74, 0.78, -0.4, 0.58, -0.3]),
      vertical(shade(second, 1.1), shade(second, 0.8), -0.75, -0.3),
    )
    canvas.fill([0.36, -0.34, 0.74, -0.3, 0.72, -0.22, 0.34, -0.26], flat(WHITE))
    canvas.fill(
      smooth([0.24, 0.06, 0.1, 0.34, -0.4, 0.36, -0.84, 0.12, -0.4, 0.04]),
      feathers(shade(second, 0.9), noise, 0.15),
    )
    canvas.fill(smooth([0.74, -0.56, 1, -0.48, 0.98, -0.38, 0.74, -0.4], 3), flat(accent))
    eye(canvas, 0.6, -0.56, 0.08)
  },
}

export const bird: ObjectKind = {
  sketches: [songbird, flying, duck],
  colors(random) {
    const main = hsv(random.pick([0.13, 0.1, 0.06, 0.56, 0.01]), random.between(0.55, 0.85), random.between(0.75, 0.95))
    const second = random.pick([shade(main, 0.6), rgb(120, 84, 56), rgb(60, 74, 92), hsv(random.next(), 0.5, 0.6)])
    return { main, second, accent: rgb(242, 142, 44) }
  },
  stands: false,
  tilt: 0.22,
}
