import type { Canvas } from '../canvas.js'
import { BLACK, fade, GLASS, hsv, rgb, STEEL, shade, WHITE } from '../color.js'
import { flat, mottled, type Paint, stripes, vertical } from '../paint.js'
import { ellipse, line, type Outline, rectangle, smooth } from '../shapes.js'
import type { Look, ObjectKind, Sketch } from './sketch.js'

const { abs, floor } = Math

function planks(color: number): Paint {
  return (_x, y) => shade(color, (y * 11 - floor(y * 11) < 0.16 ? 0.72 : 1) * (1.15 - 0.45 * (y - 0.3)))
}

function hull(canvas: Canvas, outline: Outline, look: Look, water: number): void {
  canvas.fill(outline, mottled(planks(look.main), look.noise, 3, 0.1))
  const [left, right] = [outline[0]!, outline[2]!]
  canvas.fill(
    [left, outline[1]!, right, outline[3]!, right - 0.05, outline[3]! + 0.09, left + 0.03, outline[1]! + 0.09],
    flat(look.accent),
  )
  canvas.fill(
    [left + 0.18, water, right - 0.28, water, right - 0.36, water + 0.08, left + 0.24, water + 0.08],
    flat(shade(look.main, 0.5)),
  )
}

const sail = (color: number, second: number): Paint => {
  const seams = stripes(color, shade(color, 0.92), 0.24, Math.PI / 2)
  return (x, y) => (y > 0.02 && y < 0.12 ? second : shade(seams(x, y), 1.02 - 0.14 * abs(x)))
}

const sloop: Sketch = {
  extent: [-0.86, -1, 0.98, 0.7],
  draw(canvas, look) {
    const cloth = sail(look.second, look.accent)
    canvas.fill(line(0.02, -0.98, 0.02, 0.36, 0.05), flat(rgb(112, 82, 56)))
    canvas.fill(smooth([-0.03, -0.9, -0.05, 0.26, -0.4, 0.28, -0.76, 0.26, -0.36, -0.3], 4), cloth)
    canvas.fill(smooth([0.08, -0.84, 0.44, -0.3, 0.84, 0.22, 0.4, 0.27, 0.1, 0.26], 4), cloth)
    canvas.fill(line(-0.78, 0.3, 0.02, 0.3, 0.045), flat(rgb(112, 82, 56)))
    canvas.fill([0.03, -1, -0.26, -0.94, 0.03, -0.87], flat(look.accent))
    hull(canvas, [-0.86, 0.34, 0.98, 0.3, 0.66, 0.7, -0.62, 0.7], look, 0.62)
  },
}

const fishing: Sketch = {
  extent: [-0.96, -0.78, 1, 0.62],
  draw(canvas, look) {
    const wall = vertical(WHITE, shade(WHITE, 0.8), -0.5, 0.15)
    canvas.fill(line(0.36, -0.74, 0.36, 0.1, 0.045), flat(rgb(110, 84, 60)))
    canvas.fill(line(0.36, -0.7, 0.92, 0.02, 0.02), flat(BLACK))
    canvas.fill(line(0.36, -0.7, -0.3, -0.46, 0.02), flat(BLACK))
    canvas.fill([0.37, -0.78, 0.6, -0.7, 0.37, -0.62], flat(look.accent))
    canvas.fill([-0.62, -0.3, -0.58, -0.66, -0.36, -0.66, -0.34, -0.3], flat(look.accent))
    canvas.fill(rectangle(-0.585, -0.6, -0.36, -0.5), flat(BLACK))
    canvas.fill(rectangle(-0.72, -0.1, 0.34, 0.2), wall)
    canvas.fill(rectangle(-0.44, -0.44, 0.2, -0.06), wall)
    canvas.fill(rectangle(-0.52, -0.5, 0.28, -0.42), flat(look.second === WHITE ? look.accent : look.second))
    for (const x of [-0.36, -0.14, 0.06]) canvas.fill(rectangle(x, -0.36, x + 0.13, -0.18), flat(shade(GLASS, 0.6)))
    for (const x of [-0.54, -0.26, 0.02]) {
      canvas.fill(ellipse(x, 0.05, 0.07), flat(STEEL))
      canvas.fill(ellipse(x, 0.05, 0.05), flat(shade(GLASS, 0.55)))
    }
    hull(canvas, [-0.96, 0.16, 1, 0.02, 0.7, 0.62, -0.8, 0.62], look, 0.54)
    canvas.fill(ellipse(0.28, 0.33, 0.12), flat(WHITE))
    canvas.fill(ellipse(0.28, 0.33, 0.06), flat(shade(look.main, 0.7)))
  },
}

const yacht: Sketch = {
  extent: [-1, -0.5, 1, 0.46],
  draw(canvas, look) {
    canvas.fill(line(-0.3, -0.5, -0.3, -0.2, 0.03), flat(STEEL))
    canvas.fill([-0.7, 0.06, -0.56, -0.3, 0.18, -0.3, 0.5, 0.06], vertical(WHITE, shade(WHITE, 0.84), -0.3, 0.06))
    canvas.fill(
      [-0.54, -0.06, -0.48, -0.23, 0.12, -0.23, 0.28, -0.06],
      vertical(shade(GLASS, 0.35), shade(GLASS, 0.8), -0.23, -0.06),
    )
    canvas.fill(line(-0.18, -0.24, -0.18, -0.05, 0.04), flat(WHITE))
    canvas.fill([-0.3, -0.5, -0.56, -0.44, -0.3, -0.38], flat(look.accent))
    const shell = smooth([-1, 0.04, 0.3, 0.02, 1, -0.1, 0.82, 0.24, 0.5, 0.46, -0.86, 0.46, -0.96, 0.3], 3)
    canvas.fill(
      shell,
      mottled(vertical(shade(look.main, 1.2), shade(look.main, 0.7), -0.05, 0.46), look.noise, 2, 0.06),
    )
    canvas.fill([-0.97, 0.12, 0.86, 0.08, 0.8, 0.18, -0.96, 0.22], flat(look.accent))
    canvas.fill(line(0.3, -0.02, 0.94, -0.18, 0.025), flat(STEEL))
    canvas.fill([-0.9, 0.38, 0.6, 0.38, 0.5, 0.46, -0.86, 0.46], flat(fade(BLACK, 0.55)))
  },
}

export const boat: ObjectKind = {
  sketches: [sloop, fishing, yacht],
  colors(random) {
    const main = random.chance(0.5)
      ? hsv(random.between(0.04, 0.08), random.between(0.5, 0.75), random.between(0.4, 0.65))
      : random.pick([rgb(236, 236, 232), rgb(150, 40, 36), rgb(34, 52, 92)])
    const second = random.pick([WHITE, WHITE, rgb(246, 232, 206), rgb(226, 120, 84), rgb(236, 200, 110)])
    return { main, second, accent: hsv(random.pick([0, 0.01, 0.1, 0.6]), 0.8, 0.82) }
  },
  stands: true,
  tilt: 0.14,
}
