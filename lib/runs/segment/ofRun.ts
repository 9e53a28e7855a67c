import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { OnProgress } from '../../base/progress.js'
import { RunDirectory } from '../../checkpoints/runDirectory.js'
import type { SegmentConfigInput } from '../../config/segment/types.js'
import type { MemoryCheck } from '../memory/check.js'
import { type SEGMENTER_FOLDER, UPPER_BOUND_FOLDER } from './fromRun.js'
import { trainSegmenter } from './trainSegmenter.js'

export interface SegmentRunOptions {
  onProgress?: OnProgress
  signal?: AbortSignal
  memoryCheck?: MemoryCheck
  /** Differences from what the run says. */
  changes?: SegmentConfigInput
}

/**
 * The segmentation model of a run of mask generators, in its folder: trained, or gone on with, or left as it is where it is
 * finished.
 *
 * @param which `segmenter`: on the masks of the run; `upper-bound`: on ground truth
 * @returns its folder
 */
export async function segmentRun(
  run: string,
  which: typeof SEGMENTER_FOLDER | typeof UPPER_BOUND_FOLDER,
  { changes = {}, ...options }: SegmentRunOptions,
): Promise<string> {
  const out = join(run, which)
  if (existsSync(join(out, 'run.json'))) {
    if ((await RunDirectory.open(out)).manifest.finished === undefined)
      await trainSegmenter({ resume: out, ...options })
    return out
  }
  const truth: SegmentConfigInput = which === UPPER_BOUND_FOLDER ? { targets: { from: 'truth' } } : {}
  const named: OnProgress | undefined =
    options.onProgress &&
    ((progress) => options.onProgress!(progress.stage === 'segment' ? { ...progress, stage: which } : progress))
  await trainSegmenter({ ...changes, ...truth, run, ...options, ...(named === undefined ? {} : { onProgress: named }) })
  return out
}
