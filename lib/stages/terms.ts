import type { TermName } from '../native/addon.js'

/** What each loss term is, for reports and `--help`; the arithmetic is native/core/losses. */
export const TERMS: Record<TermName, { formula: string; source: string }> = {
  class_logits: { formula: 'soft margin of the class tokens', source: 'WeakTr, arXiv 2304.01184' },
  coarse_logits: { formula: 'soft margin of the mean CAM', source: 'WeakTr, arXiv 2304.01184' },
  fine_logits: { formula: 'soft margin of the mean refined CAM', source: 'WeakTr, arXiv 2304.01184' },
  match: { formula: '-log s(foreground, class text)', source: 'SemPLeS, arXiv 2401.11791, segment-label matching' },
  background_text: {
    formula: '-log(1 - s(background, class text))',
    source: 'SemPLeS, arXiv 2401.11791, segment-label matching',
  },
  background_prompt: {
    formula: '-log s(background, learned prompt)',
    source: 'SemPLeS, arXiv 2401.11791, contrastive prompt learning',
  },
  text_prompt: {
    formula: '+log s(class text, learned prompt)',
    source: 'SemPLeS, arXiv 2401.11791, contrastive prompt learning',
  },
  repel_foreground: {
    formula: '+log s(foreground, learned prompt)',
    source: 'SemPLeS, arXiv 2401.11791, contrastive prompt learning, as the method is commonly described',
  },
  foreground_prompt: {
    formula: '-log(1 - s(foreground, learned prompt))',
    source: 'SemPLeS, arXiv 2401.11791, prompt-guided semantic refinement',
  },
}
