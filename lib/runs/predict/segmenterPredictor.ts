import { basename } from 'node:path'
import { indicesOf } from '../../cam/labels.js'
import type { RunDirectory } from '../../checkpoints/runDirectory.js'
import { idsWithBackground } from '../../datasets/classes/ids.js'
import type { Compute } from '../../models/devices.js'
import type { PredictOptions } from '../../segment/options.js'
import { scaledPictures } from '../../segment/scales.js'
import { SEGMENT_STAGE } from '../segment/prepare.js'
import { openSegmenter } from '../segment/trainedSegmenter.js'
import { checkPredictionOptions, type Refinement, refinementOf } from './options.js'
import type { Predictor } from './predictor.js'
import { needsProbabilities, segmenterMask } from './segmenterMask.js'
import type { PredictionOptions } from './types.js'

/** Everything that decides a mask of a segmentation model. */
interface SegmenterSettings extends Required<PredictOptions> {
  resample: 'fast' | 'exact'
  /** Outputs of the model that a mask may hold, the background first; undefined: all. */
  only: readonly number[] | undefined
  refine: Refinement | undefined
}

/** The segmentation model of a run as what makes masks. */
export async function segmenterPredictor(run: RunDirectory, compute: Compute): Promise<Predictor<SegmenterSettings>> {
  const trained = await openSegmenter(run, compute.device)
  const { segmenter, config, classes } = trained
  const checkpoint = await run.stage(SEGMENT_STAGE).checkpointPath('best')
  const ids = idsWithBackground(classes)
  return {
    kind: 'segmenter',
    path: trained.path,
    checkpoint: { checkpoint: basename(checkpoint!) },
    classes,
    device: compute.device,
    description: `masks of a segmentation model (${config.model.kind}), ${compute.description}`,
    warnings: [],
    resolve(options) {
      checkPredictionOptions('segmenter', options)
      const { labels, refine } = options
      return {
        ...rulesOf(config.predict as Required<PredictOptions>, options),
        resample: config.loader.resample,
        only: labels === undefined ? undefined : [0, ...indicesOf(labels, 'labels', classes).map((at) => at + 1)],
        refine: refinementOf(refine),
      }
    },
    scale: (image, settings, signal) => scaledPictures(image, settings, { mode: settings.resample, signal }),
    async compute({ image, scales }, settings, maps) {
      const { window, stride, atOnce, flip, earlier, only, refine } = settings
      const { width, height } = image
      const probabilities = needsProbabilities({ only, maps, refine })
      const rules = { window, stride, atOnce, flip, earlier, probabilities }
      const found = await segmenter.predict({ scales, width, height, ...rules })
      return (signal) => segmenterMask(found, image, { ids, only, maps, refine, weight: 1 + earlier }, signal)
    },
    [Symbol.dispose]: () => trained[Symbol.dispose](),
  }
}

function rulesOf(run: Required<PredictOptions>, given: PredictionOptions): Required<PredictOptions> {
  const { side, scales, flip, window, atOnce, earlier } = given
  const stride = given.stride ?? (window === undefined ? run.stride : Math.max(1, Math.round((2 * window) / 3)))
  return {
    side: side ?? run.side,
    scales: [...(scales ?? run.scales)],
    flip: flip ?? run.flip,
    window: window ?? run.window,
    stride,
    atOnce: atOnce ?? run.atOnce,
    earlier: earlier ?? run.earlier,
  }
}
