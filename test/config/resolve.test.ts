import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { defaultConfig, resolveConfig } from '../../lib/config/resolve.js'
import type { RunConfig, TrainConfigInput } from '../../lib/config/types.js'
import { type DataSpec, dataForms } from '../../lib/datasets/kinds.js'
import { refusal } from './refusal.js'

const least: TrainConfigInput = {
  data: { folder: 'photos', labels: 'labels.csv' },
  generator: { weights: 'random' },
  clip: 'ViT-B-32.pt',
  out: 'runs/boats',
}

/** Effective learning rate of a stage. */
function effective({ lr, batch }: { lr: number; batch: number }): number {
  return (lr * batch) / 512
}

describe('published numbers', () => {
  // Table of the published recipe: batch, effective learning rate, loss weights.
  test('voc2012', () => {
    const { classify, match, prompt, guide, generator, cams, seed } = defaultConfig('voc2012')
    expect([match.batch, prompt.batch, guide.batch]).toEqual([64, 128, 64])
    expect(effective(match)).toBeCloseTo(6.4e-5, 12)
    expect(effective(prompt)).toBeCloseTo(0.025, 12)
    expect(effective(guide)).toBeCloseTo(6.4e-5, 12)
    expect([match.terms, prompt.terms]).toEqual([
      { match: 1, background_text: 2.4 },
      { background_prompt: 1, text_prompt: 0.02 },
    ])
    expect(guide.terms).toEqual({ match: 1, background_text: 2.4, foreground_prompt: 0.05 })
    expect([classify.batch, classify.lr]).toEqual([64, 6e-4])
    expect(generator).toMatchObject({ kind: 'weaktr', fusionReduction: 8, fusionPool: 'max' })
    expect(prompt.length).toBe(30)
    expect(cams.scales).toEqual([1, 1.2])
    expect(seed).toBe(504)
  })

  test('coco2014', () => {
    const { classify, match, prompt, guide, generator, cams } = defaultConfig('coco2014')
    expect([match.batch, prompt.batch, guide.batch, classify.batch]).toEqual([32, 128, 24, 32])
    expect(effective(match)).toBeCloseTo(3.2e-7, 15)
    expect(effective(prompt)).toBeCloseTo(0.0025, 12)
    expect(effective(guide)).toBeCloseTo(2.4e-7, 15)
    expect([match.terms, prompt.terms]).toEqual([
      { match: 1, background_text: 0.75 },
      { background_prompt: 1, text_prompt: 0.01 },
    ])
    expect(guide.terms).toEqual({ match: 1, background_text: 0.75, foreground_prompt: 0.2 })
    expect(generator).toMatchObject({ kind: 'weaktr', fusionReduction: 4, fusionPool: 'mean' })
    expect(prompt.length).toBe(30)
    expect(cams.scales).toEqual([1, 0.8, 1.2])
  })

  test.each(['voc2012', 'coco2014', 'none'] as const)('%s: what every recipe has', (preset) => {
    const { classify, match, prompt, guide } = defaultConfig(preset)
    for (const stage of [classify, match, prompt, guide]) {
      expect([stage.epochs, stage.optimizer, stage.schedule]).toEqual([
        60,
        { kind: 'adamw', weightDecay: 0.03 },
        { kind: 'cosine', warmup: 0 },
      ])
      expect(stage.augment).toBe(preset === 'none' ? 'light' : 'reference')
    }
    expect([match.maskEpsilon, prompt.maskEpsilon, guide.maskEpsilon]).toEqual([0.1, 1e-4, 0.1])
  })
})

test('without a preset only the augmentation differs from voc2012', () => {
  const plain = resolveConfig({ ...least, augment: 'reference' })
  expect(plain).toEqual({ ...resolveConfig({ ...least, preset: 'voc2012' }), preset: 'none' })
})

test('reference: published behaviour where the defaults depart from it', () => {
  const data = { coco2014: 'coco' }
  const usual = resolveConfig({ ...least, data })
  expect([usual.select, usual.loader.resample, usual.data]).toEqual([
    'last',
    'fast',
    { kind: 'coco2014', coco2014: resolve('coco'), classes: 80, crowd: 'class' },
  ])
  const published = resolveConfig({ ...least, data, reference: true })
  expect(published.data).toMatchObject({ coco2014: resolve('coco'), classes: 90 })
  expect([published.select, published.loader.resample, published.cams.resample]).toEqual(['miou', 'exact', 'exact'])
  expect(published.match.augment).toBe('reference')
  expect(resolveConfig({ ...least, data: { ...data, classes: 80 }, reference: true }).data).toMatchObject({
    classes: 80,
  })
  expect(resolveConfig({ ...least, data, reference: true, select: 'last' }).select).toBe('last')
})

test('shorthands reach every stage, and a stage has the last word', () => {
  const config = resolveConfig({
    ...least,
    preset: 'coco2014',
    batch: 4,
    maxSteps: 3,
    lr: 0.5,
    match: { batch: 8, lr: 1 },
  })
  expect([config.classify.batch, config.match.batch, config.prompt.batch, config.guide.batch]).toEqual([4, 8, 4, 4])
  expect([config.classify.lr, config.match.lr, config.prompt.lr]).toEqual([0.5, 1, 0.5])
  expect(config.guide.maxSteps).toBe(3)
  expect(config).not.toHaveProperty('batch')
  expect(config.match.epochs).toBe(60)
})

test('a resolved config resolves to itself, also after a journey through JSON', () => {
  for (const input of [
    least,
    { ...least, preset: 'coco2014', data: { coco2014: 'coco' }, reference: true, epochs: 2, match: { lr: 1 } },
    { ...least, data: { voc2012: 'voc', trainSplit: 'lists/mine.txt' }, maxSteps: 2 },
    { ...least, clip: undefined, stages: ['classify'] },
  ] as TrainConfigInput[]) {
    const once = resolveConfig(input)
    expect(resolveConfig(JSON.parse(JSON.stringify(once)) as RunConfig)).toEqual(once)
  }
})

test('neither input nor defaults are shared with the result', () => {
  const input: TrainConfigInput = { ...least, cams: { scales: [1, 2] } }
  const config = resolveConfig(input)
  config.cams.scales.push(3)
  config.match.lr = 0
  config.stages.pop()
  expect(input.cams).toEqual({ scales: [1, 2] })
  expect(resolveConfig(least)).toMatchObject({ cams: { scales: [1, 1.2] }, match: { lr: 5.12e-4 } })
  expect(resolveConfig(least).stages).toHaveLength(4)
})

test('paths become absolute; names that are no paths stay', () => {
  const config = resolveConfig({ ...least, generator: { weights: 'deit.safetensors' } })
  expect(config.generator.weights).toBe(resolve('deit.safetensors'))
  expect(config.clip.path).toBe(resolve('ViT-B-32.pt'))
  expect(config.out).toBe(resolve('runs/boats'))
  expect(config.data).toEqual({ kind: 'folder', folder: resolve('photos'), labels: 'labels.csv' })
  expect(resolveConfig(least).generator.weights).toBe('random')

  const folder = mkdtempSync(join(tmpdir(), 'semples-'))
  writeFileSync(join(folder, 'own.csv'), '')
  const before = process.cwd()
  process.chdir(folder)
  try {
    const { data } = resolveConfig({ ...least, data: { folder: 'photos', labels: 'own.csv', classes: 'inside.json' } })
    expect(data).toEqual({
      kind: 'folder',
      folder: resolve('photos'),
      labels: resolve('own.csv'),
      classes: 'inside.json',
    })
  } finally {
    process.chdir(before)
  }
  const voc = resolveConfig({ ...least, data: { voc2012: 'voc', trainSplit: 'train', evalSplit: 'my/val.txt' } })
  expect(voc.data).toEqual({
    kind: 'voc2012',
    voc2012: resolve('voc'),
    trainSplit: 'train',
    evalSplit: resolve('my/val.txt'),
  })
})

test('data by their kind mean the same as by their short key', () => {
  for (const data of [{ folder: 'a' }, { voc2012: 'b' }, { coco2014: 'c', crowd: 'void' }] as DataSpec[]) {
    const [kind] = Object.keys(data)
    const named = { kind, ...data } as DataSpec
    expect(resolveConfig({ ...least, data: named })).toEqual(resolveConfig({ ...least, data }))
  }
})

test('weights of loss terms: by name, those of the stage stay unless they are named', () => {
  const config = resolveConfig({ ...least, match: { terms: { background_text: 0.5, class_logits: 0.2 } } })
  expect(config.match.terms).toEqual({ match: 1, background_text: 0.5, class_logits: 0.2 })
  expect(Object.keys(config.match.terms)).toEqual(['match', 'background_text', 'class_logits'])
  expect(config.guide.terms).toEqual({ match: 1, background_text: 2.4, foreground_prompt: 0.05 })
})

describe('what only the user can give', () => {
  test('weights: the error names what to fetch and the way without', () => {
    const error = refusal(() => resolveConfig({ ...least, generator: {} }))
    expect(error.code).toBe('SEMPLES_WEIGHTS_MISSING')
    expect(error.field).toBe('generator.weights')
    expect(error.message).toMatch(/deit_small_patch16_224.*https:.*\.pth.*'random'/s)
  })

  test('weights of a CNN: those of its backbones', () => {
    const { message } = refusal(() => resolveConfig({ ...least, preset: 'cnn', generator: {} }))
    expect(message).toMatch(/resnet50-0676ba61\.pth.*weights fetch efficientnet-lite0.*'random'/s)
    expect(message).not.toMatch(/deit/i)
  })

  test('CLIP, where a stage uses it', () => {
    const error = refusal(() => resolveConfig({ ...least, clip: undefined }))
    expect(error.code).toBe('SEMPLES_CLIP_MISSING')
    expect(error.message).toMatch(/ViT-B-32\.pt.*scripts\/clip\/export\.py/s)
    expect(resolveConfig({ ...least, clip: undefined, stages: ['classify'] }).clip.path).toBeUndefined()
  })

  test.each(['data', 'out'] as const)('%s', (field) => {
    const error = refusal(() => resolveConfig({ ...least, [field]: undefined }))
    expect([error.code, error.field]).toEqual(['SEMPLES_CONFIG_INVALID', field])
  })
})

describe('misspelt fields', () => {
  test.each([
    [{ epoch: 3 }, 'epoch', 'epochs'],
    [{ match: { epoch: 3 } }, 'match.epoch', 'match.epochs'],
    [{ prompt: { lenght: 3 } }, 'prompt.lenght', 'prompt.length'],
    [{ mach: { epochs: 3 } }, 'mach', 'match'],
    [{ gradientClip: 1 }, 'gradientClip', 'classify.gradientClip'],
    [{ match: { terms: { backgroundtext: 1 } } }, 'match.terms.backgroundtext', 'match.terms.background_text'],
    [{ generator: { weigths: 'random' } }, 'generator.weigths', 'generator.weights'],
    [{ data: { folder: 'a', label: 'b' } }, 'data.label', 'data.labels'],
    [{ data: { coco2014: 'a', evallist: 'b' } }, 'data.evallist', 'data.evalList'],
    [{ Seed: 1 }, 'Seed', 'seed'],
    [{ clip: { path: 'a', normalise: 'clip' } }, 'clip.normalise', 'clip.normalize'],
  ])('%j', (wrong, field, nearest) => {
    const error = refusal(() => resolveConfig({ ...least, ...wrong } as TrainConfigInput))
    expect([error.code, error.field]).toEqual(['SEMPLES_CONFIG_UNKNOWN', field])
    expect(error.message).toMatch(/There is no (config field|loss term)/)
    expect(error.message).toContain(`Did you mean ${nearest}?`)
  })

  test('nothing near: no suggestion but where to look', () => {
    const error = refusal(() => resolveConfig({ ...least, zzzzzzzz: 1 } as TrainConfigInput))
    expect(error.message).not.toContain('Did you mean')
    expect(error.message).toContain('npx semples config')
  })

  test('a name is told before a value that is wrong besides', () => {
    const error = refusal(() => resolveConfig({ ...least, seed: -1, epoch: 1 } as TrainConfigInput))
    expect(error.field).toBe('epoch')
  })
})

describe('values that do not fit', () => {
  test.each([
    [{ seed: -1 }, 'seed', -1, 'a whole number, 0 or more'],
    [{ seed: 1.5 }, 'seed', 1.5, 'a whole number, 0 or more'],
    [{ seed: Number.NaN }, 'seed', Number.NaN, 'a whole number, 0 or more'],
    [{ seed: '504' }, 'seed', '504', 'a whole number, 0 or more'],
    [{ match: { epochs: 0 } }, 'match.epochs', 0, 'a whole number, 1 or more'],
    [{ lr: 0 }, 'lr', 0, 'a number above 0'],
    [{ lr: Number.POSITIVE_INFINITY }, 'lr', Number.POSITIVE_INFINITY, 'a number above 0'],
    [{ device: 'gpu' }, 'device', 'gpu', 'auto, cpu, cuda or cuda:<number>'],
    [{ device: 'cuda:x' }, 'device', 'cuda:x', 'auto, cpu, cuda or cuda:<number>'],
    [{ preset: 'voc' }, 'preset', 'voc', 'voc2012, coco2014, cnn, photos, demo or none'],
    [{ stages: ['match', 'a'] }, 'stages', ['match', 'a'], 'some of classify, match, prompt, guide'],
    [{ stages: [] }, 'stages', [], 'some of classify, match, prompt, guide'],
    [{ match: 3 }, 'match', 3, 'an object with fields of its own'],
    [{ match: null }, 'match', null, 'an object with fields of its own'],
    [{ masks: { threshold: 45 } }, 'masks.threshold', 45, 'a number from 0 to 1'],
    [{ generator: { dropPathRate: 1 } }, 'generator.dropPathRate', 1, 'a number from 0 up to but not 1'],
    [{ threads: 0 }, 'threads', 0, 'a whole number above 0, or auto'],
    [{ data: { folder: 3 } }, 'data.folder', 3, 'a folder'],
    [{ data: { coco2014: 'a', classes: 81 } }, 'data.classes', 81, '80 or 90'],
    [{ generator: { kind: 'weaktrr' } }, 'generator.kind', 'weaktrr', 'weaktr or cnn'],
    [{ data: { kind: 'vok2012', folder: 'a' } }, 'data', { kind: 'vok2012', folder: 'a' }, dataForms()],
    [
      { match: { terms: { match: -1 } } },
      'match.terms',
      { match: -1 },
      'an object with a number, 0 or more, for each term',
    ],
    [{ data: 'photos' }, 'data', 'photos', dataForms()],
  ])('%j', (wrong, field, value, expected) => {
    const error = refusal(() => resolveConfig({ ...least, ...wrong } as unknown as TrainConfigInput))
    expect([error.code, error.field, error.value, error.expected]).toEqual([
      'SEMPLES_CONFIG_INVALID',
      field,
      value,
      expected,
    ])
  })

  test('several: the others are named too', () => {
    const error = refusal(() => resolveConfig({ ...least, seed: -1, match: { lr: -1 } }))
    expect(error.message).toContain('Also wrong: match.lr.')
  })

  test.each([undefined, null, 3, 'a', []])('a config that is none: %j', (input) => {
    const error = refusal(() => resolveConfig(input as unknown as TrainConfigInput))
    expect(error.code).toBe('SEMPLES_CONFIG_INVALID')
  })

  test('a misspelt kind of data', () => {
    const error = refusal(() => resolveConfig({ ...least, data: { coco214: 'a' } as unknown as DataSpec }))
    expect(error.message).toContain('Did you mean data.coco2014?')
  })
})

describe('values that contradict each other', () => {
  test.each<[TrainConfigInput, string, RegExp]>([
    [{ stages: ['guide', 'prompt'] }, 'stages', /in the order classify, match, prompt, guide/],
    [{ stages: ['match', 'match'] }, 'stages', /at most once/],
    [{ stages: ['match', 'guide'] }, 'stages', /Add prompt/],
    [{ match: { terms: { match: 0, background_text: 0 } } }, 'match.terms', /at least one loss term/],
    [{ match: { terms: { foreground_prompt: 1 } } }, 'stages', /prompt before match/],
    [{ match: { optimizer: { momentum: 0.9 } } }, 'match.optimizer.momentum', /kind adamw/],
    [{ match: { optimizer: { nesterov: true } } }, 'match.optimizer.nesterov', /kind adamw/],
    [{ match: { optimizer: { kind: 'sgd', nesterov: true } } }, 'match.optimizer.nesterov', /momentum above 0/],
    [{ match: { optimizer: { kind: 'sgd', beta1: 0.9 } } }, 'match.optimizer.beta1', /kind sgd/],
    [{ cams: { scales: [1.2, 1] } }, 'cams.scales', /begins with 1/],
    [{ select: 'miou' }, 'select', /data\.masks/],
    [{ reference: true }, 'select', /data\.masks/],
    [{ generator: { weights: 'random', imageSize: 225 } }, 'generator.imageSize', /multiple of patchSize \(16\)/],
    [{ generator: { weights: 'random', width: 385 } }, 'generator.width', /multiple of heads \(6\)/],
    [
      { generator: { weights: 'random', fusionReduction: 73 } },
      'generator.fusionReduction',
      /at most heads \* depth \(72\)/,
    ],
    [{ generator: { weights: 'random', fusionFeatureReduction: 65 } }, 'generator.fusionFeatureReduction', /\(64\)/],
  ])('%j', (wrong, field, message) => {
    const error = refusal(() => resolveConfig({ ...least, ...wrong }))
    expect([error.code, error.field]).toEqual(['SEMPLES_CONFIG_INVALID', field])
    expect(error.message).toMatch(message)
  })

  test('what is allowed next to them', () => {
    expect(
      resolveConfig({ ...least, stages: ['match', 'guide'], guide: { terms: { foreground_prompt: 0 } } }).stages,
    ).toHaveLength(2)
    const data = { folder: 'photos', masks: 'masks' }
    expect(resolveConfig({ ...least, data, select: 'miou' }).select).toBe('miou')
    expect(resolveConfig({ ...least, stages: ['classify', 'prompt', 'guide'] }).stages).toHaveLength(3)
  })
})
