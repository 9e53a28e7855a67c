import type { OnProgress } from '../../base/progress.js'
import type { LabelOptions } from '../../cam/labels.js'
import type { RunConfig } from '../../config/types.js'
import type { AblationRow } from '../../report/runReport.js'
import type { RefineRowOptions } from './refined.js'

export interface GatherOptions extends LabelOptions {
  /** Folder of the run; it need not be finished. */
  run: string
  /** Default: the name of the run's folder. */
  title?: string
  /** Pictures to show and evaluate. Default: the run's own. */
  data?: RunConfig['data']
  /** Default: `val` where it can be opened and has ground truth, else `train`. A plain folder has one set for both. */
  split?: 'train' | 'val'
  /** Number of pictures in the gallery. Default 24. */
  pictures?: number
  /**
   * `review.csv` of masks of these pictures (`review` of `generateMasks`), or the folder of the masks: the gallery shows those to
   * look at first, in that order, with their scores. Default: pictures of every class.
   */
  review?: string
  /** Maximum number of pictures with ground truth that the stages are evaluated on. Default 200; 0: none. */
  judged?: number
  /** Include pictures and prompts, which needs the addon. False: only curves and config. Default true. */
  gallery?: boolean
  /** Background threshold of all masks, 0 to 1. Default: the run's `masks.threshold`. */
  threshold?: number
  /** Also show and evaluate the last stage's masks after refinement (see `refineMask`), as a further row. Default: no. */
  refine?: RefineRowOptions
  /** Words to search for those nearest to the learned prompts. Default: those of the package (docs/report.md). */
  words?: readonly string[]
  /** For a run without stage classify: also evaluate the weights that it starts from. Default true. */
  baseline?: boolean
  /** Scores computed elsewhere, instead of evaluating the stages. */
  ablation?: AblationRow[]
  /** Baseline of the last row: scores computed elsewhere, or another run, evaluated on the same pictures. */
  control?: AblationRow | ControlRun
  /** Notices to show before those of the report itself. */
  notices?: readonly string[]
  /** Default: the run's. */
  device?: string
  threads?: number | 'auto'
  onProgress?: OnProgress
  /** Stops between two pictures. */
  signal?: AbortSignal
}

export interface ControlRun {
  /** Folder of a run with the same classes. */
  run: string
  description: string
}

export const GALLERY_SIZE = 24
export const JUDGED_PICTURES = 200

/** Fewer pictures than in a report that is asked for: with a whole DeiT-S on a processor one takes seconds a stage. */
export const AFTER_TRAINING = { pictures: 12, judged: 48 } as const
