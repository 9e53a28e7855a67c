import type { SegmentConfigInput } from '../config/segment/types.js'
import { withLogger } from '../native/logger.js'
import type { TrainSegmenterOptions, TrainSegmenterResult } from '../runs/segment/trainSegmenter.js'

/**
 * Trains a segmentation model on masks: the last step of the method, after which no picture needs a label. Kinds of model:
 * `vit-mask` (a vision transformer with the mask transformer of Segmenter, retrained as WeakTr does: arXiv 2105.05633, 2304.01184),
 * `deeplabv3plus` (arXiv 1802.02611), `clip-decoder` (over a frozen CLIP). Pixels of value 255 are ignored.
 *
 * @param input with `run` nothing else is needed: masks of the training pictures are made and learned from. Else `data`,
 *   `targets` and `out`: pictures, a folder of masks of any origin (or scores, or ground truth), and the folder that is
 *   written. `semples segment config` lists all fields with their defaults. `resume` alone goes on with a run that was interrupted.
 * @returns folder, classes and a summary of the training; time in seconds
 * @throws SemplesError for bad configuration, data, masks or weights, before anything of the run is written, `SEMPLES_RUN_KIND` for a run of the other kind; the reason of `signal`
 *   when aborted
 * @example
 * import { trainSegmenter } from 'semples'
 *
 * const { stages } = await trainSegmenter({
 *   model: { kind: 'deeplabv3plus', backbone: 'efficientnet-lite0', weights: 'efficientnet-lite0' },
 *   data: { folder: 'photos', labels: 'labels.csv' },
 *   targets: { folder: 'masks' }, // <picture>.png, as semples masks writes them
 *   out: 'runs/segmenter',
 * })
 * for (const { name, lastLoss } of stages) console.log(name, lastLoss.toFixed(2)) // e.g. segment 0.21
 */
export async function trainSegmenter({
  logger,
  ...input
}: SegmentConfigInput & TrainSegmenterOptions): Promise<TrainSegmenterResult> {
  const { trainSegmenter: train } = await import('../runs/segment/trainSegmenter.js')
  return withLogger(logger, () => train(input))
}
