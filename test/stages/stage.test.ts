import { describe, expect, test } from '@jest/globals'
import { resolveConfig } from '../../lib/config/resolve.js'
import { stageOf, stagesOf } from '../../lib/config/stagesOf.js'
import type { TrainConfigInput } from '../../lib/config/types.js'
import { lossTerms } from '../../lib/native/lossTerms.js'

const config = (input: TrainConfigInput = {}) =>
  resolveConfig({ data: { voc2012: 'VOC' }, out: 'run', clip: 'clip.pt', ...input, generator: { weights: 'random' } })

describe('the published stages', () => {
  // SemPLeS, arXiv 2401.11791, and its code: weights, batches, rates per 512 pictures.
  test.each([
    ['voc2012', 'match', [1, 2.4], 64, 6.4e-5],
    ['voc2012', 'prompt', [1, 0.02], 128, 0.025],
    ['voc2012', 'guide', [1, 2.4, 0.05], 64, 6.4e-5],
    ['coco2014', 'match', [1, 0.75], 32, 3.2e-7],
    ['coco2014', 'prompt', [1, 0.01], 128, 0.0025],
    ['coco2014', 'guide', [1, 0.75, 0.2], 24, 2.4e-7],
  ] as const)('%s %s: weights %j, batch %i, rate %d', (preset, name, weights, batch, rate) => {
    const stage = stageOf(config({ preset }), name)
    expect(Object.values(stage.terms)).toEqual(weights)
    expect(stage).toMatchObject({ batch, epochs: 60, trainer: { form: 'log', optimizer: { weightDecay: 0.03 } } })
    expect(stage.learningRate).toBeCloseTo(rate, 12)
  })

  test.each([
    ['classify', 'all', { needsClip: false, needsPrompts: false }, ['class_logits', 'coarse_logits', 'fine_logits']],
    ['match', 'head', { needsClip: true, needsPrompts: false }, ['match', 'background_text']],
    ['prompt', 'prompts', { needsClip: true, needsPrompts: true }, ['background_prompt', 'text_prompt']],
    ['guide', 'head', { needsClip: true, needsPrompts: true }, ['match', 'background_text', 'foreground_prompt']],
  ] as const)('%s trains %s', (name, trains, needs, terms) => {
    const stage = stageOf(config({ preset: 'voc2012' }), name)
    expect(stage).toMatchObject({ trains, ...needs })
    expect(Object.keys(stage.terms)).toEqual(terms)
  })

  test('masks have an epsilon of 0.1, and of 1e-4 where prompts are learned', () => {
    const epsilons = stagesOf(config()).map(({ name, trainer }) => [name, trainer.maskEpsilon])
    expect(Object.fromEntries(epsilons)).toMatchObject({ match: 0.1, prompt: 1e-4, guide: 0.1 })
  })

  test('drop path only where the generator is trained; gradients stop as in WeakTr in stage 0 alone', () => {
    const facts = stagesOf(config()).map(({ name, trainer }) => [name, trainer.useDropPath, trainer.gradients])
    expect(facts).toEqual([
      ['classify', true, 'classification'],
      ['match', true, undefined],
      ['prompt', false, undefined],
      ['guide', true, undefined],
    ])
  })
})

describe('departures', () => {
  test('a term of weight 0 is not computed, and with it goes what it alone needs', () => {
    expect(stageOf(config({ match: { terms: { background_text: 0 } } }), 'match').terms).toEqual({ match: 1 })
    const stage = stageOf(config({ guide: { terms: { foreground_prompt: 0 } } }), 'guide')
    expect(Object.keys(stage.terms)).toEqual(['match', 'background_text'])
    expect(stage.needsPrompts).toBe(false)
  })

  test('any term in any stage, in the order of its first naming', () => {
    const { terms } = stageOf(config({ prompt: { terms: { repel_foreground: 0.02, text_prompt: 0 } } }), 'prompt')
    expect(Object.entries(terms)).toEqual([
      ['background_prompt', 1],
      ['repel_foreground', 0.02],
    ])
    const classify = stageOf(config({ classify: { terms: { fine_logits: 0.5 } } }), 'classify')
    expect(classify.terms).toEqual({ class_logits: 1, coarse_logits: 1, fine_logits: 0.5 })
  })

  test('the whole generator, cosines, CLIP statistics', () => {
    const stage = stageOf(
      config({ match: { train: 'all' }, loss: { form: 'cosine' }, clip: { path: 'c', normalize: 'clip' } }),
      'match',
    )
    expect(stage).toMatchObject({ trains: 'all', trainer: { form: 'cosine', clipStatistics: true } })
  })

  test('a learning rate that does not grow with the batch', () => {
    expect(stageOf(config({ match: { lr: 0.1, lrBatch: 0, batch: 16 } }), 'match').learningRate).toBe(0.1)
  })
})

test('every term has a formula and a source, and every term of a stage is listed', () => {
  const listed = lossTerms()
  for (const { formula, source } of listed) {
    expect(formula.length).toBeGreaterThan(5)
    expect(source).toMatch(/arXiv|^ours: /)
  }
  const used = stagesOf(config()).flatMap(({ terms }) => Object.keys(terms))
  expect(listed.map(({ name }) => name)).toEqual(expect.arrayContaining(used))
})
