import type { LossTermInfo } from './addon.js'

const similarity = ['foreground', 'background', 'text', 'prompt'] as const
void similarity

/** Stand-in until the loader addon lists the terms. */
export function lossTerms(): readonly LossTermInfo[] {
  return [
    { name: 'class_logits', needs: ['logits'], formula: 'f', source: 's' },
    { name: 'coarse_logits', needs: ['logits'], formula: 'f', source: 's' },
    { name: 'fine_logits', needs: ['logits'], formula: 'f', source: 's' },
    { name: 'match', needs: ['foreground', 'text'], formula: 'f', source: 's' },
    { name: 'background_text', needs: ['background', 'text'], formula: 'f', source: 's' },
    { name: 'background_prompt', needs: ['background', 'prompt'], formula: 'f', source: 's' },
    { name: 'text_prompt', needs: ['text', 'prompt'], formula: 'f', source: 's' },
    { name: 'foreground_prompt', needs: ['foreground', 'prompt'], formula: 'f', source: 's' },
    { name: 'repel_foreground', needs: ['foreground', 'prompt'], formula: 'f', source: 's' },
  ]
}
