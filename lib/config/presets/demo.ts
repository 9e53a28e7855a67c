import { packagePath } from '../../base/package.js'
import type { ConfigDifferences } from '../types.js'

/** The small CLIP of the package and the DeiT that is its image tower; scripts/clip/train_demo.py made both. */
export const demoClip = packagePath('models', 'demo-clip.pt')
export const demoWeights = packagePath('models', 'demo-vit.safetensors')

/** What stages a and c share. */
const maskTerms = {
  background_text: 0.6,
  // The classification terms keep the maps apart while they change.
  class_logits: 0.2,
  coarse_logits: 0.2,
  fine_logits: 0.2,
}
const maskStage = {
  epochs: 8,
  batch: 8,
  lr: 0.0384,
  // One batch of eight must not undo the others.
  gradientClip: 0.5,
  train: 'all',
} as const

/**
 * Sizes and numbers for drawn scenes of 96 x 96 pixels and minutes on a processor; all ours. They were chosen on the
 * demo's seeds 0 to 9 and 202 (docs/demo.md).
 */
export const demo: ConfigDifferences = {
  generator: {
    weights: demoWeights,
    imageSize: 96,
    patchSize: 8,
    width: 128,
    depth: 4,
    heads: 4,
    // Attention of four small layers is nearly even: as patch affinity it smears maps over the whole picture.
    maps: 'plain',
    dropPathRate: 0,
  },
  clip: { path: demoClip },
  // All weights are trained: a network this small has nothing to lose, and the maps everything to gain.
  classify: { epochs: 4, batch: 8, lr: 0.0256 },
  match: { ...maskStage, terms: maskTerms },
  // Short prompts that begin near nothing: random long ones are unlike every picture, where the loss has no slope.
  prompt: { epochs: 6, batch: 8, lr: 0.32, length: 6, deviation: 0.005, terms: { text_prompt: 0.5 } },
  // The published weight of the background's text lets masks grow over it; the prompts are what holds them back.
  guide: { ...maskStage, terms: { ...maskTerms, background_text: 2.4, foreground_prompt: 3 } },
  cams: { scales: [1, 1.5], maxSide: 192, resample: 'fast' },
  masks: { threshold: 0.5 },
}
