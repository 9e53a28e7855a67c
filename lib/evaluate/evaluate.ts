import { SemplesError } from '../base/error.js'
import { Warnings } from '../base/warnings.js'
import { idsByLabel, idsWithBackground } from '../datasets/classes/ids.js'
import type { ClassTable, Dataset } from '../datasets/dataset.js'
import { ImageLabels } from '../datasets/imageLabels.js'
import { readCams } from '../datasets/predictions/camFiles.js'
import { PredictedFolder } from '../datasets/predictions/predictedFolder.js'
import { CountedKeys } from '../formats/camFile/countedKeys.js'
import type { AxesOrder } from '../formats/camFile/maps.js'
import type { ScoreKind } from '../formats/camFile/scores.js'
import type { MaskColors } from '../masks/colors.js'
import { maskPalette } from '../masks/palette.js'
import type { ReadMaskOptions } from '../masks/png.js'
import { type DetailOptions, type Details, detailsOf } from './detailOptions.js'
import { type EvaluationDetails, evaluationDetails } from './details.js'
import { type EachPictureOptions, forEachPicture, nameOf } from './eachPicture.js'
import { MaskCounts } from './maskCounts.js'
import { leftOutWarnings, maskMissing, nothingInCommon } from './missingMasks.js'
import { type ClassScores, type Scores, scores } from './scores.js'
import { bestPoint, greedyPart, hundredths, SweepCounter, type SweepPoint } from './sweep.js'
import { warningsOf } from './warnings.js'

export interface EvaluatePicturesOptions extends DetailOptions {
  /** Folder of masks to evaluate, `<id>.png`: indexed or grey PNGs whose pixel values are class ids. Either this or `cams`. */
  masks?: string
  /**
   * Folder of class activation maps to judge at every threshold: `<id>.npz`, `<id>.npy` and the other files that
   * `readCamFile` reads, of semples and of other programs. A map of class 0 competes with the threshold for the background.
   * Maps of another size are resized to that of the ground truth, bilinear, as those that are refined.
   */
  cams?: string
  /** For `cams`: class id of each map, in map order, where the files do not say it. */
  camClasses?: readonly number[]
  /** For `cams`: what is added to the classes of the files to get class ids; default by the rule at `readCamFile`. */
  classOffset?: number
  /**
   * For `cams`: what their numbers are, as in `refineMask`: `probabilities` (default; numbers far outside 0 to 1 are refused,
   * unless `thresholds` go there too), `logits`, `raw` or `energies`.
   */
  values?: ScoreKind
  /** For `cams`: order of the axes of arrays of several maps, `chw` (default) or `hwc`. */
  axes?: AxesOrder
  /** For `cams`: name of the array to take of files that hold several. */
  entry?: string
  /**
   * For `cams`: a file of image-level labels in any form that `trainSemPLeS` reads (`labels.csv`, `cls_labels.npy`), or `data`
   * for those of the data set that is the ground truth: only maps of the labels of a picture are judged, and one of the
   * background. Every picture must be named. Default: all maps.
   */
  camLabels?: string
  /** Folder of ground-truth masks, `<id>.png`, or a data set that has masks. */
  groundTruth: string | Dataset
  /** The class table that lies beside the ground truth, to be compared with the one in use. */
  besideTruth?: { file: string; table: ClassTable }
  /** The classes and their pixel values. Default: those of the data set; needed with a folder. */
  classes?: ClassTable
  /**
   * Ids of the pictures to evaluate, each of which must have a mask. Default: every picture with ground truth.
   */
  ids?: readonly string[]
  /**
   * What counts in an indexed PNG that has the colours of the class table at other places: `refuse` (default), `use` (ids by
   * colour) or `ignore` (ids are the indices). For `masks` and for a folder of ground truth.
   */
  maskColors?: MaskColors
  /** Background thresholds for `cams`, ascending. Default 0.00, 0.01, ... 0.99. */
  thresholds?: readonly number[]
  /**
   * Stop the sweep at the first threshold that is not better than the best so far, as the paper's code does (with
   * `thresholds: hundredths(40, 60)`). Finds the first local maximum only. Default false: the whole curve.
   */
  greedy?: boolean
  /** Called after each picture. */
  onProgress?: (progress: { done: number; total: number }) => void
  /** Stops between pictures with the signal's reason. */
  signal?: AbortSignal
}

/** All scores are fractions from 0 to 1; NaN for a class that is in neither ground truth nor masks. */
export interface Evaluation extends Omit<Scores, 'perClass'>, EvaluationDetails {
  /** Background first, then the classes in the order of their table. */
  perClass: (ClassScores & { label: string })[]
  /** Number of pictures evaluated. */
  pictures: number
  /** What makes the scores doubtful, one sentence each, for people. */
  warnings: string[]
  /** For `cams`: mean IoU at every threshold evaluated. */
  curve?: SweepPoint[]
  /** For `cams`: the best point of the curve; all other scores are those at its threshold. */
  best?: SweepPoint
}

/**
 * Compares masks, or class activation maps at a sweep of background thresholds, with ground truth: mean IoU over the
 * classes and the background, per-class IoU, precision and recall. Void pixels (255) of the ground truth are ignored.
 *
 * @throws SemplesError `SEMPLES_CONFIG_INVALID` (options that contradict each other), `SEMPLES_NO_MASKS` (no
 * picture with ground truth), `SEMPLES_MASK_MISSING`, `SEMPLES_MASK_SIZE`, `SEMPLES_MASK_CLASS`, `SEMPLES_MASK_MISSING` naming the
 * files, and what reading a mask or a file of maps throws.
 */
export async function evaluatePictures(options: EvaluatePicturesOptions): Promise<Evaluation> {
  const { masks, cams, camClasses, classOffset, axes, entry, greedy = false, thresholds = hundredths(0, 100) } = options
  const details = detailsOf(options)
  const classes = classTableOf(options)
  const ids = idsWithBackground(classes)
  const reading: ReadMaskOptions = { palette: maskPalette(classes.classes), ids, colors: options.maskColors }
  const each = { ...options, classes, reading }
  const evaluated = cams ?? masks
  if (evaluated === undefined || (cams !== undefined && masks !== undefined))
    throw invalid('Give either masks or cams.', 'masks', masks)
  const folder = await PredictedFolder.open(evaluated, classes, reading)
  if (cams === undefined) return evaluateMasks(folder, each, details)
  const { renumbering } = folder
  const counter = new SweepCounter(ids, thresholds)
  const told = new Warnings()
  const keys = new CountedKeys()
  const imageLabels = await imageLabelsOf(options, classes)
  // Whoever gives thresholds beyond 0 to 1 knows that the scores go there.
  const inUnit = thresholds.every((threshold) => threshold >= 0 && threshold <= 1)
  const values = options.values ?? (inUnit ? 'probabilities' : undefined)
  const naming = { classes: camClasses, classOffset, classNames: idsByLabel(classes), known: ids, imageLabels }
  const read = { ...naming, values, axes, entry }
  const seen = await forEachPicture(each, async ({ id, name }, truth) => {
    const { file, warnings: ofFile, countedKeys, ...picture } = await readCams(cams, id, { ...read, size: truth })
    told.add(id, ofFile)
    keys.add(countedKeys)
    if (renumbering !== undefined && camClasses === undefined)
      picture.classIds = picture.classIds.map((classId) => renumbering.idOf(classId, file))
    // Without maps the whole mask is background, whatever its size.
    const { height, width } = picture.classIds.length === 0 ? truth : picture
    counter.add({ ...picture, height, width }, truth, { prediction: file, groundTruth: name })
    return undefined
  })
  const whole = counter.curve()
  const curve = greedy ? greedyPart(whole) : whole
  const best = bestPoint(curve)
  const confusion = counter.confusion(thresholds.indexOf(best.threshold))
  const doubts = warningsOf({ ...aboutOf(each, folder), ...seen, confusion })
  const warnings = [...(imageLabels?.warnings ?? []), ...told.list(), ...keys.warnings(), ...doubts]
  return { ...evaluation(scores(confusion), classes, seen.pictures, warnings), curve, best }
}

/** Masks by themselves, or beside those of another folder. */
async function evaluateMasks(
  folder: PredictedFolder,
  options: EvaluatePicturesOptions & EachPictureOptions,
  details: Details,
): Promise<Evaluation> {
  const { classes, groundTruth, signal } = options
  const names = [{ id: 0, label: 'background' }, ...classes.classes.map(({ id, label }) => ({ id, label }))]
  const other =
    details.against === undefined
      ? undefined
      : await PredictedFolder.openAgainst(details.against, classes, options.reading)
  const counts = new MaskCounts(names, details)
  const ofOther = new MaskCounts(names, details)
  const onlyIn = { onlyInMasks: [] as string[], onlyInAgainst: [] as string[] }
  const seen = await forEachPicture(options, async (picture, truth, pictures) => {
    const file = await folder.find(picture.id)
    const otherFile = await other?.find(picture.id)
    if (file === undefined && otherFile === undefined)
      throw await maskMissing(folder.folder, picture, pictures, nameOf(groundTruth))
    if (file === undefined || (other !== undefined && otherFile === undefined)) {
      onlyIn[file === undefined ? 'onlyInAgainst' : 'onlyInMasks'].push(picture.id)
      return 'left out'
    }
    counts.add(picture.id, await folder.read(file), truth, { prediction: file, groundTruth: picture.name })
    if (otherFile !== undefined) {
      const mask = await other!.read(otherFile)
      ofOther.add(picture.id, mask, truth, { prediction: otherFile, groundTruth: picture.name })
    }
    return undefined
  })
  if (other !== undefined && seen.pictures === 0) throw await nothingInCommon(folder.folder, other.folder, onlyIn)
  const confusion = counts.confusion()
  const warnings = warningsOf({ ...aboutOf(options, folder), ...seen, confusion })
  if (other !== undefined) {
    const ofOthers = warningsOf({ ...aboutOf(options, other), ...seen, confusion: ofOther.confusion() })
    const own = ofOthers.filter((warning) => !warnings.includes(warning))
    warnings.push(...own.map((warning) => `Of the masks in ${other.folder}: ${warning}`))
    warnings.push(...leftOutWarnings(folder.folder, other.folder, onlyIn))
  }
  if (seen.pictures === 1 && (details.bootstrap ?? details.against) !== undefined)
    warnings.push('Every draw of one picture is that picture: the intervals have no width, and say nothing.')
  const more = await evaluationDetails(counts, other && ofOther, { ...details, onlyIn, signal })
  return { ...evaluation(scores(confusion), classes, seen.pictures, warnings), ...more }
}

/** What warnings need to know of a folder. */
function aboutOf(
  { classes, groundTruth, besideTruth }: EvaluatePicturesOptions & EachPictureOptions,
  { folder, stated, renumbering }: PredictedFolder,
) {
  return { classes, groundTruth, besideTruth, evaluated: folder, stated, renumbering }
}

/** Labels that say which maps are judged, as ids of the class table. */
async function imageLabelsOf(
  { camLabels, groundTruth }: EvaluatePicturesOptions,
  classes: ClassTable,
): Promise<ImageLabels | undefined> {
  if (camLabels === undefined) return undefined
  if (camLabels !== 'data') return ImageLabels.read(camLabels, classes)
  if (typeof groundTruth !== 'string') return ImageLabels.ofDataset(groundTruth, classes)
  throw invalid(
    'A folder of masks has no labels (camLabels: data): name a labels file, or give the pictures (--data).',
    'camLabels',
    camLabels,
  )
}

function evaluation(
  { perClass, ...means }: Scores,
  { classes }: ClassTable,
  pictures: number,
  warnings: string[],
): Evaluation {
  const labels = ['background', ...classes.map(({ label }) => label)]
  const labelled = perClass.map((entry, index) => ({ ...entry, label: labels[index]! }))
  return { ...means, perClass: labelled, pictures, warnings }
}

function classTableOf({ classes, groundTruth }: EvaluatePicturesOptions): ClassTable {
  const table = classes ?? (typeof groundTruth === 'string' ? undefined : groundTruth.classes)
  if (table === undefined) throw withoutTable()
  return table
}

function withoutTable(): SemplesError {
  return new SemplesError('SEMPLES_CONFIG_INVALID', {
    message: 'A folder of ground truth does not say its classes: give a class table.',
    field: 'classes',
    hint: "classes: 'voc2012', 'coco2014' or the path of a classes.json (--classes voc2012).",
  })
}

function invalid(message: string, field: string, value: unknown): SemplesError {
  return new SemplesError('SEMPLES_CONFIG_INVALID', { message, field, value })
}
