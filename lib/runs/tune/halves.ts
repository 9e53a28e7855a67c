import { SemplesError } from '../../base/error.js'
import { type TruthPicture, truthPictures } from '../../evaluate/groundTruth.js'
import { Random } from '../../loader/random.js'
import type { ReadMaskOptions } from '../../masks/png.js'
import { type FolderInput, inputsOfFolders } from '../../refine/folders.js'
import { Pairs } from '../../refine/pairs.js'
import type { RefineFolders } from '../../refine/types.js'

/** A picture with what is refined and what is right. */
export interface JudgedInput {
  input: FolderInput
  truth: TruthPicture
}

export interface Halves {
  /** On which settings are chosen. */
  tuning: JudgedInput[]
  /** On which the choice is judged. */
  heldOut: JudgedInput[]
  /** Inputs without ground truth. */
  others: number
}

/**
 * The inputs of two folders that have ground truth, in two halves by the seed; of an odd number the tuning half has one more.
 *
 * @throws SemplesError `SEMPLES_NO_MASKS` for fewer than two, and what reading the folders throws
 */
export async function halvesOf(
  folders: RefineFolders,
  groundTruth: string,
  seed: number,
  reading: ReadMaskOptions,
): Promise<Halves> {
  const inputs = await inputsOfFolders(folders)
  const truths = new Map((await truthPictures(groundTruth, undefined, reading)).map((truth) => [truth.id, truth]))
  const pairs = new Pairs(
    new Map([...truths.keys()].map((id) => [id, [id]])),
    inputs.map(({ name }) => name),
  )
  const judged = inputs.flatMap((input): JudgedInput[] => {
    const [id, other] = pairs.of(input.name)
    return id === undefined || other !== undefined ? [] : [{ input, truth: truths.get(id)! }]
  })
  if (judged.length < 2) throw tooFew(judged, inputs, [...truths.keys()], groundTruth)
  const order = [...new Random(seed, 'tune', 'halves').permutation(judged.length)]
  const chosen = new Set(order.slice(0, Math.ceil(judged.length / 2)))
  return {
    tuning: judged.filter((_, index) => chosen.has(index)),
    heldOut: judged.filter((_, index) => !chosen.has(index)),
    others: inputs.length - judged.length,
  }
}

function tooFew(
  judged: readonly JudgedInput[],
  inputs: readonly FolderInput[],
  ids: readonly string[],
  groundTruth: string,
): SemplesError {
  const found = judged.length === 0 ? 'No picture has' : 'One picture alone has'
  const names = (list: readonly string[]) =>
    list.length === 0 ? 'none' : `${list.slice(0, 3).join(', ')}${list.length > 3 ? ', ...' : ''}`
  return new SemplesError('SEMPLES_NO_MASKS', {
    message: `${found} a ground-truth mask in ${groundTruth}: the masks there are ${names(ids)}, the pictures ${names(inputs.map(({ name }) => name))}.`,
    field: 'groundTruth',
    file: groundTruth,
    expected: 'masks <picture>.png of two pictures or more',
  })
}
