import { SemplesError } from '../base/error.js'
import { shellWord } from '../base/shell.js'
import type { RunDirectory } from '../checkpoints/runDirectory.js'
import { resolveConfig } from '../config/resolve.js'
import { resolveSegmentConfig } from '../config/segment/resolve.js'
import type { SegmentConfig, SegmentConfigInput } from '../config/segment/types.js'
import type { RunConfig, TrainConfigInput } from '../config/types.js'

/** What a run trained: mask generators in stages, or a segmentation model. Stands in its manifest's notes. */
export const SEGMENTER = 'segmenter'

export function isSegmenterRun({ manifest }: RunDirectory): boolean {
  return manifest.notes.kind === SEGMENTER
}

/**
 * The config of a run of mask generators.
 * @throws SemplesError `SEMPLES_RUN_KIND` for the run of a segmentation model
 */
export async function readRunConfig(run: RunDirectory): Promise<RunConfig> {
  if (isSegmenterRun(run))
    throw new SemplesError('SEMPLES_RUN_KIND', {
      message: `${run.path} is the run of a segmentation model, which has no mask generator.`,
      file: run.path,
      field: 'run',
      expected: 'the run of a mask generator (semples train)',
      hint: `For masks of any pictures, type: npx semples predict --run ${shellWord(run.path)} FILE... To go on with its training: npx semples segment train --resume ${shellWord(run.path)}`,
    })
  return resolveConfig((await run.readConfig()) as TrainConfigInput)
}

/**
 * The config of the run of a segmentation model.
 * @throws SemplesError `SEMPLES_RUN_KIND` for the run of a mask generator
 */
export async function readSegmentConfig(run: RunDirectory): Promise<SegmentConfig> {
  if (!isSegmenterRun(run))
    throw new SemplesError('SEMPLES_RUN_KIND', {
      message: `${run.path} is the run of a mask generator, not of a segmentation model.`,
      file: run.path,
      field: 'run',
      expected: 'the run of a segmentation model (semples segment train)',
      hint: `To train one on its masks, type: npx semples segment train --run ${shellWord(run.path)}`,
    })
  return resolveSegmentConfig((await run.readConfig()) as SegmentConfigInput)
}
