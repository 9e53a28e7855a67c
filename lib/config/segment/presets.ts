import type { SegmentDifferences } from './types.js'

/** As WeakTr retrains (Zhu et al., arXiv 2304.01184); its numbers are the defaults of kind vit-mask. */
const published: SegmentDifferences = { model: { kind: 'vit-mask', weights: 'deit-small' } }

/**
 * A few hundred photographs, in minutes on a processor (docs/photographs.md). All ours, chosen on third 2 of split 14 of
 * the bench (bench/segment.mjs).
 */
const photos: SegmentDifferences = {
  model: {
    kind: 'deeplabv3plus',
    backbone: 'efficientnet-lite0',
    weights: 'efficientnet-lite0',
    channels: 96,
    lowChannels: 32,
  },
  train: {
    epochs: 8,
    batch: 8,
    lr: 1e-3,
    // Far fewer steps than stochastic gradient descent needs.
    optimizer: { kind: 'adamw', weightDecay: 0.01 },
  },
  augment: { size: 224, side: 256 },
  predict: { scales: [1] },
}

/** Drawn scenes of 96 x 96 pixels. All ours, chosen on the demo's seed 3 (docs/demo.md). */
const demo: SegmentDifferences = {
  train: {
    epochs: 16,
    batch: 8,
    lr: 2e-3,
    schedule: { kind: 'poly', power: 0.9, warmup: 20 },
    optimizer: { kind: 'adamw', weightDecay: 0.01 },
    groups: [{ parameters: 'encoder', factor: 0.3 }],
    gradientClip: 1,
    // Clipping pixels whose loss is high leaves nothing but background, where most pixels are.
    loss: { mean: 'valid', clipping: { enabled: false } },
  },
  // Colours tell drawn objects apart.
  augment: { size: 96, side: 120, ratio: [0.8, 1.6], mostOfOneClass: 1, photometric: false },
  predict: { scales: [1, 1.25, 1.5] },
}

/** Every preset by name. */
export const segmentDifferences: Readonly<Record<string, SegmentDifferences>> = {
  none: {},
  voc2012: published,
  coco2014: published,
  photos,
  demo,
}
