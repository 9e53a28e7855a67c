import type { Canvas } from '../canvas.js'
import { BLACK, rgb, shade, WHITE } from '../color.js'
import { blotched, flat, type Paint, vertical } from '../paint.js'
import { ellipse, line, ribbon, smooth } from '../shapes.js'
import type { Look, ObjectKind, Sketch } from './sketch.js'

function hide({ main, second, noise, random }: Look): Paint {
  const base = vertical(shade(main, 1.08), shade(main, 0.82), -0.4, 0.3)
  return random.chance(0.8)
    ? blotched(base, flat(second), noise, random.between(2.2, 3.2), random.between(0.48, 0.6))
    : base
}

function leg(canvas: Canvas, x: number, top: number, paint: Paint): void {
  canvas.fill([x - 0.085, top, x + 0.085, top, x + 0.06, 0.62, x - 0.06, 0.62], paint)
  canvas.fill([x - 0.065, 0.6, x + 0.065, 0.6, x + 0.085, 0.72, x - 0.075, 0.72], flat(BLACK))
}

function trunk(canvas: Canvas, look: Look, paint: Paint): void {
  const far = flat(shade(look.main, 0.66))
  leg(canvas, -0.46, 0.1, far)
  leg(canvas, 0.26, 0.1, far)
  canvas.fill(ribbon([-0.74, -0.3, -0.86, -0.2, -0.89, 0.06, -0.88, 0.24], 0.05), flat(shade(look.main, 0.8)))
  canvas.fill(ellipse(-0.88, 0.3, 0.05, 0.1), flat(shade(look.second, 0.8)))
  canvas.fill(ellipse(-0.32, 0.26, 0.14, 0.11), flat(look.accent))
  canvas.fill(line(-0.36, 0.3, -0.36, 0.42, 0.05), flat(look.accent))
  const body = smooth([
    -0.76, -0.26, -0.62, -0.38, -0.1, -0.34, 0.4, -0.4, 0.56, -0.24, 0.54, 0.1, 0.36, 0.26, -0.1, 0.3, -0.56, 0.24,
    -0.76, 0.08,
  ])
  canvas.fill(body, paint)
  leg(canvas, -0.62, 0.05, paint)
  leg(canvas, 0.4, 0.05, paint)
}

/** The head, with its forehead at x, y, turned by nothing: down is towards the muzzle. */
function head(canvas: Canvas, look: Look, x: number, y: number, reach: number, drop: number): void {
  const horn = flat(rgb(232, 220, 190))
  canvas.fill(
    smooth([x - 0.04, y - 0.06, x - 0.08, y - 0.2, x + 0.04, y - 0.3, x + 0.02, y - 0.18, x + 0.06, y - 0.08], 3),
    horn,
  )
  canvas.fill(
    smooth([x + 0.12, y - 0.06, x + 0.16, y - 0.18, x + 0.28, y - 0.24, x + 0.22, y - 0.12, x + 0.2, y - 0.04], 3),
    horn,
  )
  canvas.fill(
    smooth([x - 0.04, y, x - 0.2, y - 0.04, x - 0.26, y + 0.06, x - 0.1, y + 0.1], 3),
    flat(shade(look.second, 0.9)),
  )
  canvas.fill(
    smooth(
      [
        x - 0.06,
        y - 0.08,
        x + 0.14,
        y - 0.1,
        x + 0.26,
        y,
        x + reach,
        y + drop,
        x + reach - 0.04,
        y + drop + 0.16,
        x + reach - 0.22,
        y + drop + 0.18,
        x - 0.06,
        y + 0.2,
      ],
      4,
    ),
    flat(look.main),
  )
  canvas.fill(smooth([x - 0.05, y - 0.06, x + 0.12, y - 0.09, x + 0.16, y + 0.1, x, y + 0.18], 4), flat(look.second))
  canvas.fill(ellipse(x + reach - 0.06, y + drop + 0.08, 0.12, 0.105), flat(look.accent))
  canvas.fill(ellipse(x + reach - 0.01, y + drop + 0.05, 0.026), flat(shade(look.accent, 0.5)))
  canvas.fill(ellipse(x + 0.16, y + 0.03, 0.045), flat(WHITE))
  canvas.fill(ellipse(x + 0.17, y + 0.035, 0.032), flat(BLACK))
}

const standing: Sketch = {
  extent: [-0.95, -0.76, 1.04, 0.72],
  draw(canvas, look) {
    const paint = hide(look)
    canvas.fill([0.3, -0.36, 0.62, -0.56, 0.78, -0.26, 0.52, 0.14], paint)
    trunk(canvas, look, paint)
    canvas.fill(smooth([0.34, -0.34, 0.6, -0.5, 0.76, -0.26, 0.56, 0.08]), paint)
    head(canvas, look, 0.66, -0.48, 0.36, 0.16)
  },
}

const grazing: Sketch = {
  extent: [-0.95, -0.42, 1.1, 0.72],
  draw(canvas, look) {
    const paint = hide(look)
    trunk(canvas, look, paint)
    canvas.fill(smooth([0.36, -0.36, 0.6, -0.3, 0.86, 0.06, 0.84, 0.3, 0.7, 0.28, 0.46, 0.1]), paint)
    head(canvas, look, 0.76, 0.16, 0.3, 0.26)
  },
}

export const cow: ObjectKind = {
  sketches: [standing, grazing],
  colors(random) {
    const [main, second] = random.pick([
      [WHITE, rgb(36, 34, 36)],
      [WHITE, rgb(36, 34, 36)],
      [rgb(240, 232, 220), rgb(140, 84, 48)],
      [rgb(168, 104, 60), WHITE],
      [rgb(112, 70, 44), rgb(238, 228, 212)],
    ] as const)
    return { main, second, accent: rgb(236, 164, 160) }
  },
  stands: true,
  tilt: 0.06,
}
