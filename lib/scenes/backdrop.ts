import type { Canvas } from './canvas.js'
import { fade, hsv, mix, rgb, shade, WHITE } from './color.js'
import type { ScenePlan } from './compose.js'
import { GROUNDS } from './ground.js'
import { flat, type Noise, vertical } from './paint.js'
import type { SceneRandom } from './random.js'
import { ellipse, line, type Outline, rectangle, smooth } from './shapes.js'

/** ImageNet's mean, the colour of what the stages mask out. */
const MEAN_COLOR = rgb(124, 116, 104)

/** Hue and saturation: clear, hazy, evening, dusk, overcast. */
const SKIES = [
  [0.58, 0.4],
  [0.55, 0.25],
  [0.09, 0.28],
  [0.92, 0.16],
  [0.6, 0.08],
] as const

/** Paints the neutral upper part, when there is a horizon, and the background below it. */
export function drawBackdrop(canvas: Canvas, plan: ScenePlan, random: SceneRandom, noise: Noise): void {
  const { background, horizon } = plan
  canvas.place({ a: canvas.size, b: 0, c: 0, d: canvas.size, e: 0, f: 0 }, 0)
  if (background === undefined) {
    const any = hsv(random.next(), random.between(0, 0.6), random.between(0.2, 1))
    canvas.flood(0, flat(random.chance(0.3) ? MEAN_COLOR : any))
    return
  }
  const [hue, saturation] = random.pick(SKIES)
  const zenith = hsv(
    hue + random.between(-0.03, 0.03),
    saturation * random.between(0.6, 1.2),
    random.between(0.74, 0.95),
  )
  if (horizon > 0) canvas.flood(0, vertical(zenith, mix(zenith, WHITE, 0.6), 0, horizon))
  if (horizon > 0 && random.chance(0.7)) drawHills(canvas, horizon, random)
  GROUNDS[background]({ canvas, random, noise, top: horizon })
}

function drawHills(canvas: Canvas, horizon: number, random: SceneRandom): void {
  for (const depth of [1, 0.55]) {
    const color = hsv(random.between(0.2, 0.7), random.between(0.06, 0.2), 0.55 + 0.22 * depth)
    const ridge: number[] = [-0.2, horizon + 0.1]
    for (let x = -0.2; x <= 1.21; x += 0.2) ridge.push(x, horizon - random.between(0, 0.13) * depth)
    canvas.fill(smooth([...ridge, 1.2, horizon + 0.1] as Outline, 4), flat(color))
  }
}

type Distractor = (canvas: Canvas, x: number, y: number, size: number, random: SceneRandom) => void

/** Small things that belong to no class and stand anywhere, so that "something is there" does not mean an object. */
const DISTRACTORS: readonly Distractor[] = [
  function ball(canvas, x, y, size, random) {
    const color = hsv(random.next(), 0.6, 0.85)
    canvas.fill(ellipse(x, y, size), (u, v) =>
      shade(color, 1.15 - 0.5 * Math.hypot((u - x) / size + 0.35, (v - y) / size + 0.35)),
    )
    canvas.fill(rectangle(x - size * 0.94, y - size * 0.16, x + size * 0.94, y + size * 0.16), flat(fade(WHITE, 0.8)))
  },
  function crate(canvas, x, y, size, random) {
    const color = hsv(random.between(0.05, 0.12), 0.5, random.between(0.45, 0.7))
    canvas.fill(rectangle(x - size, y - size, x + size, y + size), flat(color))
    for (const dx of [-0.8, 0.8])
      canvas.fill(line(x + dx * size, y - size, x + dx * size, y + size, size * 0.3), flat(shade(color, 0.7)))
    canvas.fill(line(x - size, y + size, x + size, y - size, size * 0.3), flat(shade(color, 0.7)))
  },
  function sign(canvas, x, y, size, random) {
    canvas.fill(line(x, y, x, y + size * 2.4, size * 0.3), flat(rgb(110, 112, 116)))
    canvas.fill(ellipse(x, y, size, size, random.pick([3, 4, 8])), flat(hsv(random.next(), 0.7, 0.8)))
    canvas.fill(ellipse(x, y, size * 0.6, size * 0.6, 8), flat(WHITE))
  },
  function cone(canvas, x, y, size) {
    canvas.fill([x, y - size * 1.3, x + size * 0.8, y + size, x - size * 0.8, y + size], (_u, v) =>
      Math.abs((v - y) / size) < 0.35 ? WHITE : rgb(232, 104, 40),
    )
    canvas.fill(rectangle(x - size * 1.1, y + size * 0.85, x + size * 1.1, y + size * 1.15), flat(rgb(200, 84, 30)))
  },
]

export function drawDistractors(canvas: Canvas, plan: ScenePlan, random: SceneRandom): void {
  canvas.place({ a: canvas.size, b: 0, c: 0, d: canvas.size, e: 0, f: 0 }, 0)
  for (let i = 0; i < plan.distractors; i += 1) {
    const y = random.between(Math.max(0.1, plan.horizon), 0.95)
    random.pick(DISTRACTORS)(canvas, random.between(0.06, 0.94), y, random.between(0.035, 0.065), random)
  }
}
