import { SemplesError } from '../base/error.js'
import { idsByLabel } from '../datasets/classes/ids.js'
import type { ClassTable, Dataset } from '../datasets/dataset.js'
import { type LabelMap, VOID_ID } from '../masks/labelMap.js'
import type { ReadMaskOptions } from '../masks/png.js'
import { refuse, type TruthPicture, truthPictures } from './groundTruth.js'

export interface EachPictureOptions {
  groundTruth: string | Dataset
  ids?: readonly string[]
  onProgress?: (progress: { done: number; total: number }) => void
  signal?: AbortSignal
  classes: ClassTable
  /** How the masks of a folder of ground truth are read. */
  reading: ReadMaskOptions
}

export interface Seen {
  pictures: number
  /** Pixels of each value. */
  truthPixels: Float64Array
  /** Pictures with labels whose ground truth has pixels of a class; and those of them that have none of these labels. */
  labelled: number
  unlike: number
}

/**
 * Calls `evaluateOne` with each picture that has ground truth; gives what was seen of those for which it did not answer
 * `left out`.
 *
 * @throws SemplesError `SEMPLES_NO_MASKS` where no picture has ground truth, and what reading them throws
 */
export async function forEachPicture(
  options: EachPictureOptions,
  evaluateOne: (
    picture: TruthPicture,
    truth: LabelMap,
    all: readonly TruthPicture[],
  ) => Promise<'left out' | undefined>,
): Promise<Seen> {
  const { groundTruth, ids, onProgress, signal } = options
  const idOf = idsByLabel(options.classes)
  const pictures = await truthPictures(groundTruth, ids, options.reading)
  const truthPixels = new Float64Array(256)
  const seen = { labelled: 0, unlike: 0 }
  let evaluated = 0
  let leftOut = 0
  for (const [done, picture] of pictures.entries()) {
    signal?.throwIfAborted()
    const truth = await picture.read()
    if (truth === undefined) {
      if (ids !== undefined) refuse(picture.id, groundTruth)
    } else if ((await evaluateOne(picture, truth, pictures)) === 'left out') leftOut++
    else {
      for (const value of truth.data) truthPixels[value]! += 1
      const known = (picture.labels ?? []).flatMap((label) => idOf[label] ?? [])
      const held = new Set(truth.data)
      if (known.length > 0 && [...held].some((value) => value !== 0 && value !== VOID_ID)) {
        seen.labelled++
        if (!known.some((id) => held.has(id))) seen.unlike++
      }
      evaluated++
    }
    onProgress?.({ done: done + 1, total: pictures.length })
  }
  if (evaluated + leftOut > 0) return { pictures: evaluated, truthPixels, ...seen }
  throw new SemplesError('SEMPLES_NO_MASKS', {
    message: `There is no ground-truth mask in ${nameOf(groundTruth)}.`,
    field: 'groundTruth',
    expected: 'at least one picture with a mask',
  })
}

/** A folder, or the name of a data set, for messages. */
export function nameOf(groundTruth: string | Dataset): string {
  return typeof groundTruth === 'string' ? groundTruth : groundTruth.name
}
