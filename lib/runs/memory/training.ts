import { statSync } from 'node:fs'
import type { RunConfig } from '../../config/types.js'
import type { Dataset } from '../../datasets/dataset.js'
import type { ClipTower } from '../../models/memory/clip.js'
import { convolutionalTower, readClipTower } from '../../models/memory/clipTower.js'
import type { Stage } from '../../stages/stage.js'
import { likelyWeightsPath } from '../../weights/find.js'
import { askMemory, type MemorySurroundings } from './check.js'
import type { TrainingJob } from './peakMemory.js'

/**
 * Checks that a step of every stage fits into memory.
 * @param imageSize of CLIP where it is open: an archive without a transformer does not tell
 * @returns warnings
 * @throws SemplesError `SEMPLES_MEMORY_LIMIT` naming the stage and the `microBatch` that fits
 */
export async function checkTrainingMemory(
  {
    config,
    dataset,
    stages,
    device,
  }: { config: RunConfig; dataset: Dataset; stages: readonly Stage[]; device: string },
  surroundings: MemorySurroundings,
): Promise<string[]> {
  if (surroundings.check === 'off' || device.startsWith('cuda')) return []
  const tower = stages.some(({ needsClip }) => needsClip) ? await towerOf(config) : undefined
  const warnings = stages.map((stage) => {
    const pictures = config[stage.name].microBatch || stage.batch
    const job = (microBatch: number) => trainingJob(config, dataset, stage, tower, microBatch)
    const field = `${stage.name}.microBatch`
    return askMemory(
      {
        job: job(config[stage.name].microBatch),
        what: `Steps of stage ${stage.name}, ${pictures} pictures of ${config.generator.imageSize}x${config.generator.imageSize} at a time,`,
        field,
        at: job,
        values: Array.from({ length: pictures - 1 }, (_, index) => pictures - 1 - index),
        remedy: (value) =>
          `With ${field} ${value} (--set ${field}=${value}) they fit: a batch is then computed in parts of so many pictures, with the same result (not with live batch norm).`,
        otherwise: 'Not even one picture at a time fits: choose a smaller generator.imageSize, or another machine.',
      },
      surroundings,
    )
  })
  return warnings.filter((warning) => warning !== undefined)
}

/** The image tower of the run's CLIP; undefined where the file cannot be read, which is met elsewhere. */
export async function towerOf({
  clip,
  generator,
}: Pick<RunConfig, 'clip' | 'generator'>): Promise<ClipTower | undefined> {
  if (clip.path === undefined) return undefined
  try {
    const path = likelyWeightsPath(clip.path)
    return (await readClipTower(path)) ?? convolutionalTower(2 * statSync(path).size, generator.imageSize)
  } catch {
    return undefined
  }
}

export function trainingJob(
  config: RunConfig,
  dataset: Dataset,
  stage: Stage,
  clip: ClipTower | undefined,
  microBatch = config[stage.name].microBatch,
): TrainingJob {
  const { optimizer } = config[stage.name]
  const { needs } = stage
  const views = ((needs.has('foreground') ? 1 : 0) + (needs.has('background') ? 1 : 0)) as 0 | 1 | 2
  const labelled = dataset.items.filter(({ labels }) => labels.length > 0)
  const pairs = labelled.reduce((sum, { labels }) => sum + labels.length, 0) / Math.max(1, labelled.length)
  const { cacheMegabytes = 0 } = 'cacheMegabytes' in config.generator ? config.generator : {}
  const megabytes = config.loader.cacheMegabytes + (stage.trains === 'head' ? cacheMegabytes : 0)
  return {
    kind: 'training',
    generator: config.generator,
    classes: dataset.classes.classes.length,
    size: config.generator.imageSize,
    batch: stage.batch,
    microBatch,
    trains: stage.trains,
    optimizer: optimizer.kind === 'adamw' ? 2 : optimizer.momentum ? 1 : 0,
    pairs: pairs * stage.batch,
    ...(stage.needsClip && clip !== undefined ? { clip, views } : {}),
    ...(stage.trains === 'prompts' && config.prompt.space === 'words'
      ? { promptTokens: config.prompt.length + 6 }
      : {}),
    ahead: config.loader.prefetch,
    // Never more than all pictures at that size.
    cache: Math.min(megabytes * 2 ** 20, 3 * dataset.items.length * config.generator.imageSize ** 2 * 4),
  }
}
