import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { path, special } from '../../base/fields.js'
import { voc2012Classes } from '../classes/voc2012.js'
import { datasetKind } from '../kind.js'
import { voc2012 } from '../voc2012.js'

const list = { path: 'if-path' } as const

/** PASCAL VOC 2012, also in `VOC2012/` or `VOCdevkit/VOC2012/` within the folder that is named. */
export const voc2012Kind = datasetKind({
  kind: 'voc2012',
  title: 'PASCAL VOC 2012',
  schema: z.strictObject({
    voc2012: path('The folder VOCdevkit/VOC2012.', 'a folder'),
    // The 10,582 pictures that published results train on.
    trainSplit: path('List to train on, by name or path.', 'a list such as train, or its path', list).default(
      'train_aug',
    ),
    evalSplit: path('List to evaluate on, by name or path.', 'a list such as val, or its path', list).default('val'),
    labels: path(
      'Labels file, CSV (file,labels), JSON or cls_labels.npy, for pictures without an XML file.',
      'a CSV, JSON or .npy file',
    ).optional(),
    masks: special(
      z.string().min(1),
      'Folder with ground-truth masks, by name or path. Default: SegmentationClassAug for train_aug, else SegmentationClass.',
      'a folder',
      { form: 'text' },
    ).optional(),
  }),
  classTables: { voc2012: voc2012Classes },
  listField: (split) => (split === 'train' ? 'trainSplit' : 'evalSplit'),
  detect: async (folder) => {
    if (existsSync(join(folder, 'scenes.json'))) return undefined
    const root = ['', 'VOC2012', join('VOCdevkit', 'VOC2012')].map((inner) => join(folder, inner)).find(isVoc)
    return root === undefined ? undefined : { voc2012: root }
  },
  open: ({ voc2012: root, trainSplit, evalSplit, ...rest }, split) =>
    voc2012({ root, split: split === 'train' ? trainSplit : evalSplit, ...rest }),
})

function isVoc(folder: string): boolean {
  return existsSync(join(folder, 'ImageSets')) && existsSync(join(folder, 'JPEGImages'))
}
