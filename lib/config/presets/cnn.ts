import type { ConfigDifferences } from '../types.js'

/**
 * CAM classifiers of older pipelines: IRN (Ahn et al., CVPR 2019), its CAM step. SGD has no momentum there: what its code
 * calls momentum is the exponent of the decay.
 */
export const cnn: ConfigDifferences = {
  generator: { kind: 'cnn', backbone: 'resnet50', imageSize: 512, norm: 'fixed', frozen: 'layer2' },
  classify: {
    epochs: 5,
    batch: 16,
    lr: 0.1,
    lrBatch: 0,
    schedule: { kind: 'poly', power: 0.9 },
    optimizer: { kind: 'sgd', weightDecay: 1e-4, momentum: 0 },
    groups: [{ parameters: 'head', factor: 10 }],
    augment: 'place',
  },
  // Ours: few epochs, in parts of a batch that fit a small machine. Not measured.
  match: { epochs: 5, batch: 16, microBatch: 4 },
  prompt: { batch: 64 },
  guide: { epochs: 5, batch: 16, microBatch: 4 },
  cams: { scales: [1, 0.5, 1.5, 2], scaling: 'max', fit: 'cut' },
  masks: { threshold: 0.15 },
}
