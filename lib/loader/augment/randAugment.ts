import type { RawImage } from '../image.js'
import type { Random } from '../random.js'
import { type FillColor, rotate, shearX, shearY, translateX, translateY } from './affine.js'
import { brightness, color, contrast, sharpness } from './enhance.js'
import { autoContrast, equalize, invert, posterize, solarize, solarizeAdd } from './levels.js'
import type { RandAugmentOptions } from './options.js'

/** One operation at a strength of 0..1. */
type Operation = (image: RawImage, strength: number, random: Random, fill: FillColor) => RawImage

const sign = (random: Random): number => (random.chance(0.5) ? -1 : 1)
const factor = (strength: number, random: Random): number => Math.max(0.1, 1 + sign(random) * 0.9 * strength)

/** The fifteen operations, each getting stronger with the magnitude ("inc1"). */
export const randAugmentOperations: Readonly<Record<string, Operation>> = {
  autoContrast: (image) => autoContrast(image),
  equalize: (image) => equalize(image),
  invert: (image) => invert(image),
  rotate: (image, strength, random, fill) => rotate(image, sign(random) * 30 * strength, fill),
  posterize: (image, strength) => posterize(image, 4 - Math.trunc(4 * strength)),
  solarize: (image, strength) => solarize(image, 256 - Math.trunc(256 * strength)),
  solarizeAdd: (image, strength) => solarizeAdd(image, Math.trunc(110 * strength)),
  color: (image, strength, random) => color(image, factor(strength, random)),
  contrast: (image, strength, random) => contrast(image, factor(strength, random)),
  brightness: (image, strength, random) => brightness(image, factor(strength, random)),
  sharpness: (image, strength, random) => sharpness(image, factor(strength, random)),
  shearX: (image, strength, random, fill) => shearX(image, sign(random) * 0.3 * strength, fill),
  shearY: (image, strength, random, fill) => shearY(image, sign(random) * 0.3 * strength, fill),
  translateX: (image, strength, random, fill) => translateX(image, sign(random) * 0.45 * strength, fill),
  translateY: (image, strength, random, fill) => translateY(image, sign(random) * 0.45 * strength, fill),
}

const names = Object.keys(randAugmentOperations)

/** An operation drawn for a picture, to be run when its turn comes. */
export type Step = (image: RawImage) => RawImage

/** Draws the operations that a picture gets and their strengths. */
export function drawRandAugment(options: RandAugmentOptions, random: Random): Step[] {
  const chosen = Array.from({ length: options.operations }, () => random.pick(names))
  const steps: Step[] = []
  for (const name of chosen) {
    if (!random.chance(options.probability)) continue
    const magnitude = random.normal(options.magnitude, options.magnitudeDeviation)
    const strength = Math.max(0, Math.min(10, magnitude)) / 10
    const operation = randAugmentOperations[name] as Operation
    steps.push((image) => operation(image, strength, random, options.fill))
  }
  return steps
}
