import type { LabelMap } from '../masks/labelMap.js'
import { boundaryIou } from './boundary.js'
import { type Confusion, ConfusionCounter, type MaskNames } from './confusion.js'
import type { Details, NamedClass } from './detailOptions.js'
import { FalsePositiveCounter } from './mistakes.js'
import { type PictureIou, pictureIou } from './pictureIou.js'

interface PictureCounts {
  id: string
  iou: PictureIou
  boundary?: PictureIou
}

/** What is counted of a folder of masks: of all pictures together, and of each as far as that is needed. */
export class MaskCounts {
  readonly falsePositives: FalsePositiveCounter | undefined
  private readonly counter: ConfusionCounter
  private readonly ids: readonly number[]
  private readonly pictures: PictureCounts[] = []

  constructor(
    readonly names: readonly NamedClass[],
    private readonly details: Details,
  ) {
    this.ids = names.map(({ id }) => id)
    this.counter = new ConfusionCounter(this.ids)
    if (details.confusions !== undefined) this.falsePositives = new FalsePositiveCounter(names, details.minArea)
  }

  /** Adds a picture. @throws what `ConfusionCounter.add` throws */
  add(id: string, mask: LabelMap, truth: LabelMap, names: MaskNames): void {
    this.counter.add(mask, truth, names)
    const { boundary, bootstrap, confusions, against } = this.details
    if ([boundary, bootstrap, confusions, against].every((option) => option === undefined)) return
    const own = new ConfusionCounter(this.ids)
    own.add(mask, truth, names)
    const confusion = own.confusion()
    this.falsePositives?.add(confusion)
    const counts: PictureCounts = { id, iou: pictureIou(confusion) }
    if (boundary !== undefined) counts.boundary = boundaryIou(mask, truth, this.ids, { share: boundary })
    this.pictures.push(counts)
  }

  /** Of all pictures together. */
  confusion(): Confusion {
    return this.counter.confusion()
  }

  /** Of each picture, in the order of their ids, so that draws by number do not depend on the order of files. */
  ofPictures(): { ious: PictureIou[]; boundaries: PictureIou[] | undefined } {
    const ordered = this.pictures.toSorted((one, other) => (one.id < other.id ? -1 : 1))
    return {
      ious: ordered.map(({ iou }) => iou),
      boundaries: this.details.boundary === undefined ? undefined : ordered.map(({ boundary }) => boundary!),
    }
  }
}
