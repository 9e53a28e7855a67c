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
  /** Pictures to show and judge; default: the run's own. */
  data?: RunConfig['data']
  /** Default: `val` where it can be opened and has ground truth, else `train`. A plain folder has one set for both. */
  split?: 'train' | 'val'
  /** Pictures in the gallery. Default 24. */
  pictures?: number
  /** Most pictures that the stages are judged on, of those with ground truth. Default 200; 0: judge none. */
  judged?: number
  /** Whether pictures and prompts are looked at, which needs the addon. False: curves and config alone. Default true. */
  gallery?: boolean
  /** Background threshold of all masks, 0 to 1. Default: the run's `masks.threshold`. */
  threshold?: number
  /** Also show and judge the masks of the last stage refined (see `refineMask`), as a row of its own. Default: no. */
  refine?: RefineRowOptions
  /** Words among which those nearest to the learned prompts are searched; default: see `namingVocabulary`. */
  words?: readonly string[]
  /** Of a run without stage classify: also judge the weights that it starts from. Default true. */
  baseline?: boolean
  /** Rows that were judged elsewhere, instead of judging the stages here. */
  ablation?: AblationRow[]
  /** What the last row is compared with: judged elsewhere, or the end of another run, judged on the same pictures. */
  control?: AblationRow | ControlRun
  /** Notices before those of the report itself. */
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
