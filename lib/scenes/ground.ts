import type { Canvas } from './canvas.js'
import { type Color, fade, hsv, mix, rgb, shade, WHITE } from './color.js'
import { flat, mottled, type Noise, vertical } from './paint.js'
import type { SceneRandom } from './random.js'
import { ellipse, line, rectangle, ribbon, rotate, smooth } from './shapes.js'
import type { Background } from './vocabulary.js'

const { floor, sin } = Math

export interface Ground {
  canvas: Canvas
  random: SceneRandom
  noise: Noise
  /** Height of the horizon, 0..1; what is drawn lies below it. */
  top: number
}

/** Nearer is larger: 0.45 at the horizon, 1 at the lower edge. */
const nearness = (y: number, top: number): number => 0.45 + (0.55 * (y - top)) / (1 - top)

function area({ canvas, top }: Ground, paint: (x: number, y: number) => Color): void {
  canvas.flood(top, paint)
}

function rails(ground: Ground): void {
  const { canvas, random, noise, top } = ground
  const stone = hsv(random.between(0.05, 0.12), random.between(0.05, 0.2), random.between(0.56, 0.72))
  area(ground, (x, y) => shade(stone, 0.74 + 0.36 * noise.cell(x * 62, y * 62)))
  const timber = hsv(0.07, random.between(0.35, 0.5), random.between(0.22, 0.34))
  const steel = mix(rgb(214, 218, 224), rgb(190, 150, 124), random.next() * 0.6)
  const slant = random.between(-0.3, 0.3)
  for (let y = top + random.between(0.04, 0.1); y < 1.05; ) {
    const near = nearness(Math.min(y, 1), top)
    const height = 0.26 * near
    const pitch = 0.12 * near
    const lean = slant * height
    const [y0, y1] = [y, y + height]
    for (let x = -0.15 - random.next() * pitch; x < 1.15; x += pitch) {
      canvas.fill(
        [x - lean, y0, x + pitch * 0.4 - lean, y0, x + pitch * 0.4 + lean, y1, x + lean, y1],
        mottled(flat(timber), noise, 30, 0.3),
      )
    }
    for (const at of [0.2, 0.7]) {
      canvas.fill(rectangle(0, y + height * (at + 0.1), 1, y + height * (at + 0.17)), flat(shade(steel, 0.35)))
      canvas.fill(rectangle(0, y + height * at, 1, y + height * (at + 0.11)), flat(steel))
    }
    y += height + random.between(0.06, 0.12)
  }
}

function water(ground: Ground): void {
  const { canvas, random, noise, top } = ground
  const hue = random.between(0.5, 0.6)
  const deep = hsv(hue, random.between(0.65, 0.85), random.between(0.45, 0.6))
  const light = hsv(hue - 0.02, 0.45, random.between(0.72, 0.9))
  area(ground, (x, y) => mix(light, deep, (y - top) / (1.05 - top) + 0.7 * (noise.cloudy(x * 5, y * 22) - 0.5)))
  for (let wave = 0; wave < 20; wave += 1) {
    const y = random.between(top + 0.02, 1)
    const x = random.between(-0.05, 0.95)
    const near = nearness(y, top)
    const [w, h] = [0.075 * near, 0.02 * near]
    const crest = [x - w, y, x - w / 2, y - h, x, y, x + w / 2, y - h, x + w, y]
    canvas.fill(ribbon(crest, 0.014 * near), flat(fade(wave % 3 === 0 ? WHITE : mix(light, WHITE, 0.45), 0.85)))
  }
}

function leaves(ground: Ground): void {
  const { canvas, random, noise, top } = ground
  const hue = random.chance(0.75) ? random.between(0.24, 0.38) : random.between(0.04, 0.12)
  const dark = hsv(hue, 0.65, random.between(0.14, 0.24))
  area(ground, (x, y) => shade(dark, 0.7 + 0.7 * noise.cloudy(x * 9, y * 9)))
  for (let leaf = 0; leaf < 62; leaf += 1) {
    const [x, y] = [random.next(), random.between(top, 1)]
    const length = random.between(0.06, 0.1)
    const color = hsv(
      hue + random.between(-0.04, 0.04),
      random.between(0.5, 0.8),
      random.between(0.3, 0.3 + (leaf / 62) * 0.42),
    )
    const angle = random.between(0, 2 * Math.PI)
    const half = length * 0.38
    const outline = [
      x - length,
      y,
      x - length * 0.3,
      y - half,
      x + length * 0.35,
      y - half * 0.8,
      x + length,
      y,
      x + length * 0.35,
      y + half * 0.8,
      x - length * 0.3,
      y + half,
    ]
    canvas.fill(rotate(outline, angle, x, y), flat(color))
    canvas.fill(rotate(line(x - length, y, x + length * 0.8, y, 0.009), angle, x, y), flat(mix(color, WHITE, 0.28)))
  }
}

function grass(ground: Ground): void {
  const { canvas, random, noise, top } = ground
  const hue = random.between(0.21, 0.32)
  const base = hsv(hue, random.between(0.6, 0.8), random.between(0.42, 0.58))
  area(ground, (x, y) => shade(base, 0.72 + 0.55 * noise.cloudy(x * 16, y * 7)))
  for (let blade = 0; blade < 90; blade += 1) {
    const y = top + (1.04 - top) * ((blade + random.next()) / 90)
    const x = random.between(0, 1)
    const height = 0.085 * nearness(Math.min(1, y), top)
    const lean = random.between(-0.5, 0.5) * height
    const color = hsv(hue + random.between(-0.03, 0.03), random.between(0.55, 0.8), random.between(0.4, 0.8))
    canvas.fill([x - height * 0.13, y, x + lean, y - height, x + height * 0.13, y], flat(color))
  }
  if (random.chance(0.6)) {
    const petal = random.pick([WHITE, rgb(250, 214, 80), rgb(236, 120, 150)])
    for (let flower = 0; flower < 9; flower += 1) {
      const [x, y] = [random.next(), random.between(top + 0.03, 1)]
      canvas.fill(ellipse(x, y, 0.013, 0.013, 6), flat(petal))
    }
  }
}

function clouds(ground: Ground): void {
  const { canvas, random, noise, top } = ground
  const hue = random.between(0.54, 0.61)
  const sky = vertical(hsv(hue, random.between(0.5, 0.75), random.between(0.68, 0.9)), hsv(hue, 0.25, 0.96), 0, 1)
  area(ground, sky)
  const shadow = hsv(hue, random.between(0.1, 0.2), random.between(0.72, 0.85))
  for (let cloud = 0; cloud < 6; cloud += 1) {
    const [x, y, size] = [random.between(0, 1), random.between(top + 0.06, 0.98), random.between(0.1, 0.19)]
    const puffs = Array.from(
      { length: 5 },
      (_, i) =>
        [
          x + (i - 2) * size * 0.52,
          y - size * 0.25 * (2 - Math.abs(i - 2)) * random.between(0.5, 1),
          size * random.between(0.36, 0.52),
        ] as const,
    )
    for (const [px, py, radius] of puffs) canvas.fill(ellipse(px, py + size * 0.12, radius * 1.05), flat(shadow))
    for (const [px, py, radius] of puffs) {
      canvas.fill(ellipse(px, py, radius), (u, v) => shade(WHITE, 0.95 + 0.07 * noise.cloudy(u * 14, v * 14)))
    }
  }
}

function road(ground: Ground): void {
  const { canvas, random, noise, top } = ground
  const tar = hsv(random.between(0.58, 0.7), random.between(0.02, 0.1), random.between(0.26, 0.42))
  area(ground, (x, y) => shade(tar, 0.82 + 0.36 * noise.cell(x * 78, y * 78)))
  const paint = random.pick([rgb(238, 236, 226), rgb(240, 198, 66)])
  canvas.fill(rectangle(0, top, 1, top + 0.05), (x, y) =>
    shade(rgb(176, 172, 164), (x * 7 - floor(x * 7) < 0.06 ? 0.7 : 1) * (y > top + 0.035 ? 0.7 : 1)),
  )
  canvas.fill(rectangle(0, top + 0.085, 1, top + 0.105), flat(shade(WHITE, 0.9)))
  for (let y = top + random.between(0.28, 0.4); y < 1; y += random.between(0.3, 0.42)) {
    const near = nearness(y, top)
    const pitch = 0.34 * near
    for (let x = -random.next() * pitch; x < 1; x += pitch) {
      canvas.fill(
        [x + 0.02, y, x + pitch * 0.62 + 0.02, y, x + pitch * 0.62, y + 0.045 * near, x, y + 0.045 * near],
        flat(paint),
      )
    }
  }
  for (let crack = 0; crack < 3; crack += 1) {
    const [x, y] = [random.next(), random.between(top + 0.15, 1)]
    canvas.fill(
      ribbon([x, y, x + 0.05, y + 0.02, x + 0.08, y - 0.01, x + 0.16, y + 0.03], 0.008),
      flat(shade(tar, 0.6)),
    )
  }
}

function sand(ground: Ground): void {
  const { canvas, random, noise, top } = ground
  const base = hsv(random.between(0.09, 0.13), random.between(0.3, 0.48), random.between(0.82, 0.94))
  const [fx, fy] = [random.between(2, 4), random.between(16, 24)]
  area(ground, (x, y) => {
    const ripple = sin(fy * y * 3 + 5 * noise.smooth(x * fx + 3, y * 5) + x * 2)
    return shade(base, 0.93 + 0.08 * ripple + 0.1 * (noise.cell(x * 90, y * 90) - 0.5))
  })
  for (let pebble = 0; pebble < 10; pebble += 1) {
    const [x, y] = [random.next(), random.between(top + 0.02, 1)]
    const size = 0.016 * nearness(y, top)
    canvas.fill(ellipse(x, y, size * 1.3, size, 7), flat(hsv(0.08, 0.25, random.between(0.45, 0.75))))
  }
}

function snow(ground: Ground): void {
  const { canvas, random, noise, top } = ground
  const white = hsv(random.between(0.55, 0.65), random.between(0.02, 0.06), 0.97)
  const blue = hsv(0.6, random.between(0.16, 0.28), 0.86)
  area(ground, (x, y) => mix(white, blue, 1.5 * noise.cloudy(x * 2.5, y * 6) - 0.35))
  for (let drift = 0; drift < 4; drift += 1) {
    const [x, y] = [random.next(), random.between(top + 0.08, 1)]
    canvas.fill(
      smooth([x - 0.35, y + 0.05, x - 0.1, y - 0.04, x + 0.2, y - 0.03, x + 0.4, y + 0.05, x, y + 0.08]),
      vertical(fade(WHITE, 0.95), fade(blue, 0.4), y - 0.05, y + 0.08),
    )
  }
  for (let flake = 0; flake < 26; flake += 1) {
    canvas.fill(ellipse(random.next(), random.between(top, 1), random.between(0.006, 0.013), undefined, 6), flat(WHITE))
  }
}

function bricks(ground: Ground): void {
  const { random, noise } = ground
  const base = hsv(random.between(0.01, 0.05), random.between(0.5, 0.68), random.between(0.5, 0.68))
  const mortar = hsv(0.1, random.between(0.04, 0.14), random.between(0.68, 0.84))
  const [columns, rows] = [random.between(5, 7.5), random.between(11, 15)]
  const [dx, dy] = [random.next(), random.next()]
  area(ground, (x, y) => {
    const v = y * rows + dy
    const row = floor(v)
    const u = x * columns + dx + (row & 1) / 2
    const column = floor(u)
    if (v - row < 0.15 || u - column < 0.075) return mortar
    const light = v - row < 0.28 ? 1.14 : 0.98
    return shade(base, light * (0.74 + 0.42 * noise.cell(column + 7, row)) * (0.94 + 0.12 * noise.cell(x * 80, y * 80)))
  })
}

function wood(ground: Ground): void {
  const { random, noise } = ground
  const base = hsv(random.between(0.065, 0.1), random.between(0.45, 0.62), random.between(0.55, 0.76))
  const planks = random.between(5, 8)
  const upright = random.chance(0.4)
  const offset = random.next()
  area(ground, (px, py) => {
    const [x, y] = upright ? [py, px] : [px, py]
    const v = y * planks + offset
    const plank = floor(v)
    if (v - plank < 0.055) return shade(base, 0.4)
    const joint = x * 1.4 + noise.cell(plank, 9) * 5
    if (joint - floor(joint) < 0.014) return shade(base, 0.42)
    const grain = sin(26 * (v - plank) + 7 * noise.smooth(x * 4 + plank * 5, plank * 3 + (v - plank) * 2))
    return shade(base, (0.84 + 0.26 * noise.cell(plank, 3 + floor(joint))) * (0.97 + 0.09 * grain))
  })
}

/** How each background is painted below the horizon. */
export const GROUNDS: Record<Background, (ground: Ground) => void> = {
  rails,
  water,
  leaves,
  grass,
  clouds,
  road,
  sand,
  snow,
  bricks,
  wood,
}
