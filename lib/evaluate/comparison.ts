import { type Interval, intervalOf, type Resampled } from './bootstrap.js'
import type { NamedClass } from './detailOptions.js'
import { iouOfPictures, type PictureIou, pictureMiou } from './pictureIou.js'

/** A score of two folders of masks, 0 to 1, with the paired 95 % bootstrap interval of the difference. */
export interface Difference extends Interval {
  masks: number
  against: number
  /** `masks` less `against`. */
  difference: number
}

/** Masks compared with others of the same pictures. */
export interface Comparison {
  /** The folder of the others. */
  folder: string
  draws: number
  seed: number
  miou: Difference
  /** In the order of the scores; NaN for a class that one of the two does not have, in ground truth or masks. */
  perClass: (NamedClass & Difference)[]
  /** Mean boundary IoU, with `boundary`. */
  boundary?: Difference
  /**
   * Pictures on which `masks` have the higher mIoU, the same (to 1e-12), and the lower, each over the classes that the picture has in its
   * ground truth or in that mask. Pictures of ignored pixels alone are in none of the three.
   */
  won: number
  tied: number
  lost: number
  /** Pictures with ground truth that have a mask in one of the folders alone; they are in no score. */
  onlyInMasks: string[]
  onlyInAgainst: string[]
}

/** Sums of the same fractions may differ by their last bits. */
const SAME = 1e-12

/**
 * @param kinds counts of the pictures in one order: IoU of the masks, boundary IoU if there is one, and the same of the others
 * @param drawn the same, resampled
 */
export function comparisonOf(
  kinds: readonly (readonly PictureIou[])[],
  drawn: readonly Resampled[],
  names: readonly NamedClass[],
): Pick<Comparison, 'miou' | 'perClass' | 'boundary' | 'won' | 'tied' | 'lost'> {
  const half = kinds.length / 2
  const whole = kinds.map((pictures) => iouOfPictures(pictures, names.length))
  const meanOf = (kind: number): Difference =>
    difference(whole[kind]!.miou, whole[kind + half]!.miou, drawn[kind]!.mious, drawn[kind + half]!.mious)
  const perClass = names.map((name, index) => ({
    ...name,
    ...difference(whole[0]!.ious[index]!, whole[half]!.ious[index]!, drawn[0]!.ious[index]!, drawn[half]!.ious[index]!),
  }))
  const gains = kinds[0]!.map((picture, index) => pictureMiou(picture) - pictureMiou(kinds[half]![index]!))
  return {
    miou: meanOf(0),
    perClass,
    ...(half === 2 && { boundary: meanOf(1) }),
    won: gains.filter((gain) => gain > SAME).length,
    tied: gains.filter((gain) => Math.abs(gain) <= SAME).length,
    lost: gains.filter((gain) => gain < -SAME).length,
  }
}

function difference(masks: number, against: number, ofMasks: Float64Array, ofAgainst: Float64Array): Difference {
  const drawn = ofMasks.map((value, draw) => value - ofAgainst[draw]!)
  return { masks, against, difference: masks - against, ...intervalOf(drawn) }
}
