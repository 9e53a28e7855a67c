import type { RunConfig } from '../config/types.js'
import { readClassTable } from '../datasets/classes/classTableFile.js'
import { coco2014Classes } from '../datasets/classes/coco2014.js'
import { voc2012Classes } from '../datasets/classes/voc2012.js'
import type { ClassTable } from '../datasets/dataset.js'
import { openDataset } from '../datasets/open.js'
import { type EvaluatePicturesOptions, type Evaluation, evaluatePictures } from '../evaluate/evaluate.js'

export type EvaluateOptions = Omit<EvaluatePicturesOptions, 'classes' | 'groundTruth'> & {
  /** Folder of ground-truth masks `<id>.png`; or data as in `trainSemPLeS`, whose `val` split is used; or a data set. */
  groundTruth: EvaluatePicturesOptions['groundTruth'] | RunConfig['data']
  /** With `groundTruth` given as data: which split. Default `val`. */
  split?: 'train' | 'val'
  /** `voc2012`, `coco2014`, the path of a classes.json (a run has one), or a table. Default: those of the data. */
  classes?: ClassTable | string
}

const CLASS_TABLES: Readonly<Record<string, ClassTable>> = { voc2012: voc2012Classes, coco2014: coco2014Classes }

/** `evaluate` of the public API, documented in lib/api/masks.ts. */
export async function evaluate({
  groundTruth,
  split = 'val',
  classes,
  ...options
}: EvaluateOptions): Promise<Evaluation> {
  return evaluatePictures({
    ...options,
    classes: typeof classes === 'string' ? (CLASS_TABLES[classes] ?? (await readClassTable(classes))) : classes,
    groundTruth:
      typeof groundTruth === 'string' || 'items' in groundTruth ? groundTruth : await openDataset(groundTruth, split),
  })
}
