import { basename, extname } from 'node:path'
import { SemplesError } from '../base/error.js'
import { didYouMean } from '../datasets/classes/classTableFile.js'
import type { ClassTable, Dataset, DatasetItem } from '../datasets/dataset.js'
import type { DataSpec } from '../datasets/kinds.js'
import { openUnlabelled } from '../datasets/open.js'
import type { MaskGenerator } from '../models/maskGenerator.js'
import { resizeImage } from '../pictures/resize.js'
import type { PreparedPicture } from './picture.js'
import { openWithClassesOf, type RunClasses } from './runClasses.js'

/**
 * Which classes the mask of a picture may hold:
 * - `given`: the image-level labels of the data;
 * - `predicted`: the classes whose score, the sigmoid of the generator's class logit, reaches the threshold of the class;
 * - labels by picture (path inside the folder, or file name): `{ 'boat1.jpg': ['boat'] }`; pictures that are not named have none;
 * - a list of labels: the same for every picture.
 *
 * With anything but `given` the data need no labels: a plain folder of pictures will do.
 */
export type Labels = 'given' | 'predicted' | readonly string[] | Readonly<Record<string, readonly string[]>>

/** Where labels come from, in one word. */
export type LabelSource = 'given' | 'predicted' | 'list'

export interface LabelOptions {
  /** Default `given`. */
  labels?: Labels
  /**
   * With `predicted`: the lowest score of a class that counts as present, 0 to 1, one for all classes. Default: one for
   * each class, with which the labels of the training pictures are predicted best (F1), as the run has stored.
   */
  labelThreshold?: number
}

/** Pictures, and how each comes by its labels. */
export interface LabelledPictures {
  /** With `predicted`, items have no labels until they are asked for. */
  dataset: Dataset
  source: LabelSource
  /** With `predicted`: the lowest score of each class that counts as present; Infinity for a class that never does. */
  thresholds?: readonly number[]
  /** The picture with its labels; they are predicted by the generator where that is asked for. */
  label(picture: PreparedPicture, generator: MaskGenerator): Promise<LabelledPicture>
}

export interface LabelledPicture extends PreparedPicture {
  /** Where the labels are predicted: the score of each class, 0 to 1. */
  scores?: readonly number[]
}

/**
 * Opens pictures and gives them the labels that `options` ask for.
 *
 * @param run the classes of the run, by which labels are understood whatever ids the data give them
 * @param thresholdsFor gives the thresholds of the run for predicted labels, or with the one that is given for all classes
 * @throws SemplesError `SEMPLES_CONFIG_INVALID`, `SEMPLES_CLASS_UNKNOWN`, `SEMPLES_PICTURE_MISSING`,
 *   `SEMPLES_CLASSES_DIFFER`, and what opening the data throws
 */
export async function openLabelled(
  data: DataSpec,
  split: 'train' | 'val',
  run: RunClasses,
  options: LabelOptions,
  thresholdsFor: (given: number | undefined) => Promise<readonly number[]>,
): Promise<LabelledPictures> {
  checkOptions(options)
  const { labels = 'given', labelThreshold } = options
  if (labels === 'given') {
    const dataset = await openWithClassesOf(data, split, run).catch(offerPrediction)
    return { dataset, source: 'given', label: async (picture) => picture }
  }
  const dataset = await openUnlabelled(data, split, run.classes)
  if (labels === 'predicted') {
    const thresholds = await thresholdsFor(labelThreshold)
    return {
      dataset,
      source: 'predicted',
      thresholds,
      label: async (picture, generator) => {
        const scores = await labelScores(generator, picture)
        const own = [...scores.keys()].filter((index) => scores[index]! >= thresholds[index]!)
        return { ...picture, item: { ...picture.item, labels: own }, scores }
      },
    }
  }
  const items = isList(labels) ? sameForAll(dataset, labels) : namedLabels(dataset, labels)
  return { dataset: { ...dataset, items }, source: 'list', label: async (picture) => picture }
}

/** Longer pictures are made this long to score their classes: generators are trained on fewer pixels. */
const SCORED_SIDE = 640

/** The score of each class, the sigmoid of its logit, of a picture at its own size. */
export async function labelScores(generator: MaskGenerator, { scales: [own] }: PreparedPicture): Promise<number[]> {
  const { width, height } = own!
  const factor = Math.min(1, SCORED_SIDE / Math.max(width, height))
  const picture =
    factor === 1
      ? own!
      : await resizeImage(own!, Math.ceil(factor * width), Math.ceil(factor * height), { mode: 'fast' })
  const { logits } = await generator.cams([picture], [], { flip: false })
  return Array.from(logits, (logit) => 1 / (1 + Math.exp(-logit)))
}

function isList(labels: Exclude<Labels, string>): labels is readonly string[] {
  return Array.isArray(labels)
}

function sameForAll({ items, classes }: Dataset, labels: readonly string[]): DatasetItem[] {
  const indices = indicesOf(labels, 'labels', classes)
  return items.map((item) => ({ ...item, labels: indices }))
}

function namedLabels(dataset: Dataset, labels: Readonly<Record<string, readonly string[]>>): DatasetItem[] {
  const byId = new Map<string, readonly number[]>()
  const find = pictureFinder(dataset)
  for (const [name, own] of Object.entries(labels))
    byId.set(find(name).id, indicesOf(own, `labels[${JSON.stringify(name)}]`, dataset.classes))
  return dataset.items.map((item) => ({ ...item, labels: byId.get(item.id) ?? [] }))
}

/** Finds pictures by id, by id with extension, or by the bare file name where only one picture has it. */
function pictureFinder({ items, name: where }: Dataset): (name: string) => DatasetItem {
  const exact = new Map<string, DatasetItem>()
  const byFile = new Map<string, DatasetItem[]>()
  for (const item of items) {
    exact.set(item.id, item)
    exact.set(`${item.id}${extname(item.image)}`, item)
    const file = basename(item.image)
    byFile.set(file, [...(byFile.get(file) ?? []), item])
  }
  return (name) => {
    const found = exact.get(name) ?? byFile.get(name)
    if (found !== undefined && !Array.isArray(found)) return found
    if (found?.length === 1) return found[0]!
    throw new SemplesError('SEMPLES_PICTURE_MISSING', {
      message: `Labels are given for a picture that is ${found === undefined ? 'not' : `${found.length} times`} in ${where}.`,
      field: 'labels',
      value: name,
      expected: 'a path inside the folder, with or without extension, or a file name that occurs once',
      hint: 'Check the folder, the spelling and the extension (upper and lower case differ).',
    })
  }
}

/**
 * Indices of labels in a class table, ascending, each once.
 * @throws SemplesError `SEMPLES_CLASS_UNKNOWN` with the nearest spelling
 */
export function indicesOf(labels: readonly string[], field: string, table: ClassTable): number[] {
  const indices = labels.map((label) => {
    const index = table.classes.findIndex((entry) => entry.label === label)
    if (index >= 0) return index
    throw new SemplesError('SEMPLES_CLASS_UNKNOWN', {
      message: `The label "${label}" is not in the class table ${table.name}.`,
      field,
      value: label,
      hint: didYouMean(label, table),
    })
  })
  return [...new Set(indices)].sort((one, other) => one - other)
}

/** Pictures without labels are an ordinary wish here. */
function offerPrediction(error: unknown): never {
  if (!(error instanceof SemplesError) || error.code !== 'SEMPLES_NO_LABELS') throw error
  throw new SemplesError(error.code, {
    message: `The pictures of ${error.file} have no labels.`,
    file: error.file,
    hint: `${error.hint} Or let the generator predict the labels: labels: 'predicted' (--labels predicted).`,
    cause: error,
  })
}

function checkOptions({ labels = 'given', labelThreshold }: LabelOptions): void {
  const texts = (value: unknown): boolean => Array.isArray(value) && value.every((label) => typeof label === 'string')
  const known =
    labels === 'given' ||
    labels === 'predicted' ||
    texts(labels) ||
    (typeof labels === 'object' && labels !== null && Object.values(labels).every(texts))
  if (!known)
    throw new SemplesError('SEMPLES_CONFIG_INVALID', {
      message: 'That does not say where the labels of the pictures come from.',
      field: 'labels',
      value: labels,
      expected: "'given', 'predicted', a list of labels, or lists of labels by picture",
    })
  if (labelThreshold === undefined) return
  if (labels !== 'predicted')
    throw new SemplesError('SEMPLES_CONFIG_INVALID', {
      message: 'A threshold for predicted labels is given, and labels are not predicted.',
      field: 'labelThreshold',
      value: labelThreshold,
      hint: "Add labels: 'predicted' (--labels predicted), or leave the threshold out.",
    })
  if (!(labelThreshold >= 0 && labelThreshold <= 1))
    throw new SemplesError('SEMPLES_CONFIG_INVALID', {
      message: 'The threshold for predicted labels is out of range.',
      field: 'labelThreshold',
      value: labelThreshold,
      expected: '0 to 1',
    })
}
