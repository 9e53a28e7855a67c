import { SemplesError } from '../base/error.js'
import type { LabelMap } from '../masks/labelMap.js'
import { drawBackdrop, drawDistractors } from './backdrop.js'
import { Canvas } from './canvas.js'
import { compose, type SceneOptions, type ScenePlan } from './compose.js'
import { drawObject } from './objects/draw.js'
import { Noise } from './paint.js'
import { SceneRandom } from './random.js'
import { type Background, SCENE_CLASSES } from './vocabulary.js'

const { max, min } = Math

export interface SceneObject {
  /** Position in `SCENE_CLASSES.classes`. */
  index: number
  /** left, top, right, bottom of the visible part, in whole pixels, all inside. */
  box: readonly [number, number, number, number]
}

export interface Scene {
  /** RGB bytes, row-major: `width * height * 3`. */
  pixels: Uint8Array
  width: number
  height: number
  /** Exact mask with the ids of `SCENE_CLASSES`; occluded parts belong to what is in front. */
  mask: LabelMap
  /** Positions in `SCENE_CLASSES.classes`, ascending: exactly the classes that the mask shows. */
  labels: number[]
  /** The objects that can be seen, the nearest last. */
  objects: SceneObject[]
  /** What a person might write below the picture. */
  caption: string
  /** Undefined for `plain` pictures. */
  background: Background | undefined
}

/** Minimum number of visible pixels of an object in a picture of 96 x 96. */
const VISIBLE = 150
const ATTEMPTS = 8

/**
 * Draws picture `index` of the endless data set that `seed` names. The same arguments give the same bytes;
 * no two indices give the same picture.
 *
 * @param seed any safe integer
 * @param index 0 and up
 * @throws SemplesError `SEMPLES_CONFIG_INVALID` for a size below 32, or a seed or index that is no safe integer
 */
export function scene(seed: number, index: number, options: SceneOptions = {}): Scene {
  const size = options.size ?? 96
  check('seed', seed, Number.isSafeInteger(seed), 'a safe integer')
  check('index', index, Number.isSafeInteger(index) && index >= 0, 'a non-negative integer')
  check('size', size, Number.isInteger(size) && size >= 32 && size <= 1024, 'an integer from 32 to 1024')
  const visible = (VISIBLE * size ** 2) / 96 ** 2
  // A plan whose objects hide each other is discarded; nearly all first plans are kept.
  for (let attempt = 0; ; attempt += 1) {
    const random = new SceneRandom(options.stream ?? 'scenes', seed, index, attempt)
    const plan = compose(random, options)
    const drawn = render(plan, random, size)
    const counts = new Uint32Array(plan.objects.length + 1)
    for (const owner of drawn.owners.data) counts[owner]! += 1
    const hidden = plan.objects.some((_, i) => counts[i + 1]! < visible)
    if (!hidden || attempt === ATTEMPTS - 1) return finish(plan, drawn)
  }
}

interface Drawn {
  pixels: Uint8Array
  /** 0 for background, else 1 + the position in `plan.objects`. */
  owners: LabelMap
}

function render(plan: ScenePlan, random: SceneRandom, size: number): Drawn {
  const canvas = new Canvas(size)
  const noise = new Noise(random)
  drawBackdrop(canvas, plan, random, noise)
  drawDistractors(canvas, plan, random)
  plan.objects.forEach((object, i) => {
    drawObject(canvas, object, i + 1, random, noise)
  })
  const pixels = canvas.pixels()
  expose(pixels, size, random, plan.grain)
  return { pixels, owners: canvas.owned() }
}

/** Light that falls off across the picture, and sensor noise `grain` grey levels wide. */
function expose(pixels: Uint8Array, size: number, random: SceneRandom, grain: number): void {
  const angle = random.between(0, 2 * Math.PI)
  const slope = random.between(0.05, 0.35) / size
  const [dx, dy] = [slope * Math.cos(angle), slope * Math.sin(angle)]
  const noise = Float32Array.from({ length: 1021 }, () => (random.next() + random.next() - 1) * grain)
  for (let y = 0, at = 0; y < size; y += 1) {
    const shift = random.integer(0, 1020)
    for (let x = 0; x < size; x += 1) {
      const light = 1 + dx * (x - size / 2) + dy * (y - size / 2)
      for (let channel = 0; channel < 3; channel += 1, at += 1) {
        const value = pixels[at]! * light + noise[(3 * x + channel + shift) % 1021]!
        pixels[at] = max(0, min(255, value))
      }
    }
  }
}

function finish(plan: ScenePlan, { pixels, owners }: Drawn): Scene {
  const { width, height } = owners
  const ids = [0, ...plan.objects.map(({ index }) => SCENE_CLASSES.classes[index]!.id)]
  const mask = { width, height, data: owners.data.map((owner) => ids[owner]!) }
  const objects = plan.objects.flatMap(({ index }, i) => {
    const box = boxOf(owners, i + 1)
    return box === undefined ? [] : [{ index, box }]
  })
  const labels = [...new Set(objects.map(({ index }) => index))].sort((left, right) => left - right)
  return { pixels, width, height, mask, labels, objects, caption: plan.caption, background: plan.background }
}

function boxOf({ width, data }: LabelMap, owner: number): SceneObject['box'] | undefined {
  let [left, top, right, bottom] = [width, -1, -1, -1]
  for (let at = data.indexOf(owner); at >= 0 && at < data.length; at += 1) {
    if (data[at] !== owner) continue
    const x = at % width
    bottom = Math.floor(at / width)
    if (top < 0) top = bottom
    if (x < left) left = x
    if (x > right) right = x
  }
  return top < 0 ? undefined : [left, top, right, bottom]
}

function check(field: string, value: unknown, good: boolean, expected: string): void {
  if (good) return
  throw new SemplesError('SEMPLES_CONFIG_INVALID', { message: 'This scene cannot be drawn.', field, value, expected })
}
