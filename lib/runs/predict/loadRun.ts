import { SemplesError } from '../../base/error.js'
import { refuseUseless } from '../../base/useless.js'
import { RunDirectory } from '../../checkpoints/runDirectory.js'
import { computeOf } from '../../models/devices.js'
import { addLogger } from '../../native/logger.js'
import { readRunConfig, readSegmentConfig } from '../readConfig.js'
import { segmenterRun } from '../segment/trainedSegmenter.js'
import { generatorPredictor } from './generatorPredictor.js'
import { MaskModel } from './maskModel.js'
import type { Predictor } from './predictor.js'
import { segmenterPredictor } from './segmenterPredictor.js'
import type { LoadRunOptions } from './types.js'

/** `loadRun` of the public API, documented in lib/api/predict.ts. */
export async function loadRun(dir: string, { logger, ...options }: LoadRunOptions = {}): Promise<MaskModel> {
  const end = addLogger(logger)
  try {
    return new MaskModel(await openPredictor(dir, options), end)
  } catch (error) {
    end()
    throw error
  }
}

/**
 * What makes the masks of a run: its segmentation model, or the mask generator where it has none.
 * @throws SemplesError `SEMPLES_RUN_MISSING`, `SEMPLES_RUN_INVALID`, `SEMPLES_RUN_KIND`, `SEMPLES_STAGE_MISSING`,
 *   `SEMPLES_OPTION_INVALID`, `SEMPLES_DEVICE_UNAVAILABLE`, and what loading addon and weights throws
 */
export async function openPredictor(
  dir: string,
  { kind, stage, ...compute }: Omit<LoadRunOptions, 'logger'>,
): Promise<Predictor> {
  if (kind !== undefined && kind !== 'segmenter' && kind !== 'generator')
    throw new SemplesError('SEMPLES_CONFIG_INVALID', {
      message: 'There is no such kind of model.',
      field: 'kind',
      value: kind,
      expected: 'segmenter or generator',
    })
  // A stage is one of a mask generator.
  const segmenter =
    kind === 'generator' || (kind === undefined && stage !== undefined) ? undefined : await segmenterRun(dir)
  if (segmenter !== undefined) {
    refuseUseless({ stage }, 'with a segmentation model, which has one stage')
    const config = await readSegmentConfig(segmenter)
    return segmenterPredictor(segmenter, await computeOf(config, compute))
  }
  const run = await RunDirectory.open(dir)
  if (kind === 'segmenter') await readSegmentConfig(run)
  const config = await readRunConfig(run)
  return generatorPredictor(run, await computeOf(config, compute), stage)
}
