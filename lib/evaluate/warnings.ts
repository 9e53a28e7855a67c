import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { count } from '../base/count.js'
import { readClassTable } from '../datasets/classes/classTableFile.js'
import { voc2012Classes } from '../datasets/classes/voc2012.js'
import type { ClassTable, Dataset } from '../datasets/dataset.js'
import { VOID_ID } from '../masks/labelMap.js'
import type { Confusion } from './confusion.js'

/** What was compared, once it was. */
export interface Compared {
  classes: ClassTable
  confusion: Confusion
  /** Pixels of each value, 0..255, in all ground-truth masks. */
  truthPixels: Float64Array
  pictures: number
  groundTruth: string | Dataset
  /** Folder of the masks or maps that were evaluated. */
  evaluated: string
}

/** What makes the scores doubtful, one sentence each: they say little about the masks. */
export async function warningsOf(compared: Compared): Promise<string[]> {
  const { groundTruth, classes, evaluated } = compared
  return [
    ...(typeof groundTruth === 'string' ? [] : (groundTruth.warnings ?? [])),
    ...withoutClasses(compared),
    ...disjoint(compared),
    ...(typeof groundTruth === 'string'
      ? []
      : otherNames(groundTruth.classes, classes, `the data set ${groundTruth.name}`)),
    ...(await otherTable(evaluated, classes)),
    ...augmented(compared),
  ]
}

/** Pixel values of classes, with their numbers of pixels. */
function classPixels({ confusion: { ids, counts, unassigned }, truthPixels }: Compared) {
  const predicted = (column: number) => ids.reduce((sum, _, row) => sum + counts[row * ids.length + column]!, 0)
  return {
    truth: ids.filter((id) => id !== 0 && truthPixels[id]! > 0),
    predicted: ids.filter((id, column) => id !== 0 && predicted(column) > 0),
    unassigned: unassigned.reduce((sum, pixels) => sum + pixels, 0),
  }
}

function withoutClasses(compared: Compared): string[] {
  const { truth, predicted, unassigned } = classPixels(compared)
  const warnings: string[] = []
  if (truth.length === 0 && compared.truthPixels[VOID_ID]! > 0)
    warnings.push(
      `No ground-truth mask has a pixel of a class: all are 0 or 255, and 255 (void) is ignored, so the scores are those of the background alone. If 255 is the object, save it with the id of its class, such as ${compared.classes.classes[0]?.id ?? 1}.`,
    )
  else if (truth.length === 0)
    warnings.push(
      'No ground-truth mask has a pixel of a class: all are background, so the scores are those of the background alone.',
    )
  if (predicted.length === 0 && unassigned > 0)
    warnings.push(
      'No mask has a pixel of a class, but some have 255 (void), which counts as missed. If 255 is the object, save it with the id of its class.',
    )
  return warnings
}

function disjoint(compared: Compared): string[] {
  const { truth, predicted } = classPixels(compared)
  if (truth.length === 0 || predicted.length === 0 || truth.some((id) => predicted.includes(id))) return []
  return [
    `Masks and ground truth have no class in common: masks hold the ids ${listed(predicted)}, the ground truth ${listed(truth)}. Do they have the same class table?`,
  ]
}

function listed(ids: readonly number[]): string {
  return ids.length > 8 ? `${ids.slice(0, 8).join(', ')}, ...` : ids.join(', ')
}

/** Where one pixel value has two names. */
function otherNames(stated: ClassTable, used: ClassTable, where: string): string[] {
  const names = new Map(used.classes.map(({ id, label }) => [id, label]))
  const different = stated.classes.filter(({ id, label }) => names.get(id) !== label)
  const [first] = different
  if (first === undefined) return []
  const name = names.get(first.id)
  return [
    `${where} has another class table than the one given: there ${first.id} is ${first.label}, here it is ${name ?? 'no class'} (${count(different.length, 'difference')}). Evaluate with the table that masks and ground truth share (classes, --classes).`,
  ]
}

/** The table of the run that made the masks: named in their masks.json, or kept in the folder of the run. */
async function otherTable(folder: string, used: ClassTable): Promise<string[]> {
  const stated = await statedTable(folder)
  return stated === undefined ? [] : otherNames(stated, used, `masks.json in ${folder}`)
}

async function statedTable(folder: string): Promise<ClassTable | undefined> {
  try {
    const { classes, run } = JSON.parse(await readFile(join(folder, 'masks.json'), 'utf8')) as Record<string, unknown>
    const list: unknown = Array.isArray(classes) ? classes : (classes as ClassTable | undefined)?.classes
    const isTable = Array.isArray(list) && list.every((entry) => typeof entry?.id === 'number' && 'label' in entry)
    if (isTable) return { name: folder, classes: list }
    return typeof run === 'string' ? await readClassTable(join(run, 'classes.json')) : undefined
  } catch {
    // Masks of other programs, a masks.json of something else, or a run that was moved: nothing is said.
    return undefined
  }
}

/** `train` and the pictures of SBD. */
const AUGMENTED = 10_582

function augmented({ classes, groundTruth, pictures }: Compared): string[] {
  const isVoc =
    classes.classes.map(({ label }) => label).join() === voc2012Classes.classes.map(({ label }) => label).join()
  const listed = typeof groundTruth === 'string' ? pictures : groundTruth.items.length
  if (!isVoc || (pictures !== AUGMENTED && listed !== AUGMENTED)) return []
  return [
    'These are the 10,582 pictures of VOC train_aug. Published figures of seeds and pseudo masks are on train, 1,464 pictures, where the same masks score several points lower: evaluate there to compare (--split train --list train).',
  ]
}
