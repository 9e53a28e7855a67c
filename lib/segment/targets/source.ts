import { SemplesError } from '../../base/error.js'
import type { Dataset, DatasetItem } from '../../datasets/dataset.js'
import type { RenumberingTarget } from '../../datasets/predictions/classTables.js'
import { type LabelMap, VOID_ID } from '../../masks/labelMap.js'
import { hintOfGreyed, valuesExpected } from '../../masks/values.js'

export interface Size {
  width: number
  height: number
}

/** What is to be learnt of one picture. */
export interface Target extends Size {
  /** Index of the class of each pixel, 0 the background, 255 ignored; row-major. */
  labels: Uint8Array
  /** How sure each label is, 0 to 255. */
  confidence?: Uint8Array
  /** What it was read from, for messages. */
  name: string
}

/** One kind of what there is to learn. */
export interface TargetSource {
  /** For people: `masks in pseudo`. */
  describe: string
  /** What a picture has there, after "no": `mask`. */
  expects: string
  /** The folder, or the name of the data set. */
  where: string
  /** Name of the file of a picture in the folder. */
  file?: (id: string) => string
  /** The files that the target of a picture is read from. */
  files(item: DatasetItem): string[]
  /** What is in the folder instead, in a sentence. */
  there(): string
  /** What is known before anything is read, one sentence each. */
  notices: readonly string[]
  /** What only all files together tell. */
  counted?(): string[]
  has(item: DatasetItem): boolean | Promise<boolean>
  read(item: DatasetItem, size: Size | undefined, signal?: AbortSignal): Promise<Target>
}

/** Of ids that a masks.json numbers otherwise. */
export const ofDataset: RenumberingTarget = {
  name: 'data set',
  hint: 'Train on data whose class table has all classes of the masks (classes of the data).',
}

/** Ids of the class table of a data set as indices of a segmentation model: 0, then the classes in their order. */
export class ClassIndices {
  private readonly ids: readonly number[]
  private readonly indexOf = new Int16Array(256).fill(-1)

  constructor({ classes: { classes } }: Dataset) {
    this.ids = [0, ...classes.map(({ id }) => id)]
    for (const [index, id] of this.ids.entries()) this.indexOf[id] = index
    this.indexOf[VOID_ID] = VOID_ID
  }

  /** @throws SemplesError `SEMPLES_MASK_CLASS` for a value that is no class */
  labelsOf({ data }: LabelMap, name: string): Uint8Array {
    const labels = new Uint8Array(data.length)
    for (let i = 0; i < data.length; i++) {
      const index = this.indexOf[data[i]!]!
      if (index < 0) throw this.unknown(data, data[i]!, name)
      labels[i] = index
    }
    return labels
  }

  private unknown(data: Uint8Array, value: number, name: string): SemplesError {
    return new SemplesError('SEMPLES_MASK_CLASS', {
      message: `${name} has pixels of a class that the class table does not have.`,
      file: name,
      value,
      expected: valuesExpected(this.ids),
      hint: hintOfGreyed(data) ?? 'Train with the class table that the masks were made with (classes of the data).',
    })
  }
}

/** @throws SemplesError `SEMPLES_MASK_SIZE` naming both sizes */
export function checkTargetSize(target: Target, size: Size | undefined, { image }: DatasetItem): void {
  if (size === undefined || (target.width === size.width && target.height === size.height)) return
  const turned = target.width === size.height && target.height === size.width
  throw new SemplesError('SEMPLES_MASK_SIZE', {
    message: `The mask ${target.name} has another size than its picture ${image}.`,
    file: target.name,
    value: `${target.width}x${target.height}`,
    expected: `${size.width}x${size.height}`,
    hint: turned
      ? 'The sides are exchanged: was the picture turned by its EXIF orientation for one of the two?'
      : 'Is it the mask of another picture, or was one of the two resized? Masks must have the size of the picture.',
  })
}
