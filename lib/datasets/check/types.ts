import type { DataSpec } from '../kinds.js'

export interface CheckDataOptions {
  /** Data as in `trainSemPLeS`, or a folder, which is recognised as on the command line. */
  data: DataSpec | string
  /** Labels file, where `data` is a folder. */
  labels?: string
  /** Classes of a folder of pictures: a classes.json, or `voc2012`, `coco2014`, `coco2014-90`. */
  classes?: string
  /** Folder of the pictures, where `data` is a COCO JSON. */
  images?: string
  /** Share of the pictures that is kept for evaluation, where `data` is a folder of pictures. */
  val?: number
  /** Which pictures of a data set that has two sets of them. Default `train`. */
  split?: 'train' | 'val'
  /** Pictures that are read at a time. Default 4. */
  concurrency?: number
  onProgress?(done: number, total: number): void
  signal?: AbortSignal
}

/** Something to know about data, with what to do about it. */
export interface DataFinding {
  /** `stop`: training cannot start; `warning`: it can, and something is most likely wrong; `note`: as it should be. */
  level: 'stop' | 'warning' | 'note'
  /** A sentence. */
  message: string
  /** What to do about it, in a sentence. */
  advice?: string
}

/** A class and the pictures that show it. */
export interface CheckedClass {
  id: number
  label: string
  /** What CLIP is asked for. */
  prompt: string
  /** Pictures with this label. */
  pictures: number
}

/** Width and height of a picture as it is shown. */
export interface CheckedSize {
  width: number
  height: number
}

/** What data were taken for, and what was found in them. */
export interface DataCheck {
  /** Whether training can start. */
  canTrain: boolean
  /** What it was taken for: `a folder of pictures`, `PASCAL VOC 2012`. Absent where it could not be told. */
  kind?: string
  /** As `Dataset.name`: `folder photos`. */
  name?: string
  /** Where the labels come from, in a line. */
  labels?: string
  pictures: number
  /** Pictures without a label: left out of training. */
  unlabelled: number
  classes: CheckedClass[]
  /** Pictures that have a mask that can be read; absent where there can be none. */
  masks?: number
  /** Of the pictures that can be read, by their area. */
  sizes?: { smallest: CheckedSize; median: CheckedSize; largest: CheckedSize }
  /** Ids of pictures that cannot be read, with the reason. */
  unreadable: { id: string; image: string; reason: string }[]
  /** Groups of ids whose files have the same content. */
  duplicates: string[][]
  findings: DataFinding[]
}
