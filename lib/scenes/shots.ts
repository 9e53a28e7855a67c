import { type CaptionKind, caption } from './captions.js'
import type { SceneOptions } from './compose.js'
import { SceneRandom } from './random.js'
import { type Scene, scene } from './scene.js'
import { BACKGROUNDS, OBJECTS } from './vocabulary.js'

const { exp, hypot, round } = Math

/** A picture with its caption, as the demo's CLIP is trained on. */
export interface Shot {
  /** RGB bytes, `size * size * 3`. */
  pixels: Uint8Array
  caption: string
  /** The content words of the caption in a fixed order: captions that say the same have the same. */
  meaning: string
}

export interface ShotOptions {
  /** Width and height in pixels. Default 64. */
  size?: number
}

/** ImageNet's mean colour: what a masked-out pixel is to the stages, which multiply normalised pictures by masks. */
const MEAN = [0.485 * 255, 0.456 * 255, 0.406 * 255] as const

const CONTENT: ReadonlySet<string> = new Set([...OBJECTS, ...BACKGROUNDS])

type Veil = 'object' | 'removed' | 'anywhere'

interface Kind {
  share: number
  scene: SceneOptions
  /** What captions speak of, with shares. What is seen is named: a caption of the object alone means that it is alone. */
  speaks: readonly (readonly [CaptionKind, number])[]
  veil?: Veil
}

/** Kinds of pictures and their shares. */
const KINDS: readonly Kind[] = [
  {
    share: 0.42,
    scene: { typical: 0.35, secondClass: 0.15 },
    speaks: [
      ['both', 0.75],
      ['background', 0.15],
      ['objects', 0.1],
    ],
  },
  { share: 0.25, scene: { plain: true, secondClass: 0.1 }, speaks: [['objects', 1]] },
  { share: 0.17, scene: { typical: 0.35, secondClass: 0.1 }, speaks: [['objects', 1]], veil: 'object' },
  { share: 0.06, scene: { typical: 0.35, secondClass: 0.1 }, speaks: [['background', 1]], veil: 'removed' },
  { share: 0.05, scene: { empty: 1 }, speaks: [['background', 1]] },
  { share: 0.05, scene: { empty: 1 }, speaks: [['background', 1]], veil: 'anywhere' },
]

/** Blobs larger than this, as multiples of the object's box, leave so much around it that the caption names both. */
const LOOSE = 1.2

/**
 * Picture `index` of the endless captioned series that `seed` names: scenes, objects on plain colour, and scenes
 * seen through soft masks like those that the stages learn. The masks here are blobs drawn at random about the
 * middle of an object, not the outlines of objects.
 */
export function captionedShot(seed: number, index: number, options: ShotOptions = {}): Shot {
  const random = new SceneRandom('shots', seed, index)
  const { veil, speaks, scene: sceneOptions } = pick(KINDS, ({ share }) => share, random.next())
  const drawn = scene(seed, index, { size: 64, ...options, ...sceneOptions, stream: 'shots' })
  const names = drawn.labels.map((label) => OBJECTS[label]!)
  const reach = veil === 'removed' ? random.between(1.1, 1.5) : random.between(0.8, 1.5)
  const kind = pick(speaks, ([, share]) => share, random.next())[0]
  const text = caption(
    random,
    random.sample(names, names.length),
    drawn.background,
    veil === 'object' && reach > LOOSE ? 'both' : kind,
  )
  if (veil !== undefined) applyVeil(drawn, random, veil, reach)
  return { pixels: drawn.pixels, caption: text, meaning: meaningOf(text) }
}

/** The entry at `draw` (0..1) of shares that add up to 1. */
function pick<T>(entries: readonly T[], shareOf: (entry: T) => number, draw: number): T {
  let reached = 0
  for (const entry of entries) {
    reached += shareOf(entry)
    if (draw < reached) return entry
  }
  return entries.at(-1)!
}

/**
 * Fades everything outside soft blobs into the mean colour, or with `removed` everything inside them; `object` and
 * `removed` centre the blobs on the objects, `reach` times as large as their boxes.
 */
function applyVeil({ pixels, width, height, objects }: Scene, random: SceneRandom, where: Veil, reach: number): void {
  const centres =
    where === 'anywhere' || objects.length === 0
      ? [{ x: random.between(0.2, 0.8), y: random.between(0.2, 0.8), rx: 0.25, ry: 0.25 }]
      : objects.map(({ box: [left, top, right, bottom] }) => ({
          x: (left + right) / 2 / width + random.between(-0.06, 0.06),
          y: (top + bottom) / 2 / height + random.between(-0.06, 0.06),
          rx: (right - left) / 2 / width,
          ry: (bottom - top) / 2 / height,
        }))
  const blobs = centres.map((blob) => ({
    ...blob,
    rx: blob.rx * reach * random.between(0.9, 1.1),
    ry: blob.ry * reach * random.between(0.9, 1.1),
  }))
  const inverted = where === 'removed' || (where === 'anywhere' && random.chance(0.5))
  const [edge, floor, ceiling] = [random.between(1.5, 8), random.between(0, 0.2), random.between(0.7, 1)]
  for (let y = 0, at = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      let distance = Number.POSITIVE_INFINITY
      for (const blob of blobs) {
        const d = hypot(((x + 0.5) / width - blob.x) / blob.rx, ((y + 0.5) / height - blob.y) / blob.ry)
        if (d < distance) distance = d
      }
      const inside = 1 / (1 + exp(edge * (distance - 1.1)))
      const kept = floor + (ceiling - floor) * (inverted ? 1 - inside : inside)
      for (let channel = 0; channel < 3; channel += 1, at += 1) {
        pixels[at] = round(MEAN[channel]! + kept * (pixels[at]! - MEAN[channel]!))
      }
    }
  }
}

function meaningOf(text: string): string {
  const words = text.match(/[a-z]+/g) ?? []
  return [...new Set(words)]
    .filter((word) => CONTENT.has(word))
    .sort()
    .join(' ')
}
