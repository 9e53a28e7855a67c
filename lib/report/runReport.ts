import type { ClassScores } from '../evaluate/scores.js'
import type { SweepPoint } from '../evaluate/sweep.js'
import type { LabelMap } from '../masks/labelMap.js'

/** The content of a report, as plain data. All scores are fractions from 0 to 1. */
export interface RunReport {
  title: string
  /** ISO 8601. */
  created: string
  /** Warnings for the reader: random weights, pixel labels used, pictures left out, predicted labels. */
  notices: string[]
  /** Ids, labels and colours; background (0) is not among them. */
  classes: { id: number; label: string; color: readonly [number, number, number] }[]
  /** In the order in which they ran. */
  stages: StageReport[]
  /** Scores of the masks of successive stages on the same pictures; empty where there is no ground truth. */
  ablation: AblationRow[]
  /** Baseline of the last row, such as refinement without prompts for as many epochs. */
  control?: AblationRow
  /** Segmentation models on the same pictures, of which they are told nothing: trained on the masks, and on ground truth. */
  segmenters?: AblationRow[]
  /** Background threshold of all masks shown. */
  threshold: number
  gallery: GalleryPicture[]
  /** The learned background prompts; empty before stage prompt. */
  prompts: PromptReport[]
  /** Words among which the nearest ones were searched. */
  vocabulary: string[]
  /** The resolved configuration. */
  config: unknown
  /** Name and value: versions, device, threads, platform. */
  environment: [name: string, value: string][]
}

export interface StageReport {
  name: string
  title: string
  epochs: number
  seconds: number
  /** Loss and unweighted terms of every step, in order; steps that were skipped are left out. */
  steps: { epoch: number; step: number; loss: number; terms: Record<string, number>; learningRate: number }[]
}

export interface AblationRow {
  /** `cam`, `matching`, `semples`. */
  name: string
  /** A short description of the row. */
  description: string
  /** At the report's threshold. */
  miou: number
  /** Background first. */
  perClass: (ClassScores & { label: string })[]
  pictures: number
  /** Mean IoU at every threshold, and its best point, which uses pixel labels. */
  curve?: SweepPoint[]
  best?: SweepPoint
  /** True for the refined masks of the row before; a control is not compared with them. */
  refined?: true
}

export interface GalleryPicture {
  id: string
  width: number
  height: number
  /** RGB bytes, row-major: `width * height * 3`. */
  pixels: Uint8Array
  /** Ground truth, where there is any. */
  truth?: LabelMap
  /** Class ids of the image-level labels, and where they come from. */
  labels: number[]
  labelSource: 'given' | 'predicted' | 'list'
  /** How far its mask agrees with itself, 0 to 1, where that is what the gallery is ordered by. */
  review?: number
  /** One entry per row: the maps and the mask of each evaluated generator, or of the run's last one. */
  results: {
    /** Name of the row in `ablation`, or of the stage. */
    name: string
    /** float32 [labels, height, width] in 0..1, in the order of `labels`; of a segmentation model one map, of all classes. */
    cams: Float32Array
    mask: LabelMap
    /** True where `cams` are refined scores. */
    refined?: true
    /** True for the probability of any class, of a segmentation model. */
    segmented?: true
  }[]
  /**
   * A heat map for the learned prompt of each of the picture's labels, row-major: how much the cosine of picture and
   * prompt drops where that place is covered.
   */
  promptMaps: { classId: number; rows: number; columns: number; values: Float32Array }[]
}

export interface PromptReport {
  classId: number
  label: string
  /** Nearest words, the nearest first, with cosines of CLIP's text features. */
  words: { word: string; cosine: number }[]
}
