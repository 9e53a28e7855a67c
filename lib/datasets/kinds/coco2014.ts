import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { choice, path, special } from '../../base/fields.js'
import { coco2014Classes } from '../classes/coco2014.js'
import { coco2014 } from '../coco2014.js'
import { datasetKind } from '../kind.js'

/** COCO 2014. */
export const coco2014Kind = datasetKind({
  kind: 'coco2014',
  title: 'COCO 2014',
  schema: z.strictObject({
    coco2014: path('The folder with annotations/, train2014/, val2014/.', 'a folder'),
    trainList: path('File that lists the pictures to train on. Default: all of train2014.', 'a text file').optional(),
    evalList: path('File that lists the pictures to evaluate on. Default: all of val2014.', 'a text file').optional(),
    classes: special(
      z.union([z.literal(80), z.literal(90)]),
      'The 80 annotated classes with ids 1 to 80, or 90: ids are COCO category ids, as in published checkpoints.',
      '80 or 90',
    ).default(80),
    labels: path(
      "Labels file, CSV (file,labels), JSON or cls_labels.npy, whose labels are taken instead of the annotations'.",
      'a CSV, JSON or .npy file',
    ).optional(),
    crowd: choice(['class', 'void'], 'What crowd regions become in masks: their class, or void (255).').default(
      'class',
    ),
  }),
  // Published COCO checkpoints have 90 classes.
  published: { classes: 90 },
  classTables: { coco2014: coco2014Classes },
  listField: (split) => (split === 'train' ? 'trainList' : 'evalList'),
  detect: async (folder) => {
    const annotations = await readdir(join(folder, 'annotations')).catch(() => [])
    return annotations.some((name) => /^instances_.*\.json$/.test(name)) ? { coco2014: folder } : undefined
  },
  open: ({ coco2014: root, trainList, evalList, ...rest }, split) =>
    split === 'train'
      ? coco2014({ root, split: 'train2014', list: trainList, ...rest })
      : coco2014({ root, split: 'val2014', list: evalList, ...rest }),
})
