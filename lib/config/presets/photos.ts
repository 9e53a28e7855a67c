import type { ConfigDifferences } from '../types.js'

/** What stages a and c share. */
const maskTerms = {
  background_text: 2.4,
  // Keeps the maps apart while they change.
  coarse_logits: 0.5,
}
const maskStage = {
  epochs: 3,
  batch: 8,
  // Less memory, and no slower.
  microBatch: 2,
  lr: 2e-3,
  lrBatch: 0,
  schedule: { kind: 'cosine-steps', warmup: 20 },
  augment: 'flip',
  // A convolutional image tower sees a half-dimmed object as well as a whole one.
  maskGain: 12,
  maskCentre: 0.3,
  gradientClip: 1,
  optimizer: { kind: 'adamw', weightDecay: 0.05 },
  train: 'head',
} as const

/**
 * Folders of a few hundred photographs, in minutes on a processor: EfficientNet-Lite0 as a frozen backbone, a stand-in
 * for CLIP that scripts/clip/photos.py makes of the same network (docs/photographs.md). All ours.
 */
export const photos: ConfigDifferences = {
  generator: {
    kind: 'cnn',
    weights: 'efficientnet-lite0',
    backbone: 'efficientnet-lite0',
    imageSize: 320,
    // Kernels reach as far as they did when the weights were trained.
    dilate: true,
    frozen: 'all',
    cacheMegabytes: 2048,
    head: 'context',
    headStart: 'imagenet',
  },
  classify: {
    epochs: 10,
    batch: 16,
    // Less of it leaves maps that are smaller than those of ImageNet's rows, from which they start.
    lr: 4e-3,
    lrBatch: 0,
    schedule: { kind: 'cosine-steps' },
    augment: 'flip',
    optimizer: { kind: 'adamw', weightDecay: 0.05 },
  },
  match: { ...maskStage, terms: maskTerms },
  // One free vector a class in the joint space of pictures and texts.
  prompt: {
    epochs: 3,
    batch: 4,
    lr: 0.01,
    lrBatch: 0,
    schedule: { kind: 'constant' },
    augment: 'flip',
    maskGain: 12,
    maskCentre: 0.3,
    optimizer: { kind: 'adamw', weightDecay: 0 },
    space: 'joint',
    deviation: 0.02,
    terms: { text_prompt: 0.02, prompt_floor: 1 },
  },
  guide: { ...maskStage, terms: { ...maskTerms, foreground_prompt: 10 } },
  cams: { side: 384, scales: [1, 1.33], resample: 'fast' },
  masks: { threshold: 0.25 },
}
