import type { RawImage } from '../pictures/image.js'
import { resizeImage } from '../pictures/resize.js'
import type { PredictOptions } from './options.js'

/** What decides the sizes in which a picture is looked at; `side` and `window` as config.json states them. */
export type ScaleRules = Pick<PredictOptions, 'scales' | 'side' | 'window'>

export interface Size {
  width: number
  height: number
}

/**
 * Sizes of a picture at each scale: the shorter side is `side` times the scale, but at least a window; the sides keep
 * their ratio. Two scales that come to one size are two sizes all the same, as in the published evaluation.
 */
export function scaleSizes({ width, height }: Size, { scales, side = 520, window = 480 }: ScaleRules): Size[] {
  const shorter = Math.min(width, height)
  return scales.map((scale) => {
    const wanted = Math.max(window, Math.round(side * scale))
    const longer = (length: number) => Math.max(1, Math.round((length * wanted) / shorter))
    return { width: longer(width), height: longer(height) }
  })
}

/** The picture in these sizes. */
export function scaledPictures(image: RawImage, rules: ScaleRules): Promise<RawImage[]> {
  return Promise.all(
    scaleSizes(image, rules).map(({ width, height }) => resizeImage(image, width, height, { mode: 'fast' })),
  )
}
