import { type LabelMap, VOID_ID } from '../masks/labelMap.js'
import type { PictureIou } from './pictureIou.js'

/** Share of the diagonal of a picture within which a pixel belongs to the boundary, as in the paper. */
export const BOUNDARY_SHARE = 0.02

/** Width of the boundary in pixels: a share of the diagonal, rounded (halves to the even number), and at least 1. */
export function boundaryWidth({ width, height }: Pick<LabelMap, 'width' | 'height'>, share: number): number {
  const exact = share * Math.hypot(width, height)
  const below = Math.floor(exact)
  const isHalf = exact - below === 0.5
  return Math.max(1, isHalf ? below + (below % 2) : Math.round(exact))
}

/**
 * Which pixels are within `width` pixels of the contour of the mask of their own class: those that are in the mask and not
 * in its erosion by a 3x3 square, `width` times, with zeros around the picture (Cheng et al., Boundary IoU, CVPR 2021).
 *
 * Eroding so often leaves the pixels whose square of side 2 `width` + 1 is all of one class and inside the picture. Both
 * directions are counted as runs, so all classes together take one pass, whatever the width.
 *
 * @returns `[height, width]`, 1 on boundaries
 */
export function boundaryOf({ width, height, data }: LabelMap, distance: number): Uint8Array {
  const boundary = new Uint8Array(data.length).fill(1)
  // Rows up to the present one, in each column, whose pixels have one class `distance` to the left and right.
  const rows = new Int32Array(width)
  for (let y = 0; y < height; y++) {
    const start = y * width
    for (let first = 0; first < width; ) {
      const label = data[start + first]!
      let end = first + 1
      while (end < width && data[start + end] === label) end++
      const [left, right] = [Math.min(end, first + distance), Math.max(first, end - distance)]
      rows.fill(0, first, left < right ? left : end)
      for (let x = left; x < right; x++) {
        const run = y > 0 && data[start - width + x] === label ? rows[x]! + 1 : 1
        rows[x] = run
        if (run > 2 * distance) boundary[start - distance * width + x] = 0
      }
      if (left < right) rows.fill(0, right, end)
      first = end
    }
  }
  return boundary
}

/**
 * Boundary pixels of each class that truth and mask share, and that either has. Ignored pixels (255) of the ground truth are
 * taken out of both masks before their contours are drawn, so nothing depends on what was predicted there.
 *
 * @param ids pixel values of the classes, in the order of their indices
 */
export function boundaryIou(
  prediction: LabelMap,
  truth: LabelMap,
  ids: readonly number[],
  { share = BOUNDARY_SHARE }: { share?: number } = {},
): PictureIou {
  const distance = boundaryWidth(truth, share)
  const judged = { ...prediction, data: withoutIgnored(prediction.data, truth.data) }
  const ofTruth = boundaryOf(truth, distance)
  const ofMask = boundaryOf(judged, distance)
  const both = new Float64Array(256)
  const either = new Float64Array(256)
  for (let i = 0; i < ofTruth.length; i++) {
    const expected = truth.data[i]!
    const found = judged.data[i]!
    // Most pixels are far from every contour.
    if ((ofTruth[i]! | ofMask[i]!) === 0) continue
    if (expected === found) {
      both[expected]! += ofTruth[i]! & ofMask[i]!
      either[expected]! += ofTruth[i]! | ofMask[i]!
    } else {
      either[expected]! += ofTruth[i]!
      either[found]! += ofMask[i]!
    }
  }
  const classes = ids.flatMap((id, index) => (either[id]! > 0 ? [index] : []))
  return {
    classes,
    intersections: classes.map((index) => both[ids[index]!]!),
    unions: classes.map((index) => either[ids[index]!]!),
  }
}

/** Ids of a mask, void where the ground truth is. */
function withoutIgnored(prediction: Uint8Array, truth: Uint8Array): Uint8Array {
  const judged = prediction.slice()
  for (let i = 0; i < judged.length; i++) if (truth[i] === VOID_ID) judged[i] = VOID_ID
  return judged
}
