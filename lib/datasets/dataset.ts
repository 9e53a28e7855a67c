import type { LabelMap } from '../masks/labelMap.js'

/** One foreground class. */
export interface ClassEntry {
  /** Pixel value in masks, 1..254. 0 is background, 255 is void. */
  id: number
  /** The name people use for it (`person`). */
  label: string
  /** The name CLIP is asked for (`player`): the text is `a photo of {prompt}.` */
  prompt: string
  /** RGB in palettes and overlays, 0..255. */
  color: readonly [number, number, number]
}

/**
 * A table of foreground classes. The position in `classes` is the index that networks use
 * (class logits, CAM channels, prompts); `id` is the pixel value in masks.
 */
export interface ClassTable {
  /** `voc2012`, `coco2014`, `coco2014-90`, or the user's folder name. */
  name: string
  classes: readonly ClassEntry[]
}

export interface DatasetItem {
  /** Unique in the data set; names output files (`2007_000032`). May contain `/` for folders in folders. */
  id: string
  /** Absolute path of the picture. */
  image: string
  /** Indices into `classes.classes` of the classes present, ascending, without repetition. Empty: no label. */
  labels: readonly number[]
  /** True where the data say that the picture shows none of the classes: classification learns from it. */
  negative?: true
}

/** A split of pictures with image-level labels, and, where there are any, masks that only evaluation and full supervision open. */
export interface Dataset {
  /** What it was read from, for people: `voc2012 train_aug`, `folder photos`. */
  name: string
  classes: ClassTable
  items: readonly DatasetItem[]
  /** `exif`: show the picture as viewers do (folders). `stored`: ignore EXIF orientation (VOC, COCO). */
  orientation: 'exif' | 'stored'
  /** What the labels were read from, for people: `labels.csv: semicolons, header Image;Label, 391 pictures, 14 classes`. */
  described?: string
  /** What was left out or looks like a mistake, one sentence each, for people. */
  warnings?: readonly string[]
  /** Ground-truth mask of an item, or undefined where there is none. Training calls it with targets of its own choice alone. */
  mask(item: DatasetItem): Promise<LabelMap | undefined>
  /** Whether an item has such a mask, without reading it. Where it is absent only `mask` tells. */
  hasMask?(item: DatasetItem): boolean
}
