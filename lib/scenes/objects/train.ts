import type { Canvas } from '../canvas.js'
import { BLACK, fade, GLASS, hsv, mix, rgb, STEEL, shade, WHITE } from '../color.js'
import { cylinder, flat, type Paint, vertical } from '../paint.js'
import { ellipse, line, rectangle } from '../shapes.js'
import type { Look, ObjectKind, Sketch } from './sketch.js'

const { floor } = Math

function wheel(canvas: Canvas, x: number, y: number, radius: number, color: number): void {
  canvas.fill(ellipse(x, y, radius), flat(BLACK))
  canvas.fill(ellipse(x, y, radius * 0.78), flat(color))
  for (let spoke = 0; spoke < 3; spoke += 1) {
    const angle = (spoke * Math.PI) / 3
    const [dx, dy] = [Math.cos(angle) * radius * 0.8, Math.sin(angle) * radius * 0.8]
    canvas.fill(line(x - dx, y - dy, x + dx, y + dy, radius * 0.16), flat(BLACK))
  }
  canvas.fill(ellipse(x, y, radius * 0.28), flat(STEEL))
}

const steam: Sketch = {
  extent: [-0.98, -0.72, 1, 0.53],
  draw(canvas, { main, second, accent }) {
    canvas.fill([0.72, 0.14, 0.84, 0.14, 1, 0.5, 0.72, 0.5], flat(shade(second, 0.75)))
    for (let bar = 0; bar < 3; bar += 1) {
      canvas.fill(line(0.78 + bar * 0.03, 0.18, 0.77 + bar * 0.08, 0.5, 0.025), flat(BLACK))
    }
    canvas.fill([0.46, -0.24, 0.52, -0.62, 0.44, -0.72, 0.76, -0.72, 0.68, -0.62, 0.73, -0.24], flat(BLACK))
    canvas.fill(rectangle(0.43, -0.72, 0.77, -0.65), flat(accent))
    canvas.fill(ellipse(0.14, -0.22, 0.12, 0.18), cylinder(accent, -0.4, -0.1))
    canvas.fill(rectangle(-0.5, -0.28, 0.64, 0.2), cylinder(main, -0.28, 0.2))
    for (const x of [-0.2, 0.08, 0.34]) canvas.fill(rectangle(x, -0.28, x + 0.035, 0.2), cylinder(accent, -0.28, 0.2))
    canvas.fill(rectangle(0.6, -0.3, 0.84, 0.22), cylinder(shade(BLACK, 2), -0.3, 0.22))
    canvas.fill(ellipse(0.85, -0.2, 0.07, 0.08), flat(rgb(255, 226, 120)))
    canvas.fill(rectangle(-0.92, -0.58, -0.42, 0.2), vertical(shade(main, 1.12), shade(main, 0.75), -0.58, 0.2))
    canvas.fill(rectangle(-0.98, -0.68, -0.36, -0.56), flat(shade(second, 0.6)))
    canvas.fill(rectangle(-0.82, -0.46, -0.53, -0.18), flat(accent))
    canvas.fill(rectangle(-0.79, -0.43, -0.56, -0.21), vertical(shade(GLASS, 0.7), GLASS, -0.43, -0.2))
    canvas.fill(rectangle(-0.94, 0.16, 0.9, 0.3), flat(shade(second, 0.55)))
    canvas.fill(rectangle(-0.94, 0.18, 0.9, 0.23), flat(second))
    for (const x of [-0.68, -0.28, 0.12]) wheel(canvas, x, 0.33, 0.2, second)
    for (const x of [0.44, 0.68]) wheel(canvas, x, 0.4, 0.13, second)
    canvas.fill(line(-0.68, 0.36, 0.4, 0.36, 0.05), flat(shade(STEEL, 1.4)))
  },
}

/** The windows of a carriage: glass that repeats along x. */
const glazing =
  (frame: Paint, pitch: number, share: number, y0: number, y1: number): Paint =>
  (x, y) => {
    const t = x / pitch - floor(x / pitch)
    return t < share && y > y0 && y < y1 ? mix(shade(GLASS, 0.45), GLASS, (y - y0) / (y1 - y0)) : frame(x, y)
  }

function bogies(canvas: Canvas, xs: readonly number[], y: number): void {
  for (const x of xs) {
    canvas.fill(rectangle(x - 0.2, y - 0.08, x + 0.2, y + 0.02), flat(shade(BLACK, 1.6)))
    for (const dx of [-0.12, 0.12]) {
      canvas.fill(ellipse(x + dx, y + 0.05, 0.085), flat(BLACK))
      canvas.fill(ellipse(x + dx, y + 0.05, 0.045), flat(STEEL))
    }
  }
}

const railcar: Sketch = {
  extent: [-1, -0.56, 1, 0.48],
  draw(canvas, look) {
    const { main, second, accent } = look
    const body = vertical(shade(main, 1.15), shade(main, 0.72), -0.4, 0.3)
    canvas.fill(rectangle(-1, 0.24, 0.86, 0.34), flat(shade(BLACK, 1.5)))
    bogies(canvas, [-0.68, 0.5], 0.36)
    canvas.fill(rectangle(-0.6, -0.5, -0.2, -0.4), flat(STEEL))
    canvas.fill(rectangle(0.1, -0.48, 0.36, -0.4), flat(shade(STEEL, 0.8)))
    canvas.fill([-1, -0.4, 0.6, -0.4, 0.84, -0.22, 1, 0.08, 1, 0.28, -1, 0.28], body)
    canvas.fill(rectangle(-1, -0.42, 0.6, -0.36), flat(shade(second, 0.85)))
    canvas.fill(rectangle(-0.93, -0.27, 0.5, 0.02), glazing(body, 0.24, 0.72, -0.27, 0.02))
    canvas.fill([-1, 0.08, 1, 0.08, 1, 0.17, -1, 0.17], flat(second))
    canvas.fill([0.62, -0.3, 0.76, -0.22, 0.91, 0.02, 0.62, 0.02], vertical(shade(GLASS, 0.4), GLASS, -0.3, 0.02))
    for (const x of [-0.34, 0.36])
      canvas.fill(rectangle(x, -0.3, x + 0.16, 0.26), vertical(accent, shade(accent, 0.8), -0.3, 0.26))
    for (const x of [-0.31, 0.39]) canvas.fill(rectangle(x, -0.24, x + 0.1, 0.02), flat(shade(GLASS, 0.7)))
    canvas.fill(ellipse(0.94, 0.13, 0.05), flat(rgb(255, 240, 170)))
    canvas.fill(line(-0.98, -0.4, 0.6, -0.4, 0.02), flat(fade(WHITE, 0.6)))
  },
}

/** A train that leads two carriages; the last one runs out of the drawing. */
const express: Sketch = {
  extent: [-1.3, -0.42, 1.1, 0.4],
  draw(canvas, { main, second, accent }) {
    const body = vertical(shade(main, 1.15), shade(main, 0.78), -0.36, 0.26)
    canvas.fill(rectangle(-1.3, 0.2, 0.9, 0.3), flat(BLACK))
    bogies(canvas, [-1.02, -0.42, -0.08, 0.6], 0.3)
    canvas.fill(rectangle(-0.3, -0.26, -0.2, 0.22), flat(shade(BLACK, 2)))
    canvas.fill(rectangle(-1.3, -0.36, -0.28, 0.24), glazing(body, 0.2, 0.66, -0.24, -0.02))
    canvas.fill([-0.22, -0.36, 0.5, -0.36, 0.84, -0.18, 1.06, 0.06, 1.1, 0.2, 1.04, 0.26, -0.22, 0.26], body)
    canvas.fill(rectangle(-0.16, -0.24, 0.44, -0.02), glazing(body, 0.2, 0.66, -0.24, -0.02))
    canvas.fill([0.52, -0.25, 0.68, -0.22, 0.9, 0, 0.52, 0], flat(shade(GLASS, 0.55)))
    canvas.fill([-1.3, 0.06, 1.04, 0.06, 1.09, 0.15, -1.3, 0.15], flat(second))
    canvas.fill([0.3, 0.26, 0.52, 0.02, 0.66, 0.02, 0.44, 0.26], flat(accent))
    canvas.fill([-1.3, -0.36, 0.5, -0.36, 0.58, -0.32, -1.3, -0.32], flat(shade(main, 1.35)))
    canvas.fill(ellipse(1.02, 0.1, 0.045, 0.035), flat(rgb(255, 240, 170)))
  },
}

export const train: ObjectKind = {
  sketches: [steam, railcar, express],
  colors(random): Pick<Look, 'main' | 'second' | 'accent'> {
    const main = hsv(random.pick([0, 0.01, 0.98, 0.36, 0.6, 0.08]), random.between(0.7, 0.9), random.between(0.6, 0.85))
    return { main, second: random.pick([rgb(240, 214, 150), WHITE, rgb(200, 50, 40)]), accent: rgb(232, 190, 80) }
  },
  stands: true,
  tilt: 0.05,
}
