import { describe, expect, test } from '@jest/globals'
import { defaultConfig, resolveConfig } from '../../lib/config/resolve.js'
import { stageOf, stagesOf } from '../../lib/config/stagesOf.js'
import type { RunConfig, TrainConfigInput } from '../../lib/config/types.js'
import { refusal } from './refusal.js'

const least = { data: { folder: 'photos', labels: 'labels.csv' }, clip: 'clip.pt', out: 'run' }
const config = ({ generator, ...input }: TrainConfigInput = {}): RunConfig =>
  resolveConfig({ ...least, generator: { weights: 'random', ...generator } as TrainConfigInput['generator'], ...input })

describe('cnn', () => {
  test('the CAM step of IRN', () => {
    const resolved = config({ preset: 'cnn' })
    expect(resolved.generator).toEqual({
      kind: 'cnn',
      weights: 'random',
      imageSize: 512,
      backbone: 'resnet50',
      cacheMegabytes: 0,
      width: 1,
      outputStride: 16,
      dilate: false,
      norm: 'fixed',
      frozen: 'layer2',
      head: 'linear',
      headStart: 'random',
    })
    const { classify, cams, masks } = resolved
    // Ahn, Cho, Kwak, CVPR 2019, and its code: rate 0.1, ten times that for the head, weight decay 1e-4, 5 epochs of 16.
    expect(classify).toMatchObject({ epochs: 5, batch: 16, schedule: { kind: 'poly', power: 0.9 }, augment: 'place' })
    expect(classify.optimizer).toEqual({ kind: 'sgd', weightDecay: 1e-4, momentum: 0 })
    expect(classify.groups).toEqual([{ parameters: 'head', factor: 10 }])
    expect(stageOf(resolved, 'classify').learningRate).toBe(0.1)
    expect(stageOf(resolved, 'classify').terms).toEqual({ coarse_logits: 1 })
    expect(cams).toMatchObject({ scales: [1, 0.5, 1.5, 2], flip: true, scaling: 'max', fit: 'cut' })
    expect(masks.threshold).toBe(0.15)
    expect(stageOf(resolved, 'match').trainer).toMatchObject({ microBatch: 4 })
  })
})

describe('photos', () => {
  test('a frozen EfficientNet-Lite0 by its name, and prompts in the joint space', () => {
    const resolved = resolveConfig({ ...least, preset: 'photos' })
    expect(resolved.generator).toMatchObject({
      kind: 'cnn',
      weights: 'efficientnet-lite0',
      backbone: 'efficientnet-lite0',
      imageSize: 320,
      frozen: 'all',
      head: 'context',
      headStart: 'imagenet',
    })
    expect(resolved.prompt).toMatchObject({ space: 'joint', optimizer: { kind: 'adamw', weightDecay: 0 } })
    expect(stagesOf(resolved).map(({ name, trains }) => [name, trains])).toEqual([
      ['classify', 'all'],
      ['match', 'head'],
      ['prompt', 'prompts'],
      ['guide', 'head'],
    ])
    const { terms, trainer, schedule, augment } = stageOf(resolved, 'guide')
    expect(Object.keys(terms).sort()).toEqual(['background_text', 'coarse_logits', 'foreground_prompt', 'match'])
    expect(trainer).toMatchObject({ maskGain: 12, maskCentre: 0.3, gradientClip: 1 })
    expect(schedule).toEqual({ kind: 'cosine-steps', warmup: 20 })
    expect(augment).toMatchObject({ flip: 0.5, crop: null, place: null })
    expect(stageOf(resolved, 'prompt').terms).toEqual({ background_prompt: 1, text_prompt: 0.02, prompt_floor: 1 })
  })

  test('its own values win over what the kind of generator changes', () => {
    const { match, guide } = resolveConfig({ ...least, preset: 'photos' })
    expect([match.train, guide.train]).toEqual(['head', 'head'])
  })
})

describe('what fits a kind of generator', () => {
  const trained = ({ match, guide, masks }: Pick<RunConfig, 'match' | 'guide' | 'masks'>) => [
    match.train,
    guide.train,
    masks.threshold,
  ]

  test('holds where nobody says otherwise', () => {
    expect(trained(config())).toEqual(['head', 'head', 0.45])
    expect(trained(config({ generator: { kind: 'cnn' } }))).toEqual(['all', 'all', 0.3])
    expect(trained(config({ generator: { kind: 'weaktr' }, preset: 'cnn' }))).toEqual(['head', 'head', 0.15])
    expect(trained(config({ generator: { kind: 'cnn' }, preset: 'voc2012' }))).toEqual(['all', 'all', 0.3])
    expect(trained(config({ preset: 'cnn' }))).toEqual(['all', 'all', 0.15])
    expect(trained(defaultConfig('cnn') as RunConfig)).toEqual(['all', 'all', 0.15])
  })

  test("a user's value wins", () => {
    const own = config({ generator: { kind: 'cnn' }, match: { train: 'head' }, masks: { threshold: 0.6 } })
    expect(trained(own)).toEqual(['head', 'all', 0.6])
    // A resolved config resolves to itself.
    expect(resolveConfig(own as TrainConfigInput)).toEqual(own)
  })

  test('sizes of the network of a preset mean nothing for another kind', () => {
    const { generator } = config({ preset: 'cnn', generator: { kind: 'weaktr' } })
    expect(generator).toEqual(config({ generator: { kind: 'weaktr' } }).generator)
    expect(config({ preset: 'demo', generator: { kind: 'cnn' } }).generator).toEqual(
      config({ generator: { kind: 'cnn' } }).generator,
    )
  })

  test.each([
    [{ preset: 'cnn', generator: { outputStride: 32, dilate: true } }, 'generator.dilate'],
    [{ preset: 'cnn', generator: { outputStride: 24 } }, 'generator.outputStride'],
    [{ preset: 'cnn', generator: { backbone: 'resnet18' } }, 'generator.backbone'],
    [{ preset: 'cnn', generator: { width: 0 } }, 'generator.width'],
    [{ match: { microBatch: -1 } }, 'match.microBatch'],
    [{ match: { maskCentre: 1.5 } }, 'match.maskCentre'],
    [{ match: { maskGain: -1 } }, 'match.maskGain'],
    [{ match: { schedule: { warmup: 0.5 } } }, 'match.schedule.warmup'],
    [{ prompt: { space: 'words?' } }, 'prompt.space'],
    [{ cams: { scaling: 'sum' } }, 'cams.scaling'],
  ])('%j is refused', (wrong, field) => {
    const error = refusal(() => config(wrong as unknown as TrainConfigInput))
    expect([error.code, error.field]).toEqual(['SEMPLES_CONFIG_INVALID', field])
    expect(error.expected).toMatch(/\S/)
  })

  test('fields of the kind that a preset names can be set without naming it again', () => {
    const generator = { head: 'context', outputStride: 32 } as TrainConfigInput['generator']
    expect(config({ preset: 'cnn', generator }).generator).toMatchObject({ kind: 'cnn', ...generator, norm: 'fixed' })
    const error = refusal(() => config({ preset: 'cnn', generator: { patchSize: 8 } as TrainConfigInput['generator'] }))
    expect([error.code, error.field]).toEqual(['SEMPLES_CONFIG_UNKNOWN', 'generator.patchSize'])
  })

  test.each([
    [{ generator: { kind: 'cnn', patchSize: 16 } }, 'generator.patchSize'],
    [{ generator: { backbone: 'resnet50' } }, 'generator.backbone'],
  ])('%j: a field of the other kind is unknown', (wrong, field) => {
    const error = refusal(() => config(wrong as unknown as TrainConfigInput))
    expect([error.code, error.field]).toEqual(['SEMPLES_CONFIG_UNKNOWN', field])
  })
})
