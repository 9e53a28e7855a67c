import type { Canvas } from '../canvas.js'
import { BLACK, fade, GLASS, hsv, rgb, STEEL, shade, WHITE } from '../color.js'
import { flat, vertical } from '../paint.js'
import { ellipse, line, type Outline, rectangle, smooth } from '../shapes.js'
import type { Look, ObjectKind, Sketch } from './sketch.js'

function wheel(canvas: Canvas, x: number, y: number, radius: number): void {
  canvas.fill(ellipse(x, y - 0.02, radius * 1.2), flat(shade(BLACK, 0.7)))
  canvas.fill(ellipse(x, y, radius), flat(shade(BLACK, 1.4)))
  canvas.fill(ellipse(x, y, radius * 0.6), flat(shade(STEEL, 1.5)))
  for (let spoke = 0; spoke < 5; spoke += 1) {
    const angle = (spoke * 2 * Math.PI) / 5 + 0.3
    canvas.fill(
      line(x, y, x + Math.cos(angle) * radius * 0.55, y + Math.sin(angle) * radius * 0.55, radius * 0.14),
      flat(shade(STEEL, 0.7)),
    )
  }
  canvas.fill(ellipse(x, y, radius * 0.18), flat(STEEL))
}

function body(canvas: Canvas, outline: Outline, { main }: Look, top: number, bottom: number): void {
  canvas.fill(outline, vertical(shade(main, 1.18), shade(main, 0.66), top, bottom))
}

/** Glass with a slanting gleam. */
const windows = (x: number, y: number): number => {
  const t = (x - y * 0.7) * 2.2
  return t - Math.floor(t) < 0.18 ? shade(GLASS, 1.15) : shade(GLASS, 0.5 - 0.5 * y)
}

function lamps(canvas: Canvas, front: number, back: number, y: number): void {
  canvas.fill(ellipse(front, y, 0.06, 0.055), flat(rgb(255, 242, 176)))
  canvas.fill(rectangle(back - 0.03, y - 0.06, back + 0.04, y + 0.05), flat(rgb(214, 40, 40)))
}

const saloon: Sketch = {
  extent: [-1, -0.5, 1, 0.42],
  draw(canvas, look) {
    body(
      canvas,
      smooth(
        [
          -1, -0.02, -0.92, -0.12, -0.62, -0.16, -0.36, -0.44, -0.1, -0.5, 0.16, -0.48, 0.34, -0.36, 0.54, -0.14, 0.86,
          -0.08, 1, 0.04, 1, 0.2, 0.9, 0.26, -0.9, 0.26, -1, 0.18,
        ],
        3,
      ),
      look,
      -0.5,
      0.26,
    )
    canvas.fill([-0.5, -0.15, -0.31, -0.39, -0.12, -0.42, -0.1, -0.14], windows)
    canvas.fill([-0.04, -0.14, -0.05, -0.42, 0.14, -0.41, 0.27, -0.33, 0.42, -0.13], windows)
    canvas.fill(rectangle(-0.98, 0.16, 0.98, 0.2), flat(look.accent))
    for (const x of [-0.07, 0.4]) canvas.fill(line(x, -0.14, x - 0.02, 0.22, 0.02), flat(shade(look.main, 0.5)))
    canvas.fill(rectangle(-0.24, -0.06, -0.14, -0.03), flat(look.accent))
    canvas.fill(rectangle(0.2, -0.06, 0.3, -0.03), flat(look.accent))
    lamps(canvas, 0.93, -0.96, 0.05)
    for (const x of [-0.58, 0.6]) wheel(canvas, x, 0.22, 0.19)
  },
}

const van: Sketch = {
  extent: [-1, -0.62, 1, 0.46],
  draw(canvas, look) {
    body(
      canvas,
      smooth(
        [-1, -0.5, -0.9, -0.6, 0.4, -0.6, 0.58, -0.5, 0.74, -0.16, 0.94, -0.06, 1, 0.06, 1, 0.26, -0.98, 0.28, -1, 0.1],
        3,
      ),
      look,
      -0.6,
      0.28,
    )
    canvas.fill(
      [-1, 0, 1, 0, 1, 0.28, -0.99, 0.28],
      vertical(shade(look.second, 1.08), shade(look.second, 0.7), 0, 0.28),
    )
    canvas.fill([0.24, -0.14, 0.24, -0.46, 0.46, -0.46, 0.62, -0.16], windows)
    for (const x of [-0.88, -0.5, -0.12]) canvas.fill(rectangle(x, -0.46, x + 0.3, -0.16), windows)
    canvas.fill(rectangle(-0.99, -0.03, 1, 0.02), flat(look.accent))
    for (const x of [-0.16, 0.2, 0.64]) canvas.fill(line(x, -0.1, x, 0.24, 0.02), flat(shade(look.main, 0.45)))
    lamps(canvas, 0.94, -0.96, 0.1)
    for (const x of [-0.6, 0.58]) wheel(canvas, x, 0.26, 0.19)
  },
}

const beetle: Sketch = {
  extent: [-0.96, -0.62, 0.96, 0.46],
  draw(canvas, look) {
    body(
      canvas,
      smooth(
        [
          -0.94, 0.14, -0.86, -0.12, -0.6, -0.3, -0.36, -0.54, 0, -0.62, 0.28, -0.5, 0.44, -0.24, 0.76, -0.16, 0.92,
          0.06, 0.94, 0.24, 0, 0.3, -0.9, 0.26,
        ],
        4,
      ),
      look,
      -0.62,
      0.3,
    )
    canvas.fill(smooth([-0.46, -0.24, -0.3, -0.46, -0.08, -0.52, -0.08, -0.22], 3), windows)
    canvas.fill(smooth([0, -0.22, 0, -0.52, 0.2, -0.46, 0.34, -0.23], 3), windows)
    for (const x of [-0.58, 0.58])
      canvas.fill(
        smooth([x - 0.34, 0.26, x - 0.26, 0, x, -0.1, x + 0.26, 0, x + 0.34, 0.26], 4),
        flat(shade(look.main, 0.8)),
      )
    canvas.fill(line(-0.04, -0.2, -0.04, 0.26, 0.02), flat(shade(look.main, 0.5)))
    canvas.fill(line(-0.3, 0.29, 0.3, 0.29, 0.05), flat(look.accent))
    lamps(canvas, 0.84, -0.88, 0.02)
    for (const x of [-0.58, 0.58]) wheel(canvas, x, 0.26, 0.19)
    canvas.fill(smooth([-0.3, -0.5, 0, -0.58, 0.2, -0.5, 0, -0.54], 3), flat(fade(WHITE, 0.5)))
  },
}

export const car: ObjectKind = {
  sketches: [saloon, van, beetle],
  colors(random) {
    const main = random.chance(0.8)
      ? hsv(random.pick([0, 0.12, 0.58, 0.62, 0.33, 0.5, 0.95]), random.between(0.65, 0.9), random.between(0.65, 0.9))
      : random.pick([rgb(214, 216, 220), rgb(70, 74, 82)])
    return { main, second: random.pick([WHITE, shade(main, 0.7), rgb(236, 220, 190)]), accent: rgb(214, 218, 222) }
  },
  stands: true,
  tilt: 0.06,
}
