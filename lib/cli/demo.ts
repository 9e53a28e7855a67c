import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { GenerateMasksResult } from '../cam/generateMasks.js'
import type { FolderData } from '../config/data.js'
import type { StageName, TrainConfigInput } from '../config/types.js'
import { writeScenes } from '../datasets/scenes/write.js'
import { packageFolder } from '../native/addonFile.js'
import type { RunResult } from '../runs/trainSemPLeS.js'
import { notice, type OnProgress } from '../stages/progress.js'
import type { Jobs } from './cli.js'

export interface RunDemoOptions {
  out: string
  /** Default: models/demo-clip.pt of the package; where there is none, only stage classify runs. */
  clip?: string
  seed: number
  device?: string
  threads?: string
  onProgress: OnProgress
  signal: AbortSignal
}

/** Pictures of 96 x 96 pixels, so that a generator of a few layers learns something within a minute. */
const sizes = { imageSize: 96, patchSize: 8, width: 96, depth: 4, heads: 3, fusionReduction: 4, dropPath: 0 }

/** Draws scenes, trains briefly on them, makes masks of the evaluation split and judges them. */
export async function runDemo(
  { out, clip, seed, device, threads, onProgress, signal }: RunDemoOptions,
  jobs: Jobs,
): Promise<{ run: RunResult; masks: GenerateMasksResult; miou: number }> {
  const scenes = join(out, 'scenes')
  const { reused } = await writeScenes({ out: scenes, train: 96, val: 24, seed, signal })
  onProgress(
    notice('scenes', `${reused ? 'found' : 'drew'} 96 pictures to train on and 24 to evaluate on in ${scenes}`),
  )

  const archive = clip ?? join(packageFolder, 'models', 'demo-clip.pt')
  const stages: StageName[] | undefined = existsSync(archive) ? undefined : ['classify']
  if (stages !== undefined) onProgress(notice('run', `no CLIP at ${archive}: only stage classify runs`))
  const input: TrainConfigInput = {
    data: scenesData(scenes, 'train'),
    generator: { weights: 'random', ...sizes },
    clip: stages === undefined ? archive : undefined,
    out: join(out, 'run'),
    seed,
    ...(device === undefined ? {} : { device: device as TrainConfigInput['device'] }),
    ...(threads === undefined ? {} : { threads: threads === 'auto' ? threads : Number(threads) }),
    ...(stages === undefined ? {} : { stages }),
    epochs: 2,
    batch: 8,
    lr: 0.03,
  }
  const begun = existsSync(join(out, 'run', 'run.json'))
  const run = await jobs.train({ ...(begun ? { resume: join(out, 'run') } : input), onProgress, signal })
  const val = scenesData(scenes, 'val')
  const masks = await jobs.masks({ run: run.out, out: join(out, 'masks'), data: val, split: 'val', onProgress, signal })
  const { miou } = await jobs.evaluate({ masks: masks.out, groundTruth: val, signal })
  return { run, masks, miou }
}

function scenesData(scenes: string, split: string): FolderData {
  return {
    folder: join(scenes, 'JPEGImages'),
    labels: join(scenes, `${split}.csv`),
    classes: join(scenes, 'classes.json'),
    masks: join(scenes, 'SegmentationClass'),
  }
}
