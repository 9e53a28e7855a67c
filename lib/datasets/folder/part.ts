import { count } from '../../base/count.js'
import { SemplesError } from '../../base/error.js'
import type { Dataset } from '../dataset.js'
import { drawShare } from '../share.js'
import type { FolderContents, FolderPicture } from './folderPicture.js'

/** How pictures without a split of their own are divided. */
export interface ShareOptions {
  /**
   * Share of the pictures that is kept for evaluation, above 0 and below 1. Both sides have each class in about the same
   * proportion, and files of one content stay on one side. Default: there is one set of pictures for training and evaluation.
   */
  val?: number
  /** Seed of that draw. Default 0. */
  valSeed?: number
  /** With `val`: which of the two. Default `train`. */
  split?: 'train' | 'val'
}

/**
 * The pictures of one side.
 * @throws SemplesError `SEMPLES_ARGUMENT_INVALID` where they cannot be divided
 */
export async function partOf<Picture extends FolderPicture>(
  contents: Omit<FolderContents, 'pictures'> & { pictures: Picture[] },
  { val, valSeed = 0, split = 'train' }: ShareOptions,
  where: string,
): Promise<Omit<FolderContents, 'pictures'> & { pictures: Picture[] }> {
  if (val === undefined) return contents
  const { pictures } = contents
  const dealt = pictures.map(({ file, image, labels }) => ({ name: file.normalize(), image, labels }))
  const kept = await drawShare(dealt, val, valSeed)
  const side = (wanted: boolean) => pictures.filter((_, index) => kept[index] === wanted)
  const [train, evaluated] = [side(false), side(true)]
  if (train.length === 0 || evaluated.length === 0) throw tooFew(where, val, pictures.length)
  const mine = split === 'val' ? evaluated : train
  return {
    pictures: mine,
    described: `${contents.described}; ${count(evaluated.length, 'picture')} kept for evaluation (val ${val})${split === 'val' ? '' : `, ${train.length} to train on`}`,
    warnings: [...contents.warnings, ...(split === 'val' ? absentClasses(train, evaluated) : [])],
  }
}

/** The items of one side of an open data set. */
export async function partOfDataset(dataset: Dataset, options: ShareOptions): Promise<Dataset> {
  if (options.val === undefined) return dataset
  const { items, classes, name, described = name, warnings = [] } = dataset
  const pictures = items.map((item) => {
    const labels = item.labels.map((index) => classes.classes[index]!.label)
    return { file: item.id, image: item.image, labels, origin: name, item }
  })
  const part = await partOf({ pictures, described, warnings: [...warnings] }, options, name)
  return {
    ...dataset,
    name: nameOfPart(name, options),
    items: part.pictures.map(({ item }) => item),
    described: part.described,
    warnings: part.warnings,
  }
}

/** What a data set of one side is called. */
export function nameOfPart(name: string, { val, split = 'train' }: ShareOptions): string {
  return val === undefined ? name : `${name} (${split} part, val ${val})`
}

/** Classes that are too rare to be on both sides. */
function absentClasses(train: readonly FolderPicture[], evaluated: readonly FolderPicture[]): string[] {
  const labelsOf = (pictures: readonly FolderPicture[]) => new Set(pictures.flatMap(({ labels }) => labels))
  const there = labelsOf(evaluated)
  const absent = [...labelsOf(train)].filter((label) => !there.has(label))
  if (absent.length === 0) return []
  const named = absent.slice(0, 6).join(', ') + (absent.length > 6 ? ` and ${absent.length - 6} more` : '')
  return [`No picture that is kept for evaluation shows ${named}: too few pictures do.`]
}

function tooFew(where: string, val: number, pictures: number): SemplesError {
  return new SemplesError('SEMPLES_ARGUMENT_INVALID', {
    message: `The ${count(pictures, 'picture')} of ${where} cannot be divided into pictures to train on and pictures to evaluate on.`,
    field: 'val',
    value: val,
    hint: 'Files of one content stay together, and a class keeps a picture to train on: add pictures, or leave val (--val) out.',
  })
}
