import { describe, expect, test } from '@jest/globals'
import { resolveConfig } from '../../lib/config/resolve.js'
import type { TrainConfigInput } from '../../lib/config/types.js'
import { stageOf, stagesOf } from '../../lib/stages/stage.js'
import { TERMS } from '../../lib/stages/terms.js'

const config = (input: TrainConfigInput = {}) =>
  resolveConfig({ data: { voc2012: 'VOC' }, out: 'run', clip: 'clip.pt', ...input, generator: { weights: 'random' } })

describe('the published stages', () => {
  // SemPLeS, arXiv 2401.11791, and its code: weights, batches, rates per 512 pictures.
  test.each([
    ['voc2012', 'match', [1, 2.4], 64, 6.4e-5],
    ['voc2012', 'prompt', [1, 0.02], 128, 0.025],
    ['voc2012', 'refine', [1, 2.4, 0.05], 64, 6.4e-5],
    ['coco2014', 'match', [1, 0.75], 32, 3.2e-7],
    ['coco2014', 'prompt', [1, 0.01], 128, 0.0025],
    ['coco2014', 'refine', [1, 0.75, 0.2], 24, 2.4e-7],
  ] as const)('%s %s: weights %j, batch %i, rate %d', (preset, name, weights, batch, rate) => {
    const stage = stageOf(config({ preset }), name)
    expect(stage.terms.map(({ weight }) => weight)).toEqual(weights)
    expect(stage).toMatchObject({ batch, epochs: 60, trainer: { weightDecay: 0.03, form: 'log' } })
    expect(stage.learningRate).toBeCloseTo(rate, 12)
  })

  test('what each trains, asks and adds to its masks', () => {
    const facts = stagesOf(config({ preset: 'voc2012' })).map(({ name, trains, needsClip, needsPrompts, trainer }) => [
      name,
      trains,
      needsClip,
      needsPrompts,
      trainer.dropPath,
      trainer.maskEpsilon,
      trainer.classificationGradients,
    ])
    expect(facts.map(([, ...rest]) => rest)).toEqual([
      ['all', false, false, true, expect.anything(), true],
      ['head', true, false, true, 0.1, false],
      ['prompts', true, true, false, 1e-4, false],
      ['head', true, true, true, 0.1, false],
    ])
    expect(stagesOf(config()).map(({ terms }) => terms.map(({ name }) => name))).toEqual([
      ['class_logits', 'coarse_logits', 'fine_logits'],
      ['match', 'background_text'],
      ['background_prompt', 'text_prompt'],
      ['match', 'background_text', 'foreground_prompt'],
    ])
  })
})

describe('departures', () => {
  const terms = (input: TrainConfigInput, name: 'match' | 'prompt' | 'refine') =>
    stageOf(config(input), name).terms.map((term) => [term.name, term.weight])

  test('what the prompt is kept away from', () => {
    expect(terms({ prompt: { repel: 'foreground' } }, 'prompt')).toEqual([
      ['background_prompt', 1],
      ['repel_foreground', 0.02],
    ])
    expect(terms({ prompt: { repel: 'both' } }, 'prompt')).toEqual([
      ['background_prompt', 1],
      ['text_prompt', 0.02],
      ['repel_foreground', 0.02],
    ])
  })

  test('a term of weight 0 is not computed, and with it goes what it alone needs', () => {
    expect(terms({ match: { backgroundText: 0 } }, 'match')).toEqual([['match', 1]])
    const stage = stageOf(config({ refine: { foregroundPrompt: 0 } }), 'refine')
    expect(stage.terms.map(({ name }) => name)).toEqual(['match', 'background_text'])
    expect(stage.needsPrompts).toBe(false)
  })

  test('the whole generator, cosines, CLIP statistics', () => {
    const stage = stageOf(
      config({ match: { train: 'all' }, loss: { form: 'cosine' }, clip: { path: 'c', normalize: 'clip' } }),
      'match',
    )
    expect(stage).toMatchObject({ trains: 'all', trainer: { form: 'cosine', clipStatistics: true } })
  })
})

test('every term of every stage is described', () => {
  const names = stagesOf(config({ prompt: { repel: 'both' } })).flatMap(({ terms }) => terms.map(({ name }) => name))
  for (const name of names) expect(TERMS[name].source).toMatch(/arXiv/)
  expect(new Set(names)).toEqual(new Set(Object.keys(TERMS)))
})
