import type { MaskColors } from '../masks/colors.js'

/** What every submission is made with. */
export interface SubmissionOptions {
  /** Folder of masks, `<id>.png`: indexed or grey PNGs whose pixel values are class ids. */
  masks: string
  /** The file to write; nothing may be there. */
  out: string
  /**
   * What counts in an indexed PNG that has the colours of the classes at other places: `refuse` (default), `use` (ids by
   * colour) or `ignore` (ids are the indices).
   */
  maskColors?: MaskColors
  /** Called after each picture. */
  onProgress?(done: number, total: number): void
  /** Stops between pictures with its reason; nothing is left behind. */
  signal?: AbortSignal
}

/**
 * The competition of VOC 2012's segmentation task: `comp5`, trained on nothing but VOC 2012's train and val sets, or
 * `comp6`, trained on any other data too (ImageNet, CLIP's pictures), test data excepted.
 */
export type VocCompetition = 'comp5' | 'comp6'

export interface VocSubmissionOptions extends SubmissionOptions {
  /** File of the ids that are judged, one a line: `VOC2012/ImageSets/Segmentation/test.txt`. */
  list: string
  /** Default `comp6`: weights from ImageNet, and CLIP, were trained on other data. */
  competition?: VocCompetition
  /** Which pictures the list names. Default: what its name says (`test.txt`, `val.txt`). */
  set?: 'test' | 'val'
  /** Folder of the pictures, `<id>.jpg`, to compare the sizes of the masks with (VOC 2012: `JPEGImages`). */
  images?: string
  /** Pixels of value 255, which a prediction may not have: `refuse` (default) or made `background`. */
  void?: 'refuse' | 'background'
}

export interface VocSubmission {
  /** Absolute path of the archive. */
  path: string
  /** Size of the archive. */
  bytes: number
  /** Masks in it. */
  pictures: number
  competition: VocCompetition
  set: 'test' | 'val'
  /** Folder inside the archive that holds the masks: `results/VOC2012/Segmentation/comp6_test_cls`. */
  folder: string
  /** Pixels of value 255 that became background, and the number of pictures that had some. */
  voidPixels: number
  voidPictures: number
}

export interface CheckVocSubmissionOptions {
  /** File of the ids that are judged, one a line. */
  list: string
  /** Default: either, as the archive has it. */
  competition?: VocCompetition
  /** Which pictures the list names. Default: what its name says. */
  set?: 'test' | 'val'
  /** Folder of the pictures, to compare sizes with. Default: sizes are not looked at. */
  images?: string
  /** Called now and then with the number of PNGs seen. */
  onProgress?(done: number, total: number): void
  signal?: AbortSignal
}

/**
 * What can be wrong with an archive: `not-gzip` (another kind of file), `not-compressed` (a plain tar), `damaged`, `unsafe-path`
 * (leads out of the folder), `not-a-file` (a link or device), `mac-file` (`._name`), `other-file`, `folder` (PNGs elsewhere),
 * `missing`, `additional`, `twice`, `not-png`, `not-indexed`, `palette`, `value` (21 to 254), `void` (255), `size`.
 */
export type SubmissionProblem =
  | 'not-gzip'
  | 'not-compressed'
  | 'damaged'
  | 'unsafe-path'
  | 'not-a-file'
  | 'mac-file'
  | 'other-file'
  | 'folder'
  | 'missing'
  | 'additional'
  | 'twice'
  | 'not-png'
  | 'not-indexed'
  | 'palette'
  | 'value'
  | 'void'
  | 'size'

export interface SubmissionFinding {
  problem: SubmissionProblem
  /** `stop`: the archive should not be sent; `warning`: the judge most likely passes over it. */
  level: 'stop' | 'warning'
  /** A sentence. */
  message: string
  /** What to do about it, in a sentence. */
  advice: string
  /** How many files or pictures it is about. */
  count: number
  /** Their names, at most 1,000. */
  files: string[]
}

export interface VocSubmissionCheck {
  /** No finding of the level `stop`. */
  canSubmit: boolean
  /** Folders inside the archive that hold masks. */
  folders: string[]
  /** Ids of the list, and how many of them have a mask in the right folder. */
  listed: number
  pictures: number
  findings: SubmissionFinding[]
}

/** Scores of classes by picture: `{ "000000000139": { "1": 0.9 } }`, class ids as in the masks. */
export type SubmissionScores = Readonly<Record<string, Readonly<Record<string, number>>>>

export interface CocoResultsOptions extends SubmissionOptions {
  /**
   * COCO JSON with `images` and `categories` (`instances_val2014.json`, `image_info_test2017.json`): gives image ids,
   * sizes, and category ids by the names of the classes.
   */
  imagesJson?: string
  /**
   * File of picture names, one a line. Beside `imagesJson`: which of its pictures. Alone: image ids are the numbers at the end of
   * COCO's names (`COCO_val2014_000000000139` is 139), and other names themselves.
   */
  list?: string
  /**
   * Which classes the pixel values are: `voc2012`, `coco2014`, `coco2014-90` or the path of a classes.json. Default: what the
   * masks.json in the folder of masks says.
   */
  classes?: string
  /** Or the path of a JSON file of them. Default: 1 for everything. Every class of every picture needs one where some are given. */
  scores?: SubmissionScores | string
}

export interface CocoResults {
  /** Absolute path of the file. */
  path: string
  bytes: number
  pictures: number
  /** Entries written, one a class and picture. */
  entries: number
  /** Pictures in which there is no class, and which have no entry. */
  empty: number
  /** Category id of each class that was written, by label. */
  categories: Record<string, number>
  /** Whether image ids are numbers or names. */
  imageIds: 'number' | 'name'
}
