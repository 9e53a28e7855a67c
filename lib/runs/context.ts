import type { OnProgress } from '../base/progress.js'
import type { RunDirectory } from '../checkpoints/runDirectory.js'
import type { RunConfig } from '../config/types.js'
import type { Dataset } from '../datasets/dataset.js'
import type { JsonlLog } from '../formats/jsonl.js'
import type { RunModels } from './runModels.js'
import type { TensorBoardLog } from './tensorboard.js'

/** All that the stages of one run share. */
export interface RunContext {
  config: RunConfig
  run: RunDirectory
  dataset: Dataset
  /** Opened only where epochs are selected by mIoU. */
  validation?: Dataset
  models: RunModels
  metrics: JsonlLog
  /** Only where event files for TensorBoard are written. */
  events?: TensorBoardLog
  onProgress: OnProgress
  signal?: AbortSignal
}
