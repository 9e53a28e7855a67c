import { statSync } from 'node:fs'
import type { SegmentConfig } from '../../config/segment/types.js'
import { convolutionalTower, readClipTower } from '../../models/memory/clipTower.js'
import type { SegmenterSizes } from '../../models/memory/segmenterSizes.js'
import { likelyWeightsPath } from '../../weights/find.js'
import type { MemoryCheck } from '../memory/check.js'
import { checkSegmentTrainingMemory } from '../memory/segment.js'

/**
 * Checks that a step of training fits into memory.
 * @param classes background included
 * @param pictures that have a target
 * @returns a warning, or undefined
 * @throws SemplesError `SEMPLES_MEMORY_LIMIT` naming the `microBatch` that fits
 */
export async function checkStepMemory(
  config: SegmentConfig,
  { classes, pictures, device }: { classes: number; pictures: number; device: string },
  check: MemoryCheck = 'error',
): Promise<string | undefined> {
  const model = await sizesOf(config)
  if (model === undefined) return undefined
  const { train, augment, loader } = config
  const { optimizer } = train
  return checkSegmentTrainingMemory(
    {
      kind: 'segmentTraining',
      model,
      classes,
      size: augment.size,
      batch: train.batch,
      microBatch: train.microBatch,
      optimizer: optimizer.kind === 'adamw' ? 2 : optimizer.momentum ? 1 : 0,
      ahead: loader.prefetch,
      // Never more than all pictures at about that size.
      cache: Math.min(loader.cacheMegabytes * 2 ** 20, 4 * pictures * augment.side ** 2 * 2),
    },
    { device, field: 'train.microBatch', check },
  )
}

/** The sizes of a model; undefined where its CLIP cannot be read, which is met elsewhere. */
export async function sizesOf({
  model,
  clip,
  augment,
}: Pick<SegmentConfig, 'model' | 'clip' | 'augment'>): Promise<SegmenterSizes | undefined> {
  if (model.kind !== 'clip-decoder') return model
  if (clip.path === undefined) return undefined
  try {
    const path = likelyWeightsPath(clip.path)
    const tower = (await readClipTower(path)) ?? convolutionalTower(2 * statSync(path).size, augment.size)
    return { ...model, clip: tower }
  } catch {
    return undefined
  }
}
