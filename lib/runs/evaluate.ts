import { refuseUseless } from '../base/useless.js'
import type { RunConfig } from '../config/types.js'
import { openClassTable } from '../datasets/classes/builtIn.js'
import type { ClassTable } from '../datasets/dataset.js'
import { requireSplits } from '../datasets/open.js'
import { tableBeside } from '../datasets/predictions/classTables.js'
import { type EvaluatePicturesOptions, type Evaluation, evaluatePictures } from '../evaluate/evaluate.js'
import { openTruth } from './truthClasses.js'

export type EvaluateOptions = Omit<EvaluatePicturesOptions, 'classes' | 'groundTruth' | 'besideTruth'> & {
  /** Folder of ground-truth masks `<id>.png`; or data as in `trainSemPLeS`, whose `val` split is used; or a data set. */
  groundTruth: EvaluatePicturesOptions['groundTruth'] | RunConfig['data']
  /** With `groundTruth` given as data: which split. Default `val`. */
  split?: 'train' | 'val'
  /** `voc2012`, `coco2014`, the path of a classes.json (a run has one), or a table. Default: those of the data. */
  classes?: ClassTable | string
}

/** `evaluate` of the public API, documented in lib/api/masks.ts. */
export async function evaluate({ groundTruth, split, classes, ...options }: EvaluateOptions): Promise<Evaluation> {
  refuseUselessOf(options, typeof groundTruth === 'string')
  const isOpen = typeof groundTruth === 'string' || 'items' in groundTruth
  if (isOpen) refuseUseless({ split }, 'with a folder of masks or a data set that is open: those are the pictures')
  else requireSplits(groundTruth, split)
  const table = typeof classes === 'string' ? await openClassTable(classes) : classes
  const truth =
    typeof groundTruth === 'string'
      ? { groundTruth, besideTruth: await tableBeside(groundTruth) }
      : 'items' in groundTruth
        ? { groundTruth }
        : await openTruth(groundTruth, split ?? 'val', table, options.masks ?? options.cams)
  return evaluatePictures({ ...options, classes: table, ...truth })
}

/** Options of maps beside masks, and of masks where none is read. */
function refuseUselessOf(
  {
    masks,
    cams,
    camClasses,
    camLabels,
    classOffset,
    values,
    axes,
    entry,
    thresholds,
    greedy,
    maskColors,
    boundary,
    confusions,
    minArea,
    bootstrap,
    seed,
    against,
  }: Partial<EvaluateOptions>,
  truthInFolder: boolean,
): void {
  if (cams === undefined && masks !== undefined)
    refuseUseless(
      { camClasses, camLabels, classOffset, values, axes, entry, thresholds, greedy: greedy || undefined },
      'without cams: it is for maps',
    )
  if (masks === undefined && cams !== undefined)
    refuseUseless(
      {
        boundary: boundary || undefined,
        confusions: confusions || undefined,
        bootstrap: bootstrap || undefined,
        ...{ minArea, seed, against },
      },
      'with cams: it is for masks',
      'Make masks of the maps at a threshold (semples masks --threshold NUMBER, semples refine), and evaluate those.',
    )
  if (masks === undefined && cams !== undefined && !truthInFolder)
    refuseUseless({ maskColors }, 'without a folder of masks')
}
