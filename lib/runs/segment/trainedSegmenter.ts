import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { SemplesError } from '../../base/error.js'
import { RunDirectory } from '../../checkpoints/runDirectory.js'
import type { SegmentConfig } from '../../config/segment/types.js'
import { readClassTable } from '../../datasets/classes/classTableFile.js'
import type { ClassTable } from '../../datasets/dataset.js'
import type { Placement } from '../../models/devices.js'
import { isSegmenterRun, readSegmentConfig } from '../readConfig.js'
import { SEGMENTER_FOLDER } from './fromRun.js'
import { makeSegmenter, type SegmentModels } from './models.js'
import { SEGMENT_STAGE } from './prepare.js'
import { SEGMENTER_FILE } from './trainSegmenter.js'

export interface TrainedSegmenter extends SegmentModels {
  /** Folder of the segmentation model's run. */
  path: string
  config: SegmentConfig
  classes: ClassTable
}

/** The run of a segmentation model: the folder itself, or the model within the folder of a run; undefined where there is none. */
export async function segmenterRun(folder: string): Promise<RunDirectory | undefined> {
  const run = await RunDirectory.open(folder)
  if (isSegmenterRun(run)) return run
  const within = join(run.path, SEGMENTER_FOLDER)
  if (!existsSync(join(within, 'run.json'))) return undefined
  const own = await RunDirectory.open(within)
  // A model that has no checkpoint yet says nothing.
  return (await own.stage(SEGMENT_STAGE).checkpointPath('best')) === undefined ? undefined : own
}

/**
 * The segmentation model that a run trained.
 * @throws SemplesError `SEMPLES_STAGE_MISSING` where it has no checkpoint yet, `SEMPLES_RUN_KIND`
 */
export async function openSegmenter(run: RunDirectory, on: Placement): Promise<TrainedSegmenter> {
  const config = await readSegmentConfig(run)
  const classes = await readClassTable(join(run.path, 'classes.json'))
  const checkpoint = await run.stage(SEGMENT_STAGE).load('best', [SEGMENTER_FILE])
  if (checkpoint === undefined)
    throw new SemplesError('SEMPLES_STAGE_MISSING', {
      message: 'This run has no trained segmentation model yet.',
      file: run.path,
      hint: `Let training finish its first epoch, or go on with it: npx semples segment train --resume ${run.path}`,
    })
  const models = await makeSegmenter(config, classes.classes.length + 1, on)
  try {
    await models.segmenter.load(checkpoint.tensors[SEGMENTER_FILE]!)
  } catch (error) {
    models[Symbol.dispose]()
    throw error
  }
  return { ...models, path: run.path, config, classes }
}
