import type { RawImage } from '../../pictures/image.js'
import type { Random } from '../random.js'
import { type FillColor, rotate, shearX, shearY, translateX, translateY } from './affine.js'
import { brightness, color, contrast, sharpness } from './enhance.js'
import { autoContrast, equalize, invert, posterize, solarize, solarizeAdd } from './levels.js'
import type { RandAugmentOptions } from './options.js'

/** An operation whose random numbers are drawn already. */
export type Step = (image: RawImage) => RawImage

/** Draws the random parameters of an operation at a strength of 0..1. */
type Operation = (strength: number, random: Random, fill: FillColor) => Step

const sign = (random: Random): number => (random.chance(0.5) ? -1 : 1)

/** Operations with a factor: 1 leaves the picture as it is, both directions are equally likely. */
function enhancing(operation: (image: RawImage, factor: number) => RawImage): Operation {
  return (strength, random) => {
    const factor = Math.max(0.1, 1 + sign(random) * 0.9 * strength)
    return (image) => operation(image, factor)
  }
}

/** Operations that move pixels, by up to `maximum` to either side. */
function moving(operation: (image: RawImage, amount: number, fill: FillColor) => RawImage, maximum: number): Operation {
  return (strength, random, fill) => {
    const amount = sign(random) * maximum * strength
    return (image) => operation(image, amount, fill)
  }
}

/** The fifteen operations, each getting stronger with the magnitude ("inc1"). */
export const randAugmentOperations: Readonly<Record<string, Operation>> = {
  autoContrast: () => autoContrast,
  equalize: () => equalize,
  invert: () => invert,
  rotate: moving(rotate, 30),
  posterize: (strength) => (image) => posterize(image, 4 - Math.trunc(4 * strength)),
  solarize: (strength) => (image) => solarize(image, 256 - Math.trunc(256 * strength)),
  solarizeAdd: (strength) => (image) => solarizeAdd(image, Math.trunc(110 * strength)),
  color: enhancing(color),
  contrast: enhancing(contrast),
  brightness: enhancing(brightness),
  sharpness: enhancing(sharpness),
  shearX: moving(shearX, 0.3),
  shearY: moving(shearY, 0.3),
  translateX: moving(translateX, 0.45),
  translateY: moving(translateY, 0.45),
}

const names = Object.keys(randAugmentOperations)

/** Draws the operations that a picture gets, their strengths and directions. */
export function drawRandAugment(options: RandAugmentOptions, random: Random): Step[] {
  const chosen = Array.from({ length: options.operations }, () => random.pick(names))
  const steps: Step[] = []
  for (const name of chosen) {
    if (!random.chance(options.probability)) continue
    const magnitude = random.normal(options.magnitude, options.magnitudeDeviation)
    const strength = Math.max(0, Math.min(10, magnitude)) / 10
    const operation = randAugmentOperations[name] as Operation
    steps.push(operation(strength, random, options.fill))
  }
  return steps
}
