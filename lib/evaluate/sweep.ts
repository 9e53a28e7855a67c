import { SemplesError } from '../base/error.js'
import { type LabelMap, VOID_ID } from '../masks/labelMap.js'
import { type CamsToMask, maskFromCams } from '../masks/threshold.js'
import { type Confusion, checkSize, type MaskNames } from './confusion.js'
import { scores } from './scores.js'

/** The class activation maps of one picture; `classIds` are the pixel values of the maps. */
export type PictureCams = Omit<CamsToMask, 'threshold'>

export interface SweepPoint {
  threshold: number
  /** Mean IoU, 0 to 1. */
  miou: number
}

/** Thresholds start/100 to (end - 1)/100. The paper's code sweeps `hundredths(40, 60)`. */
export function hundredths(start: number, end: number): number[] {
  return Array.from({ length: Math.max(0, end - start) }, (_, step) => (start + step) / 100)
}

// Scores closer than this may become equal in a float32 softmax, so `maskFromCams` decides such pixels.
const NEAR = 1e-6

/**
 * Confusion matrices for many background thresholds in one pass over the pictures. The highest map of a pixel does not
 * depend on the threshold, so each pixel is counted once, at the threshold from which on it is background; the masks
 * counted are exactly those of `maskFromCams`.
 */
export class SweepCounter {
  private readonly indexOf = new Int16Array(256).fill(-1)
  private readonly float32Thresholds: Float32Array
  /** `[thresholds + 1, classes, classes]`: pixels that are `column` below that threshold and background from it on. */
  private readonly switching: Float64Array
  /** `[thresholds, classes, classes]`: corrections of the above for softmax ties. */
  private readonly corrections: Float64Array

  /**
   * @param ids pixel values of the classes, 0 (background) first
   * @param thresholds ascending
   */
  constructor(
    private readonly ids: readonly number[],
    private readonly thresholds: readonly number[],
  ) {
    checkThresholds(thresholds)
    ids.forEach((id, index) => {
      this.indexOf[id] = index
    })
    this.float32Thresholds = Float32Array.from(thresholds)
    const cells = ids.length * ids.length
    this.switching = new Float64Array((thresholds.length + 1) * cells)
    this.corrections = new Float64Array(thresholds.length * cells)
  }

  /**
   * Adds a picture.
   *
   * @throws SemplesError `SEMPLES_MASK_SIZE`, `SEMPLES_MASK_CLASS`, `SEMPLES_CAM_INVALID`
   */
  add(picture: PictureCams, groundTruth: LabelMap, names?: MaskNames): void {
    checkSize(picture, groundTruth, names)
    // Checks sizes, ids and that every score is finite.
    maskFromCams({ ...picture, threshold: 0 })
    const rows = this.classIndices(groundTruth.data, names?.groundTruth ?? 'the ground truth')
    const columns = picture.classIds.map((id) => this.classIndex(id, names?.prediction ?? 'the maps'))
    const { cams } = picture
    const pixels = picture.height * picture.width
    const size = this.ids.length
    for (let pixel = 0; pixel < pixels; pixel++) {
      const row = rows[pixel]!
      if (row < 0) continue
      let highest = Number.NEGATIVE_INFINITY
      let second = Number.NEGATIVE_INFINITY
      let column = 0
      for (let map = 0; map < columns.length; map++) {
        const score = cams[map * pixels + pixel]!
        if (score > highest) {
          second = highest
          highest = score
          column = columns[map]!
        } else if (score > second && score < highest) second = score
      }
      const step = this.firstAtLeast(highest)
      this.switching[(step * size + row) * size + column]! += 1
      const close = { picture, pixel, row, column, highest, step }
      if (highest - second < NEAR) this.correct(close, 0)
      else if (this.distanceTo(step - 1, highest) < NEAR || this.distanceTo(step, highest) < NEAR) {
        this.correct(close, step - 1)
      }
    }
  }

  /** The confusion matrix at one of the thresholds. */
  confusion(thresholdIndex: number): Confusion {
    const size = this.ids.length
    const cells = size * size
    const counts = this.corrections.slice(thresholdIndex * cells, (thresholdIndex + 1) * cells)
    for (let step = 0; step <= this.thresholds.length; step++) {
      for (let cell = 0; cell < cells; cell++) {
        const target = step > thresholdIndex ? cell : cell - (cell % size)
        counts[target]! += this.switching[step * cells + cell]!
      }
    }
    return { ids: this.ids, counts, unassigned: new Float64Array(size) }
  }

  /** Mean IoU at every threshold. */
  curve(): SweepPoint[] {
    return this.thresholds.map((threshold, index) => ({ threshold, miou: scores(this.confusion(index)).miou }))
  }

  /** Replaces the plain count by the result of `maskFromCams`, for all thresholds from `from` on that a tie can affect. */
  private correct({ picture, pixel, row, column, highest, step }: ClosePixel, from: number): void {
    const { cams, classIds, height, width } = picture
    const stack = Float32Array.from(classIds, (_, map) => cams[map * height * width + pixel]!)
    const size = this.ids.length
    for (let i = Math.max(0, from); i < this.thresholds.length; i++) {
      const threshold = this.thresholds[i]!
      if (this.float32Thresholds[i]! - highest >= NEAR) break
      const [id = 0] = maskFromCams({ cams: stack, classIds, height: 1, width: 1, threshold }).data
      const counted = i < step ? column : 0
      this.corrections[(i * size + row) * size + counted]! -= 1
      this.corrections[(i * size + row) * size + this.indexOf[id]!]! += 1
    }
  }

  /** Index of the first threshold that is not below `score`: from there on the background wins. */
  private firstAtLeast(score: number): number {
    let low = 0
    let high = this.float32Thresholds.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.float32Thresholds[middle]! >= score) high = middle
      else low = middle + 1
    }
    return low
  }

  private distanceTo(index: number, score: number): number {
    const threshold = this.float32Thresholds[index]
    // Equal scores stay equal in every softmax: the background wins, as counted.
    if (threshold === undefined || threshold === score) return Number.POSITIVE_INFINITY
    return Math.abs(threshold - score)
  }

  private classIndices(values: Uint8Array, name: string): Int16Array {
    return Int16Array.from(values, (id) => (id === VOID_ID ? -1 : this.classIndex(id, name)))
  }

  private classIndex(id: number, name: string): number {
    const index = this.indexOf[id] ?? -1
    if (index >= 0) return index
    throw new SemplesError('SEMPLES_MASK_CLASS', {
      message: `${name} has a class that the class table does not have.`,
      file: name,
      value: id,
      hint: 'Evaluate with the class table that the maps were made with.',
    })
  }
}

interface ClosePixel {
  picture: PictureCams
  pixel: number
  row: number
  column: number
  highest: number
  step: number
}

/** The point with the highest mean IoU, the lowest threshold among equals. */
export function bestPoint(curve: readonly SweepPoint[]): SweepPoint {
  const best = curve.reduce<SweepPoint | undefined>(
    (highest, point) => (highest === undefined || point.miou > highest.miou ? point : highest),
    undefined,
  )
  if (best === undefined) throw new SemplesError('SEMPLES_CONFIG_INVALID', { message: 'The curve is empty.' })
  return best
}

/**
 * The part of a curve that the paper's code evaluates: it stops at the first threshold that is not better than the best
 * so far (included here), and so finds the first local maximum only.
 */
export function greedyPart(curve: readonly SweepPoint[]): SweepPoint[] {
  let best = 0
  const stop = curve.findIndex(({ miou }) => {
    if (!(miou > best)) return true
    best = miou
    return false
  })
  return stop < 0 ? [...curve] : curve.slice(0, stop + 1)
}

function checkThresholds(thresholds: readonly number[]): void {
  const wrong = thresholds.findIndex((value, i) => !Number.isFinite(value) || value <= (thresholds[i - 1] ?? -Infinity))
  if (thresholds.length > 0 && wrong < 0) return
  throw new SemplesError('SEMPLES_CONFIG_INVALID', {
    message: 'Thresholds must be finite, ascending numbers.',
    field: 'thresholds',
    value: thresholds[wrong],
    expected: 'at least one, each above the one before',
  })
}
