import type { RawImage } from '../pictures/image.js'
import { resizeImage } from '../pictures/resize.js'
import type { PredictOptions } from './options.js'

/** What decides the sizes in which a picture is looked at; `side` and `window` as config.json states them. */
export type ScaleRules = Pick<PredictOptions, 'scales' | 'side' | 'window'>

export interface Size {
  width: number
  height: number
}

/** Longer side as a multiple of the shorter one, at most: a line of pixels would else become a banner of millions. Ours. */
const MAX_RATIO = 8

/**
 * Sizes of a picture at each scale: the shorter side is `side` times the scale, but at least a window; the sides keep
 * their ratio. Two scales that come to one size are two sizes all the same, as in the published evaluation. The longer
 * side ends at 8 times what the shorter one is to be; the sides keep their ratio there too.
 */
export function scaleSizes({ width, height }: Size, { scales, side = 520, window = 480 }: ScaleRules): Size[] {
  const [short, long] = width < height ? [width, height] : [height, width]
  return scales.map((scale) => {
    const wanted = Math.max(1, window, Math.round(side * scale))
    const longer = Math.min(MAX_RATIO * wanted, Math.max(1, Math.round((wanted * long) / short)))
    const shorter = long > MAX_RATIO * short ? Math.max(1, Math.round((longer * short) / long)) : wanted
    return width < height ? { width: shorter, height: longer } : { width: longer, height: shorter }
  })
}

/** The picture in these sizes. @param mode how it is resized: `loader.resample` of the model's run */
export function scaledPictures(
  image: RawImage,
  rules: ScaleRules,
  { mode = 'fast', signal }: { mode?: 'fast' | 'exact'; signal?: AbortSignal } = {},
): Promise<RawImage[]> {
  return Promise.all(
    scaleSizes(image, rules).map(async ({ width, height }) =>
      width === image.width && height === image.height
        ? image
        : resizeImage(image, width, height, { mode, ...(signal === undefined ? {} : { signal }) }),
    ),
  )
}
