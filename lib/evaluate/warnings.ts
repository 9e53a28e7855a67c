import { count, listed } from '../base/count.js'
import { voc2012Classes } from '../datasets/classes/voc2012.js'
import type { ClassTable, Dataset } from '../datasets/dataset.js'
import { type Renumbering, renumbered, type StatedTable } from '../datasets/predictions/classTables.js'
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
  /** The table that the masks state, and how their ids were changed to those of the ground truth. */
  stated: StatedTable | undefined
  renumbering: Renumbering | undefined
  /** The class table that lies beside the ground truth. */
  besideTruth: { file: string; table: ClassTable } | undefined
  /** Pictures with labels whose ground truth has pixels of a class; and those of them that have none of these labels. */
  labelled: number
  unlike: number
}

/** What makes the scores doubtful, one sentence each: they say little about the masks. */
export function warningsOf(compared: Compared): string[] {
  const { groundTruth, classes } = compared
  return [
    ...(typeof groundTruth === 'string' ? [] : (groundTruth.warnings ?? [])),
    ...withoutClasses(compared),
    ...disjoint(compared),
    ...(typeof groundTruth === 'string' || labelsAgree(compared)
      ? []
      : otherNames(groundTruth.classes, classes, `the data set ${groundTruth.name}`)),
    ...otherTable(compared),
    ...unlikeLabels(compared),
    ...otherBeside(compared),
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

/** Where one pixel value has two names. */
function otherNames(stated: StatedTable, used: ClassTable, where: string): string[] {
  const names = new Map(used.classes.map(({ id, label }) => [id, label]))
  const different = stated.classes.filter(({ id, label }) => names.get(id) !== label)
  const [first] = different
  if (first === undefined) return []
  const name = names.get(first.id)
  return [
    `${where} has another class table than the one given: there ${first.id} is ${first.label}, here it is ${name ?? 'no class'} (${count(different.length, 'difference')}). Evaluate with the table that the ground truth was drawn with (classes, --classes).`,
  ]
}

/** Where the table of the run that made the masks is another, and what was done about it. */
function otherTable({ stated, renumbering, classes, evaluated }: Compared): string[] {
  if (renumbering !== undefined) return [renumbering.sentence]
  return stated === undefined ? [] : otherNames(stated, classes, `masks.json in ${evaluated}`)
}

/** Whether pictures show by their ground truth what they are labelled with. */
function labelsAgree({ unlike, labelled }: Compared): boolean {
  return labelled > 0 && 2 * unlike <= labelled
}

/** Where labels and pixels contradict each other. */
function unlikeLabels(compared: Compared): string[] {
  const { unlike, labelled, besideTruth } = compared
  if (labelled === 0 || labelsAgree(compared)) return []
  return [
    `The ground truth of ${unlike} of ${count(labelled, 'picture')} holds none of the classes that its picture is labelled with: it has the ids of another class table, and the scores mean nothing. Give the table that it was drawn with (classes, --classes${besideTruth === undefined ? ' FILE' : ` ${besideTruth.file}`}).`,
  ]
}

/** Where a class table lies beside the ground truth that has other ids for the same classes. */
function otherBeside({ besideTruth, classes, labelled, stated }: Compared): string[] {
  const [first] = besideTruth === undefined ? [] : renumbered(besideTruth.table, classes)
  // Labels tell better: where they agree with the pixels, that table is not of this ground truth, and else it was named.
  if (first === undefined || labelled > 0) return []
  return [
    `${besideTruth!.file}, which lies beside the ground truth, has other ids than the class table in use: there ${first.label} is ${first.one}, here ${first.other}. If the ground truth has those ids, evaluate with --classes ${besideTruth!.file} (classes)${stated !== undefined ? '; masks of a run are then matched by name' : ', and with masks that have them too'}.`,
  ]
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
