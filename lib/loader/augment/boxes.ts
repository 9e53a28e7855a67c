import { type Box, roundHalfToEven, wholeBox } from '../../pictures/image.js'
import type { Random } from '../random.js'
import type { CropOptions, EraseOptions } from './options.js'

const MAX_TRIES = 10

interface Size {
  width: number
  height: number
}

/**
 * A random rectangle of random area and shape inside a picture; after ten that do not fit, the middle of the picture,
 * as large as its shape allows. Pictures of any size work, down to one pixel.
 */
export function cropBox(size: Size, { scale, ratio }: CropOptions, random: Random): Box {
  for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
    const area = size.width * size.height * random.uniform(...scale)
    const aspect = Math.exp(random.uniform(Math.log(ratio[0]), Math.log(ratio[1])))
    const width = roundHalfToEven(Math.sqrt(area * aspect))
    const height = roundHalfToEven(Math.sqrt(area / aspect))
    if (width < 1 || height < 1 || width > size.width || height > size.height) continue
    const top = random.integer(0, size.height - height)
    const left = random.integer(0, size.width - width)
    return { left, top, width, height }
  }
  return middleBox(size, ratio)
}

function middleBox(size: Size, [narrowest, widest]: readonly [number, number]): Box {
  const { width, height } = wholeBox(size)
  const aspect = width / height
  const box = { width, height }
  if (aspect < narrowest) box.height = Math.min(height, Math.max(1, roundHalfToEven(width / narrowest)))
  else if (aspect > widest) box.width = Math.min(width, Math.max(1, roundHalfToEven(height * widest)))
  return { ...box, left: Math.floor((width - box.width) / 2), top: Math.floor((height - box.height) / 2) }
}

/** The box to fill with noise in an input of the given size, or undefined when this picture gets none. */
export function eraseBox(size: Size, { probability, area, ratio }: EraseOptions, random: Random): Box | undefined {
  if (!random.chance(probability)) return undefined
  for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
    const target = size.width * size.height * random.uniform(...area)
    const aspect = Math.exp(random.uniform(Math.log(ratio[0]), Math.log(ratio[1])))
    const height = roundHalfToEven(Math.sqrt(target * aspect))
    const width = roundHalfToEven(Math.sqrt(target / aspect))
    if (width < 1 || height < 1 || width >= size.width || height >= size.height) continue
    const top = random.integer(0, size.height - height)
    const left = random.integer(0, size.width - width)
    return { left, top, width, height }
  }
  return undefined
}
