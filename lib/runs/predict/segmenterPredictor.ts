import { basename } from 'node:path'
import { indicesOf } from '../../cam/labels.js'
import type { RunDirectory } from '../../checkpoints/runDirectory.js'
import { idsWithBackground } from '../../datasets/classes/ids.js'
import type { Compute } from '../../models/devices.js'
import type { SegmentJob } from '../../models/memory/segmentJobs.js'
import type { PredictOptions } from '../../segment/options.js'
import { type Size, scaledPictures, scaleSizes } from '../../segment/scales.js'
import { checkSegmentMemory } from '../memory/segment.js'
import { sizesOf } from '../segment/memory.js'
import { SEGMENT_STAGE } from '../segment/prepare.js'
import { openSegmenter } from '../segment/trainedSegmenter.js'
import { mostTogether, picturesTogether } from './batches.js'
import { checkPredictionOptions, type Refinement, refinementOf } from './options.js'
import type { Predictor, PredictorJob } from './predictor.js'
import { inWork } from './queue.js'
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
  const trained = await openSegmenter(run, compute)
  const { segmenter, config, classes } = trained
  const checkpoint = await run.stage(SEGMENT_STAGE).checkpointPath('best')
  const ids = idsWithBackground(classes)
  return {
    kind: 'segmenter',
    path: trained.path,
    checkpoint: { checkpoint: basename(checkpoint!) },
    classes,
    device: compute.device,
    precision: compute.precision,
    description: `masks of a segmentation model (${config.model.kind}), ${compute.description}`,
    warnings: compute.warnings,
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
    async checkMemory(pictures, settings, { maps, check, signal }) {
      const sizes = await sizesOf(config)
      if (sizes === undefined) return undefined
      const job = (size: Size, atOnce = settings.atOnce): SegmentJob => {
        const rules = { ...windowsOf(settings), atOnce }
        const together = mostTogether(size, settings.scales.length, rules)
        return {
          kind: 'segment',
          model: sizes,
          classes: ids.length,
          scales: scaleSizes(size, settings),
          ...size,
          ...rules,
          probabilities: needsProbabilities({ ...settings, maps }),
          pictures: together,
          ahead: inWork(together) - together,
        }
      }
      const images = pictures.map(({ image }) => image)
      return checkSegmentMemory(images, job, { device: compute.device, check, ...(signal && { signal }) })
    },
    batchOf({ picture: { image, scales }, ...job }) {
      return {
        together: picturesTogether(image, scales, windowsOf(job.settings)),
        key: JSON.stringify(requestOf(job)),
      }
    },
    async compute(batch, signal) {
      const pictures = batch.map(({ picture: { image, scales } }) => ({
        scales,
        width: image.width,
        height: image.height,
      }))
      const found = await segmenter.predictAll({ pictures, ...requestOf(batch[0]!) }, { signal })
      return batch.map(({ picture: { image }, settings, maps }, at) => {
        const { earlier, only, refine } = settings
        return (signal) => segmenterMask(found[at]!, image, { ids, only, maps, refine, weight: 1 + earlier }, signal)
      })
    },
    [Symbol.dispose]: () => trained[Symbol.dispose](),
  }
}

/** What is asked of the model beside the pictures. */
function requestOf({ settings, maps }: Pick<PredictorJob<SegmenterSettings>, 'settings' | 'maps'>) {
  return { ...windowsOf(settings), probabilities: needsProbabilities({ ...settings, maps }) }
}

function windowsOf({ window, stride, atOnce, flip, earlier }: SegmenterSettings) {
  return { window, stride, atOnce, flip, earlier }
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
