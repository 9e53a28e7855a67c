import type { SegmentConfigInput } from '../../../lib/config/segment/types.js'
import type { RunConfig } from '../../../lib/config/types.js'

/** A vision transformer of 50,000 parameters, for crops of 32 x 32 pixels. */
export const tinyVit = {
  kind: 'vit-mask' as const,
  weights: 'random',
  imageSize: 32,
  patchSize: 8,
  width: 24,
  depth: 2,
  heads: 3,
  decoderDepth: 1,
}

export const tinyDeeplab = {
  kind: 'deeplabv3plus' as const,
  weights: 'random',
  backbone: 'efficientnet-lite0' as const,
  width: 0.25,
  channels: 8,
  lowChannels: 8,
}

/** A run of a second: 2 epochs of 2 steps on 9 pictures. */
export function tinySegmenter(data: RunConfig['data'], out: string, changes: SegmentConfigInput = {}) {
  const { train, augment, ...rest } = changes
  return {
    data,
    out,
    seed: 7,
    device: 'cpu',
    threads: 1,
    model: tinyVit,
    train: { epochs: 2, batch: 4, lr: 1e-3, schedule: { kind: 'constant' }, optimizer: { kind: 'adamw' }, ...train },
    augment: { size: 32, side: 40, ratio: [0.75, 1.5], ...augment },
    ...rest,
  } satisfies SegmentConfigInput as SegmentConfigInput
}
