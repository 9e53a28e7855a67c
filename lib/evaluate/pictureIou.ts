import type { Confusion } from './confusion.js'
import { meanOfNumbers } from './scores.js'

/** Intersections and unions of one picture, of the classes whose union has a pixel. */
export interface PictureIou {
  /** Indices of the classes. */
  classes: readonly number[]
  /** Pixels that have the class in ground truth and mask, in the order of `classes`. */
  intersections: readonly number[]
  /** Pixels that have it in either. */
  unions: readonly number[]
}

/** Of the pixels of a picture. */
export function pictureIou({ ids, counts, unassigned }: Confusion): PictureIou {
  const size = ids.length
  const unions = ids.map((_, index) => {
    let union = unassigned[index]! - counts[index * size + index]!
    for (let other = 0; other < size; other++) union += counts[index * size + other]! + counts[other * size + index]!
    return union
  })
  const classes = ids.flatMap((_, index) => (unions[index]! > 0 ? [index] : []))
  return {
    classes,
    intersections: classes.map((index) => counts[index * size + index]!),
    unions: classes.map((index) => unions[index]!),
  }
}

/** Mean IoU of a picture over the classes that it has in ground truth or mask; NaN where all is ignored. */
export function pictureMiou({ intersections, unions }: PictureIou): number {
  return meanOfNumbers(unions.map((union, entry) => intersections[entry]! / union))
}

export interface ClassIous {
  /** Mean over the classes that occur. */
  miou: number
  /** By index of the class; NaN for one that does not occur. */
  ious: Float64Array
}

/** IoU of many pictures: sum of intersections by sum of unions, each picture as often as its weight says (default once). */
export function iouOfPictures(pictures: readonly PictureIou[], classes: number, weights?: Uint32Array): ClassIous {
  const both = new Float64Array(classes)
  const either = new Float64Array(classes)
  for (let picture = 0; picture < pictures.length; picture++) {
    const weight = weights === undefined ? 1 : weights[picture]!
    if (weight === 0) continue
    const { classes: indices, intersections, unions } = pictures[picture]!
    for (let entry = 0; entry < indices.length; entry++) {
      both[indices[entry]!]! += weight * intersections[entry]!
      either[indices[entry]!]! += weight * unions[entry]!
    }
  }
  let sum = 0
  let present = 0
  const ious = both.map((pixels, index) => {
    if (either[index] === 0) return Number.NaN
    sum += pixels / either[index]!
    present++
    return pixels / either[index]!
  })
  return { miou: sum / present, ious }
}
