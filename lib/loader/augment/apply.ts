import { type Mutex, runInSlices } from '../../base/cooperative.js'
import { type Box, emptyImage, type RawImage } from '../../pictures/image.js'
import { resizeImage } from '../../pictures/resize.js'
import type { Random } from '../random.js'
import { cropBox, eraseBox } from './boxes.js'
import { brightness, color, contrast } from './enhance.js'
import type { AugmentOptions, ColorOptions } from './options.js'
import { drawPlacement, placed } from './place.js'
import { drawRandAugment, type Step } from './randAugment.js'

export interface AugmentedImage {
  image: RawImage
  /** The box that the training step fills with noise after normalisation. */
  erase?: Box
}

export interface ApplyOptions {
  mutex?: Mutex
  signal?: AbortSignal
}

/**
 * Turns a decoded picture into a network's input of `width` x `height` pixels.
 * All random numbers are drawn from `random`, in a fixed order: crop or place, flip, RandAugment, colour, erasing.
 */
export async function augmentImage(
  image: RawImage,
  size: { width: number; height: number },
  options: AugmentOptions,
  random: Random,
  { mutex, signal }: ApplyOptions = {},
): Promise<AugmentedImage> {
  const box = options.crop ? cropBox(image, options.crop, random) : undefined
  const placement = options.place ? drawPlacement(image, size, options.place, random) : undefined
  const steps: Step[] = random.chance(options.flip) ? [mirror] : []
  if (options.randAugment) steps.push(...drawRandAugment(options.randAugment, random))
  if (options.color) steps.push(...drawColor(options.color, random))
  const erase = options.erase ? eraseBox(size, options.erase, random) : undefined

  const resizing = { box, mode: options.resample, mutex, signal }
  let input =
    placement === undefined
      ? await resizeImage(image, size.width, size.height, resizing)
      : placed(await resizeImage(image, placement.width, placement.height, resizing), size, placement)
  if (steps.length > 0) input = await runInSlices(runSteps(input, steps), { mutex, signal })
  return erase === undefined ? { image: input } : { image: input, erase }
}

/** The picture flipped horizontally. */
export function mirror(image: RawImage): RawImage {
  const { data, width, height } = image
  const result = emptyImage(width, height)
  for (let row = 0; row < height; row++) {
    let from = (row + 1) * width * 3 - 3
    for (let to = row * width * 3; to < (row + 1) * width * 3; to += 3, from -= 3) {
      result.data[to] = data[from]!
      result.data[to + 1] = data[from + 1]!
      result.data[to + 2] = data[from + 2]!
    }
  }
  return result
}

function drawColor(options: ColorOptions, random: Random): Step[] {
  const draw = (range: number): number => random.uniform(1 - range, 1 + range)
  const [bright, strong, saturated] = [draw(options.brightness), draw(options.contrast), draw(options.saturation)]
  return [(image) => brightness(image, bright), (image) => contrast(image, strong), (image) => color(image, saturated)]
}

function* runSteps(image: RawImage, steps: readonly Step[]): Generator<undefined, RawImage> {
  let result = image
  for (const step of steps) {
    result = step(result)
    yield
  }
  return result
}
