import { existsSync } from 'node:fs'
import { resolve, sep } from 'node:path'

/** A folder of one's own pictures. */
export interface FolderData {
  /** The pictures: jpg, jpeg, png, webp, tif, tiff, gif, avif. Without `labels`: one sub-folder a class. */
  folder: string
  /** CSV (`file,labels`, labels separated by `;`) or JSON with the labels of each picture, as a path or a name inside the folder. */
  labels?: string
  /** classes.json with ids, labels, prompts and colours, as a path or a name inside the folder. Default: the labels in alphabetical order. */
  classes?: string
  /** Folder with ground-truth masks, `<picture>.png`, opened by evaluation alone. */
  masks?: string
}

/** PASCAL VOC 2012. */
export interface Voc2012Data {
  /** The folder `VOCdevkit/VOC2012`. */
  voc2012: string
  /** List to train on, by name or path. Default `train_aug`, the 10,582 pictures that published results train on. */
  trainSplit?: string
  /** List to evaluate on, by name or path. Default `val`. */
  evalSplit?: string
  /** Labels file for pictures that have no XML file. */
  labels?: string
  /** Folder with the masks, by name or path. Default `SegmentationClassAug` for `train_aug`, else `SegmentationClass`. */
  masks?: string
}

/** COCO 2014. */
export interface Coco2014Data {
  /** The folder with `annotations/`, `train2014/`, `val2014/`. */
  coco2014: string
  /** File that lists the pictures to train on. Default: all of train2014. */
  trainList?: string
  /** File that lists the pictures to evaluate on. Default: all of val2014. */
  evalList?: string
  /** 80: the annotated classes with contiguous ids. 90: ids are COCO category ids, as in published checkpoints. Default 80; 90 with `reference`. */
  classes?: 80 | 90
  /** What crowd regions become in masks: their class, or void (255). Default `class`. */
  crowd?: 'class' | 'void'
}

/** Which pictures, with which labels. */
export type DataSpec = FolderData | Voc2012Data | Coco2014Data

/** The same data with paths that hold from any working directory. */
export function absoluteData(data: DataSpec): DataSpec {
  if ('voc2012' in data) {
    return defined({
      ...data,
      voc2012: resolve(data.voc2012),
      trainSplit: listPath(data.trainSplit),
      evalSplit: listPath(data.evalSplit),
      labels: absolute(data.labels),
    })
  }
  if ('coco2014' in data) {
    return defined({
      ...data,
      coco2014: resolve(data.coco2014),
      trainList: absolute(data.trainList),
      evalList: absolute(data.evalList),
    })
  }
  return defined({
    ...data,
    folder: resolve(data.folder),
    labels: besideOrWithin(data.labels),
    classes: besideOrWithin(data.classes),
    masks: absolute(data.masks),
  })
}

function absolute(path: string | undefined): string | undefined {
  return path === undefined ? undefined : resolve(path)
}

/** A split is a path where it looks like one. */
function listPath(split: string | undefined): string | undefined {
  const path = split !== undefined && (split.includes('/') || split.includes(sep) || split.endsWith('.txt'))
  return path ? resolve(split) : split
}

/** A file in the working directory; where there is none, the name is meant inside the folder of the data. */
function besideOrWithin(name: string | undefined): string | undefined {
  return name !== undefined && existsSync(resolve(name)) ? resolve(name) : name
}

function defined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as T
}
