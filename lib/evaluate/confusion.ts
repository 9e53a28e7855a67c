import { SemplesError } from '../base/error.js'
import { type LabelMap, VOID_ID } from '../masks/labelMap.js'
import { hintOfGreyed, valuesExpected } from '../masks/values.js'

/** Names of the two masks of a picture, for messages. */
export interface MaskNames {
  prediction: string
  groundTruth: string
}

/** Confusion matrix of pixel counts, without void pixels of the ground truth. */
export interface Confusion {
  /** Pixel value of each class, in the order of rows and columns. */
  ids: readonly number[]
  /** `[classes, classes]`: row = ground truth, column = prediction. */
  counts: Float64Array
  /** Pixels of each ground-truth class that are void (255) in the prediction: false negatives of that class only. */
  unassigned: Float64Array
}

/**
 * Counts pixels of many pictures by ground-truth and predicted value.
 *
 * @example
 * const counter = new ConfusionCounter([0, 1, 2])
 * counter.add(mask, truth)
 * scores(counter.confusion())
 */
export class ConfusionCounter {
  /** Joint histogram of all byte values: row = ground truth. */
  private readonly joint = new Float64Array(256 * 256)
  private readonly known: Uint8Array

  /** @param ids pixel values that masks may hold, background included; 255 is always allowed */
  constructor(private readonly ids: readonly number[]) {
    this.known = new Uint8Array(256)
    for (const id of [...ids, VOID_ID]) this.known[id] = 1
  }

  /**
   * Adds a picture.
   *
   * @throws SemplesError `SEMPLES_MASK_SIZE` naming both masks where their sizes differ, `SEMPLES_MASK_CLASS` for a
   * value that is in no class table; nothing is counted then.
   */
  add(prediction: LabelMap, groundTruth: LabelMap, names?: MaskNames): void {
    checkSize(prediction, groundTruth, names)
    this.checkValues(prediction, names?.prediction ?? 'the prediction')
    this.checkValues(groundTruth, names?.groundTruth ?? 'the ground truth')
    const truth = groundTruth.data
    const predicted = prediction.data
    for (let i = 0; i < truth.length; i++) this.joint[truth[i]! * 256 + predicted[i]!]! += 1
  }

  /** The counts so far. */
  confusion(): Confusion {
    const counts = this.ids.flatMap((row) => this.ids.map((column) => this.joint[row * 256 + column]!))
    const unassigned = this.ids.map((row) => this.joint[row * 256 + VOID_ID]!)
    return { ids: this.ids, counts: Float64Array.from(counts), unassigned: Float64Array.from(unassigned) }
  }

  private checkValues({ data }: LabelMap, name: string): void {
    const unknown = data.find((value) => this.known[value] === 0)
    if (unknown === undefined) return
    throw new SemplesError('SEMPLES_MASK_CLASS', {
      message: `${name} has pixels of a class that the class table does not have.`,
      file: name,
      value: unknown,
      expected: valuesExpected(this.ids),
      hint: hintOfGreyed(data) ?? 'Evaluate with the class table that the masks were made with.',
    })
  }
}

/** Refuses masks of different sizes. */
export function checkSize(prediction: Size, groundTruth: Size, names?: MaskNames): void {
  if (prediction.width === groundTruth.width && prediction.height === groundTruth.height) return
  const turned = prediction.width === groundTruth.height && prediction.height === groundTruth.width
  const of = ({ width, height }: Size, name?: string) => `${width}x${height}${name === undefined ? '' : ` (${name})`}`
  throw new SemplesError('SEMPLES_MASK_SIZE', {
    message: `A mask is ${of(prediction, names?.prediction)}, its ground truth ${of(groundTruth, names?.groundTruth)}.`,
    file: names?.prediction,
    hint: turned
      ? 'The sides are exchanged. Were the pictures turned by their EXIF orientation for one of the two? With --data, --exif tells which (exif of the data).'
      : 'Masks must have the size of the picture.',
  })
}

type Size = Pick<LabelMap, 'width' | 'height'>
