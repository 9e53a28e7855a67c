import { caption } from './captions.js'
import type { SceneRandom } from './random.js'
import { BACKGROUNDS, type Background, OBJECTS } from './vocabulary.js'

export interface SceneOptions {
  /** Width and height in pixels. Default 96. */
  size?: number
  /** Share of pictures whose background is the typical one of their first object. Default 0.9. */
  typical?: number
  /** Share of pictures with an object of a second class. Default 0.2. */
  secondClass?: number
  /** Share of pictures with a second object of the first class. Default 0.25. */
  secondInstance?: number
  /** Share of pictures without any object. Default 0. */
  empty?: number
  /** Draws one plain colour behind the objects, as in a catalogue. Default false. */
  plain?: boolean
  /** Names an independent series of pictures: `train` and `val` of one seed share no picture. Default `scenes`. */
  stream?: string
}

export interface PlacedObject {
  /** Position in `OBJECTS` and `SCENE_CLASSES.classes`. */
  index: number
  /** Centre, in 0..1 of the picture. */
  x: number
  y: number
  /** Half of the longer side, in 0..1 of the picture. */
  reach: number
  /** Radians. */
  angle: number
  mirrored: boolean
}

export interface ScenePlan {
  /** Undefined behind plain pictures. */
  background: Background | undefined
  /** Height of the horizon, 0..1; 0 when the background fills the picture. */
  horizon: number
  objects: PlacedObject[]
  distractors: number
  /** Noise, in grey levels. */
  grain: number
  caption: string
}

/** Draws a plan of a scene: its background, and the places of its objects. */
export function compose(random: SceneRandom, options: SceneOptions): ScenePlan {
  const first = random.integer(0, OBJECTS.length - 1)
  const typical = random.chance(options.typical ?? 0.9)
  const others = BACKGROUNDS.filter((_, i) => i !== first)
  const seen = typical ? BACKGROUNDS[first]! : random.pick(others)
  const background = options.plain ? undefined : seen
  const horizon = !options.plain && random.chance(0.5) ? random.between(0.16, 0.42) : 0
  const indices = random.chance(options.empty ?? 0) ? [] : [first]
  if (indices.length > 0) {
    if (random.chance(options.secondClass ?? 0.2)) {
      indices.push((first + random.integer(1, OBJECTS.length - 1)) % OBJECTS.length)
    } else if (random.chance(options.secondInstance ?? 0.25)) indices.push(first)
  }
  const objects = place(indices, horizon, random)
  const names = [...new Set(indices)].map((index) => OBJECTS[index]!)
  return {
    background,
    horizon,
    objects,
    distractors: options.plain ? 0 : random.pick([0, 0, 1, 1, 2]),
    grain: random.between(4, 16),
    caption: caption(random, names, background),
  }
}

/** Spreads the objects so that they may overlap but rarely hide each other; nearer (lower) ones come last. */
function place(indices: readonly number[], horizon: number, random: SceneRandom): PlacedObject[] {
  const alone = indices.length === 1
  const mirrorAll = random.chance(0.5)
  const objects = indices.map((index, i) => {
    const reach = alone ? random.between(0.3, 0.47) : random.between(0.24, 0.33)
    const centre = alone
      ? random.between(0.38, 0.62)
      : i === 0
        ? random.between(0.22, 0.36)
        : random.between(0.64, 0.78)
    const low = Math.max(0.36, horizon + 0.1)
    return {
      index,
      x: mirrorAll ? 1 - centre : centre,
      y: alone ? random.between(low, 0.66) : random.between(low, 0.74),
      reach,
      angle: random.between(-1, 1),
      mirrored: random.chance(0.5),
    }
  })
  return objects.sort((left, right) => left.y - right.y)
}
