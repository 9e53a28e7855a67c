import type { Canvas } from '../canvas.js'
import { BLACK, fade, GLASS, hsv, rgb, STEEL, shade, WHITE } from '../color.js'
import { cylinder, flat, vertical } from '../paint.js'
import { ellipse, line, rectangle, smooth } from '../shapes.js'
import type { ObjectKind, Sketch } from './sketch.js'

function engine(canvas: Canvas, x: number, y: number, length: number, radius: number, color: number): void {
  canvas.fill(
    smooth(
      [
        x - length,
        y - radius * 0.6,
        x,
        y - radius,
        x + length,
        y - radius * 0.9,
        x + length,
        y + radius * 0.9,
        x,
        y + radius,
        x - length,
        y + radius * 0.6,
      ],
      3,
    ),
    cylinder(color, y - radius, y + radius),
  )
  canvas.fill(ellipse(x + length * 0.96, y, radius * 0.3, radius * 0.85), flat(BLACK))
}

const airliner: Sketch = {
  extent: [-1, -0.62, 1, 0.6],
  draw(canvas, { main, second, accent }) {
    canvas.fill([0.2, -0.12, -0.04, -0.12, -0.36, -0.44, -0.22, -0.44], flat(shade(main, 0.66)))
    canvas.fill(
      [-0.62, -0.08, -0.86, -0.62, -1, -0.62, -0.96, -0.02],
      vertical(shade(second, 1.1), shade(second, 0.8), -0.62, -0.1),
    )
    canvas.fill([-0.72, -0.42, -0.78, -0.54, -0.98, -0.54, -0.97, -0.42], flat(accent))
    canvas.fill(
      smooth(
        [
          -0.98, -0.12, -0.5, -0.2, 0.5, -0.21, 0.8, -0.17, 0.98, 0, 0.94, 0.09, 0.7, 0.17, 0, 0.19, -0.5, 0.12, -0.9,
          -0.02,
        ],
        4,
      ),
      cylinder(main, -0.21, 0.19),
    )
    canvas.fill([-0.9, -0.03, -0.4, 0.03, 0.94, 0.03, 0.92, 0.09, -0.3, 0.1, -0.86, 0.0], flat(second))
    for (let x = -0.55; x < 0.6; x += 0.115) canvas.fill(rectangle(x, -0.11, x + 0.06, -0.04), flat(shade(GLASS, 0.42)))
    canvas.fill([0.72, -0.15, 0.8, -0.14, 0.93, -0.03, 0.76, -0.03], flat(shade(GLASS, 0.35)))
    canvas.fill([-0.6, -0.05, -0.78, -0.05, -1, 0.18, -0.86, 0.18], flat(shade(second, 0.82)))
    engine(canvas, 0.06, 0.28, 0.16, 0.1, accent)
    canvas.fill(
      [0.28, 0.04, -0.16, 0.04, -0.52, 0.6, -0.32, 0.6],
      vertical(shade(main, 0.98), shade(main, 0.72), 0.04, 0.6),
    )
    canvas.fill([-0.42, 0.47, -0.24, 0.47, -0.32, 0.6, -0.52, 0.6], flat(accent))
  },
}

const fromAbove: Sketch = {
  extent: [-1, -0.92, 1, 0.92],
  draw(canvas, { main, second, accent }) {
    for (const side of [-1, 1]) {
      const wing = shade(main, side < 0 ? 0.98 : 0.84)
      engine(canvas, 0.16, side * 0.42, 0.14, 0.075, shade(STEEL, 1.3))
      canvas.fill([0.36, side * 0.1, 0, side * 0.1, -0.36, side * 0.92, -0.16, side * 0.92], flat(wing))
      canvas.fill([-0.22, side * 0.72, -0.06, side * 0.72, -0.16, side * 0.92, -0.36, side * 0.92], flat(accent))
      canvas.fill(
        [-0.66, side * 0.06, -0.88, side * 0.06, -1, side * 0.4, -0.88, side * 0.4],
        flat(shade(second, side < 0 ? 1 : 0.85)),
      )
    }
    canvas.fill(
      smooth([-1, 0, -0.7, -0.12, 0.6, -0.16, 0.86, -0.12, 1, 0, 0.86, 0.12, 0.6, 0.16, -0.7, 0.12], 4),
      cylinder(main, -0.17, 0.17),
    )
    canvas.fill([-0.98, -0.03, -0.5, -0.03, -0.4, 0, -0.5, 0.03, -0.98, 0.03], flat(second))
    canvas.fill(smooth([0.78, -0.08, 0.88, -0.05, 0.9, 0, 0.88, 0.05, 0.78, 0.08], 3), flat(shade(GLASS, 0.35)))
    for (let x = -0.4; x < 0.6; x += 0.12) {
      for (const y of [-0.12, 0.09]) canvas.fill(rectangle(x, y, x + 0.05, y + 0.03), flat(shade(GLASS, 0.5)))
    }
  },
}

const propeller: Sketch = {
  extent: [-1, -0.5, 1, 0.54],
  draw(canvas, { main, second, accent }) {
    canvas.fill(
      [-0.66, -0.04, -0.84, -0.5, -1, -0.5, -0.96, 0.04],
      vertical(shade(second, 1.1), shade(second, 0.8), -0.5, 0),
    )
    for (const x of [0.3, 0.5]) {
      canvas.fill(line(x - 0.04, 0.2, x, 0.44, 0.05), flat(STEEL))
      canvas.fill(ellipse(x, 0.44, 0.1), flat(BLACK))
      canvas.fill(ellipse(x, 0.44, 0.045), flat(STEEL))
    }
    canvas.fill(
      smooth(
        [
          -0.98, -0.04, -0.4, -0.16, 0.1, -0.24, 0.6, -0.22, 0.86, -0.1, 0.86, 0.12, 0.6, 0.26, 0.1, 0.26, -0.5, 0.1,
          -0.94, 0.06,
        ],
        4,
      ),
      cylinder(main, -0.26, 0.28),
    )
    canvas.fill([-0.94, 0, -0.4, -0.02, 0.86, 0, 0.86, 0.1, -0.3, 0.08, -0.92, 0.05], flat(second))
    canvas.fill([0.02, -0.08, 0.08, -0.36, 0.4, -0.36, 0.58, -0.1], vertical(GLASS, shade(GLASS, 0.5), -0.36, -0.08))
    canvas.fill(
      [-0.1, -0.46, 0.5, -0.46, 0.56, -0.36, -0.16, -0.36],
      vertical(shade(main, 1.1), shade(second, 0.9), -0.46, -0.36),
    )
    canvas.fill(
      [0.36, 0.12, -0.12, 0.12, -0.3, 0.34, 0.16, 0.34],
      vertical(shade(main, 1.05), shade(main, 0.75), 0.12, 0.34),
    )
    canvas.fill([-0.6, 0, -0.86, 0, -0.98, 0.14, -0.72, 0.14], flat(shade(second, 0.85)))
    canvas.fill(ellipse(0.9, 0.01, 0.08, 0.07), flat(accent))
    canvas.fill(ellipse(0.93, 0.01, 0.04, 0.42), flat(fade(BLACK, 0.5)))
    canvas.fill(rectangle(0.9, -0.4, 0.95, 0.42), flat(shade(BLACK, 1.8)))
  },
}

export const airplane: ObjectKind = {
  sketches: [airliner, fromAbove, propeller],
  colors(random) {
    const main = random.pick([WHITE, WHITE, rgb(214, 220, 226), rgb(240, 226, 190)])
    return {
      main,
      second: hsv(random.pick([0, 0.58, 0.62, 0.1, 0.45]), 0.75, 0.75),
      accent: hsv(random.pick([0.02, 0.12, 0.6]), 0.8, 0.85),
    }
  },
  stands: false,
  tilt: 0.5,
}
