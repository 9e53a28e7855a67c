import type { RunConfig, StageConfig } from './types.js'

/** A config without what only the user can say. */
export type ConfigDefaults = Omit<RunConfig, 'data' | 'out'>

const stage = {
  epochs: 60,
  batch: 64,
  lr: 5.12e-4,
  weightDecay: 0.03,
  gradientClip: 0,
  maskEpsilon: 0.1,
  augment: 'light',
} satisfies StageConfig

/**
 * What holds without a preset: the published numbers for VOC 2012 (SemPLeS, arXiv 2401.11791, and its code; stage 0:
 * WeakTr, arXiv 2304.01184), with the lighter augmentation and the choices that need no pixel labels.
 */
export const defaults: ConfigDefaults = {
  preset: 'none',
  reference: false,
  // DeiT-S/16 with the fusion of WeakTr, arXiv 2304.01184.
  generator: {
    kind: 'weaktr',
    weights: '',
    imageSize: 224,
    patchSize: 16,
    width: 384,
    depth: 12,
    heads: 6,
    mlpRatio: 4,
    fusionReduction: 8,
    fusionFeatureReduction: 8,
    fusionPool: 'max',
    maps: 'refined',
    dropPath: 0.1,
  },
  clip: { path: '', normalize: 'generator' },
  seed: 504,
  device: 'auto',
  threads: 'auto',
  select: 'last',
  loss: { form: 'log' },
  stages: ['classify', 'match', 'prompt', 'refine'],
  classify: { ...stage, lr: 6e-4 },
  match: { ...stage, backgroundText: 2.4, classification: 0, train: 'head' },
  prompt: {
    ...stage,
    batch: 128,
    lr: 0.1,
    maskEpsilon: 1e-4,
    length: 30,
    textPrompt: 0.02,
    repel: 'text',
    deviation: 0,
  },
  refine: { ...stage, backgroundText: 2.4, foregroundPrompt: 0.05, classification: 0, train: 'head' },
  loader: { resample: 'fast', prefetch: 2, concurrency: 'auto', cacheMegabytes: 256, unreadable: 'error' },
  cams: { scales: [1, 1.2], flip: true, resample: 'exact' },
  masks: { threshold: 0.45 },
}
