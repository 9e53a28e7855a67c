import { SemplesError } from '../base/error.js'
import { type Coco2014Options, coco2014 } from './coco2014.js'
import type { Dataset } from './dataset.js'
import { type FolderOptions, folder } from './folder.js'
import { type Voc2012Options, voc2012 } from './voc2012.js'

/** VOC 2012 as a config names it. */
export interface Voc2012Spec extends Omit<Voc2012Options, 'root' | 'split'> {
  /** The folder `VOCdevkit/VOC2012`. */
  voc2012: string
  /** Default `train_aug`, the 10,582 pictures that published results train on. */
  trainSplit?: Voc2012Options['split']
  /** Default `val`. */
  evalSplit?: Voc2012Options['split']
}

/** COCO 2014 as a config names it. */
export interface Coco2014Spec extends Omit<Coco2014Options, 'root' | 'split' | 'list'> {
  /** The folder with `annotations/`, `train2014/`, `val2014/`. */
  coco2014: string
  /** List of the pictures to train on; default all of train2014. */
  trainList?: string
  /** List of the pictures to evaluate on; default all of val2014. */
  evalList?: string
}

/** Which pictures, with which labels. */
export type DataSpec = FolderOptions | Voc2012Spec | Coco2014Spec

/**
 * Opens the pictures to train on (`train`) or to evaluate on (`val`). A plain folder has one set of pictures for both.
 *
 * @throws SemplesError `SEMPLES_DATA_INVALID` for a spec that names no kind of data, and what `folder`, `voc2012` and
 *   `coco2014` throw
 */
export async function openDataset(spec: DataSpec, split: 'train' | 'val'): Promise<Dataset> {
  if ('voc2012' in spec) {
    const { voc2012: root, trainSplit = 'train_aug', evalSplit = 'val', ...rest } = spec
    return voc2012({ root, split: split === 'train' ? trainSplit : evalSplit, ...rest })
  }
  if ('coco2014' in spec) {
    const { coco2014: root, trainList, evalList, ...rest } = spec
    return split === 'train'
      ? coco2014({ root, split: 'train2014', list: trainList, ...rest })
      : coco2014({ root, split: 'val2014', list: evalList, ...rest })
  }
  if ('folder' in spec) return folder(spec)
  throw new SemplesError('SEMPLES_DATA_INVALID', {
    message: 'The data names no kind of data set.',
    field: 'data',
    value: spec,
    expected: '{ folder }, { voc2012 } or { coco2014 }',
  })
}
