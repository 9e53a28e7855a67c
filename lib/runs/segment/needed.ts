import { RunDirectory } from '../../checkpoints/runDirectory.js'
import { resolveSegmentConfig } from '../../config/segment/resolve.js'
import type { SegmentConfig, SegmentConfigInput } from '../../config/segment/types.js'
import { encoderWeightsOf } from '../../segment/kinds.js'
import { requireTargetFolders } from '../../segment/targets/targets.js'
import { readSegmentConfig } from '../readConfig.js'
import { learnsOther, startFromRun } from './fromRun.js'
import { refuseSettings } from './prepare.js'

/** What a training of a segmentation model writes, and which weights and CLIP it opens. */
export interface NeededForSegmenter {
  out: string
  weights?: string
  clip?: string
}

/**
 * Resolves what is given, so that mistakes are told before anything is fetched.
 * @throws SemplesError as `trainSegmenter` for what does not fit
 */
export async function neededOf(
  input: SegmentConfigInput,
  { run, resume }: { run?: string; resume?: string },
): Promise<NeededForSegmenter> {
  const config = await configOf(input, run, resume)
  const weights = encoderWeightsOf(config.model)
  return {
    out: config.out,
    ...(weights === undefined ? {} : { weights }),
    ...(config.clip.path === undefined ? {} : { clip: config.clip.path }),
  }
}

async function configOf(input: SegmentConfigInput, run?: string, resume?: string): Promise<SegmentConfig> {
  if (resume !== undefined) {
    refuseSettings({ ...input, ...(run === undefined ? {} : { run }) })
    return readSegmentConfig(await RunDirectory.open(resume))
  }
  const config = resolveSegmentConfig(run === undefined ? input : (await startFromRun(run, input)).input)
  await RunDirectory.requireFree(config.out)
  // The masks of a run are yet to be made.
  const { folder: _, ...beside } = config.targets
  await requireTargetFolders(run === undefined || learnsOther(input) ? config.targets : beside)
  return config
}
