import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { isRecord } from '../../lib/base/optionError.js'
import { readConfigFile } from '../../lib/config/file.js'
import { describeSegmentConfig } from '../../lib/config/segment/describe.js'
import { segmentJsonSchema } from '../../lib/config/segment/jsonSchema.js'
import {
  checkSegmentInput,
  resolveSegmentConfig,
  segmentDefaults,
  segmentSettings,
} from '../../lib/config/segment/resolve.js'
import { segmentPresets } from '../../lib/config/segment/schema.js'
import type { SegmentConfig, SegmentConfigInput } from '../../lib/config/segment/types.js'
import { applySettings, parseSetting } from '../../lib/config/settings.js'
import { segmenterNames } from '../../lib/segment/kinds.js'
import { refusal, rejection } from './refusal.js'

const least = { data: { folder: 'photos' }, targets: { folder: 'masks' }, out: 'run' } satisfies SegmentConfigInput
const withKind = (kind: (typeof segmenterNames)[number]): SegmentConfigInput => ({
  ...least,
  model: { kind },
  ...(kind === 'clip-decoder' ? { clip: 'clip.pt' } : {}),
})

describe('what a config resolves to', () => {
  test('by default: the recipe that WeakTr retrains with', () => {
    // Zhu et al., arXiv 2304.01184, section 4.1 and the published configuration of its retraining.
    expect(resolveSegmentConfig(least)).toMatchObject({
      preset: 'none',
      model: {
        kind: 'vit-mask',
        weights: 'deit-small',
        imageSize: 480,
        patchSize: 16,
        width: 384,
        depth: 12,
        heads: 6,
      },
      train: {
        epochs: 100,
        batch: 4,
        lr: 1e-4,
        schedule: { kind: 'poly', power: 0.9, floor: 1e-5 },
        optimizer: { kind: 'sgd', momentum: 0.9, weightDecay: 0 },
        loss: { mean: 'all', clipping: { enabled: true, start: 1.2, tile: 120 } },
      },
      augment: { size: 480, side: 520, ratio: [0.5, 2] },
      predict: { scales: [0.5, 0.75, 1, 1.25, 1.5, 1.75], flip: true, side: 520, window: 480, stride: 320 },
    })
  })

  test('a convolutional network has none of the numbers of a vision transformer', () => {
    const { model, train } = resolveSegmentConfig(withKind('deeplabv3plus'))
    expect(model).toMatchObject({ backbone: 'resnet50', weights: 'resnet50', outputStride: 16, dilate: true })
    expect(model).not.toHaveProperty('patchSize')
    expect(train).toMatchObject({ lr: 0.01, loss: { mean: 'valid', clipping: { enabled: false } } })
    expect(train.optimizer).not.toHaveProperty('nesterov')
    expect(train.schedule).not.toHaveProperty('floor')
  })

  test('kernels are spread where a stride is removed, and nowhere else', () => {
    const of = (model: object) => resolveSegmentConfig({ ...least, model: { kind: 'deeplabv3plus', ...model } }).model
    expect(of({ outputStride: 32 })).toMatchObject({ dilate: false })
    expect(of({ dilate: false })).toMatchObject({ dilate: false, outputStride: 16 })
    expect(refusal(() => of({ outputStride: 32, dilate: true }))).toMatchObject({ field: 'model.dilate' })
  })

  test.each(segmentPresets.flatMap((preset) => segmenterNames.map((kind) => [preset, kind] as const)))(
    '%s with %s: itself, as JSON too',
    (preset, kind) => {
      const config = resolveSegmentConfig({ ...withKind(kind), preset })
      expect(config.model.kind).toBe(kind)
      expect(resolveSegmentConfig(config)).toEqual(config)
      expect(resolveSegmentConfig(JSON.parse(JSON.stringify(config)))).toEqual(config)
    },
  )

  test('a preset that names a kind gives that, and its sizes to no other', () => {
    expect(resolveSegmentConfig({ ...least, preset: 'photos' }).model).toMatchObject({
      kind: 'deeplabv3plus',
      backbone: 'efficientnet-lite0',
    })
    const other = resolveSegmentConfig({ ...least, preset: 'photos', model: { kind: 'vit-mask' } })
    expect(other.model).toMatchObject({ kind: 'vit-mask', weights: 'deit-small' })
    expect(other.train).toEqual(resolveSegmentConfig(withKind('vit-mask')).train)
    expect(other.augment.size).toBe(resolveSegmentConfig({ ...least, preset: 'photos' }).augment.size)
  })

  test('another optimiser or schedule begins from its own defaults', () => {
    const { train } = resolveSegmentConfig({
      ...least,
      train: { optimizer: { kind: 'adamw' }, schedule: { kind: 'constant' }, lr: 1e-6 },
    })
    expect(train.optimizer).toEqual({ kind: 'adamw', weightDecay: 0.03 })
    expect(train.schedule).not.toHaveProperty('floor')
    const same = resolveSegmentConfig({ ...least, train: { optimizer: { kind: 'sgd', weightDecay: 1e-4 } } })
    expect(same.train.optimizer).toEqual({ kind: 'sgd', momentum: 0.9, nesterov: true, weightDecay: 1e-4 })
  })

  test('paths are absolute, names stay', () => {
    const config = resolveSegmentConfig({
      ...least,
      targets: { folder: 'masks', confidence: 'scores' },
      model: { weights: 'deit-base' },
    })
    expect(config.out).toBe(resolve('run'))
    expect(config.targets).toMatchObject({ folder: resolve('masks'), confidence: resolve('scores') })
    expect((config.model as { weights: string }).weights).toBe('deit-base')
    expect(isAbsolute((config.data as { folder: string }).folder)).toBe(true)
    const file = resolveSegmentConfig({ ...least, model: { weights: 'own/weights.pth' } })
    expect((file.model as { weights: string }).weights).toBe(resolve('own/weights.pth'))
  })

  test('the input stays as it is', () => {
    const input = structuredClone({ ...least, clip: 'c.pt', model: { kind: 'clip-decoder' as const } })
    const before = structuredClone(input)
    resolveSegmentConfig(input)
    expect(input).toEqual(before)
  })
})

describe('refusals', () => {
  const refused = (changes: object) =>
    refusal(() => resolveSegmentConfig({ ...least, ...changes } as SegmentConfigInput))

  test.each<[string, object, string, string]>([
    ['train.epohcs', { train: { epohcs: 3 } }, 'SEMPLES_CONFIG_UNKNOWN', 'Did you mean train.epochs?'],
    ['model.patchsize', { model: { patchsize: 3 } }, 'SEMPLES_CONFIG_UNKNOWN', 'Did you mean model.patchSize?'],
    ['clip.normalize', { clip: { normalize: 'clip' } }, 'SEMPLES_CONFIG_UNKNOWN', 'npx semples segment config'],
    [
      'model.patchSize',
      { model: { kind: 'deeplabv3plus', patchSize: 8 } },
      'SEMPLES_CONFIG_UNKNOWN',
      'npx semples segment config --model deeplabv3plus',
    ],
    ['model.kind', { model: { kind: 'vit_mask' } }, 'SEMPLES_CONFIG_INVALID', 'Did you mean vit-mask?'],
    ['model.kind', { model: { kind: 3 } }, 'SEMPLES_CONFIG_INVALID', 'vit-mask, deeplabv3plus or clip-decoder'],
    ['train.batch', { train: { batch: 0 } }, 'SEMPLES_CONFIG_INVALID', '1 or more'],
    ['augment.ratio', { augment: { ratio: [2, 0.5] } }, 'SEMPLES_CONFIG_INVALID', 'the smaller first'],
    ['predict.scales', { predict: { scales: [] } }, 'SEMPLES_CONFIG_INVALID', 'above 0'],
    ['preset', { preset: 'reference' }, 'SEMPLES_CONFIG_INVALID', 'voc2012'],
    ['data', { data: undefined }, 'SEMPLES_CONFIG_INVALID', 'needs pictures'],
    ['out', { out: undefined }, 'SEMPLES_CONFIG_INVALID', '--out'],
    ['targets.folder', { targets: {} }, 'SEMPLES_CONFIG_INVALID', '--masks'],
    ['targets.folder', { targets: { from: 'truth', folder: 'm' } }, 'SEMPLES_CONFIG_INVALID', "'truth'"],
    ['targets.from', { targets: { from: 'truth' } }, 'SEMPLES_CONFIG_INVALID', 'data.masks'],
    [
      'targets.confidence',
      { targets: { from: 'scores', folder: 's', confidence: 'c' } },
      'SEMPLES_CONFIG_INVALID',
      'themselves',
    ],
    ['targets.ignoreBelow', { targets: { folder: 'm', ignoreBelow: 0.2 } }, 'SEMPLES_CONFIG_INVALID', 'without scores'],
    ['train.schedule.floor', { train: { lr: 1e-6 } }, 'SEMPLES_CONFIG_INVALID', 'train.schedule.floor='],
    ['train.optimizer.beta1', { train: { optimizer: { beta1: 0.5 } } }, 'SEMPLES_CONFIG_INVALID', 'sgd'],
    ['clip.path', { clip: 'clip.pt' }, 'SEMPLES_CONFIG_INVALID', 'does without'],
    ['clip.path', { model: { kind: 'clip-decoder' } }, 'SEMPLES_CLIP_MISSING', '--clip'],
    ['predict.earlier', { model: { decoderDepth: 1 }, predict: { earlier: 0.8 } }, 'SEMPLES_CONFIG_INVALID', '0 for'],
    [
      'predict.earlier',
      { model: { kind: 'deeplabv3plus' }, predict: { earlier: 0.8 } },
      'SEMPLES_CONFIG_INVALID',
      '0 for',
    ],
    ['model.imageSize', { model: { imageSize: 100 } }, 'SEMPLES_CONFIG_INVALID', 'multiple of patchSize'],
    ['model.width', { model: { heads: 5 } }, 'SEMPLES_CONFIG_INVALID', 'multiple of heads'],
    [
      'model.width',
      { model: { kind: 'clip-decoder', heads: 7 }, clip: 'c.pt' },
      'SEMPLES_CONFIG_INVALID',
      'multiple of heads',
    ],
  ])('%s: %j', (field, changes, code, text) => {
    const error = refused(changes)
    expect([error.code, error.field]).toEqual([code, field])
    expect(error.message).toContain(text)
  })

  test.each([[3], [null], [[]], ['runs/a']])('%j is no config', (input) => {
    expect(refusal(() => checkSegmentInput(input)).code).toBe('SEMPLES_CONFIG_INVALID')
  })
})

describe('settings of a command line', () => {
  test.each([
    ['train.epochs=10', 'train.epochs', 10],
    ['train.loss.clipping.enabled=false', 'train.loss.clipping.enabled', false],
    ['predict.scales=1,1.25', 'predict.scales', [1, 1.25]],
    ['augment.ratio=[0.5, 2]', 'augment.ratio', [0.5, 2]],
    ['targets.folder=123', 'targets.folder', '123'],
    ['model.backbone=resnet101', 'model.backbone', 'resnet101'],
    ['clip=ViT-B-32.pt', 'clip.path', 'ViT-B-32.pt'],
    ['data.classes=90', 'data.classes', 90],
    ['train.groups=[{"parameters":"encoder","factor":0.5}]', 'train.groups', [{ parameters: 'encoder', factor: 0.5 }]],
  ])('%s', (text, field, value) => {
    expect(parseSetting(text, segmentSettings)).toEqual({ field, value })
  })

  test('fields of mask generators are none of a segmentation model, and the other way round', () => {
    expect(refusal(() => parseSetting('match.epochs=3', segmentSettings)).code).toBe('SEMPLES_CONFIG_UNKNOWN')
    expect(refusal(() => parseSetting('augment.size=3')).code).toBe('SEMPLES_CONFIG_UNKNOWN')
    expect(refusal(() => parseSetting('train=3', segmentSettings)).message).toContain('train.epochs')
  })

  test('fields of any kind of model are taken where a run may say the kind, and refused where it turns out another', () => {
    const input = applySettings<SegmentConfigInput>(least, ['model.channels=128'], segmentSettings)
    expect(input.model).toEqual({ channels: 128 })
    expect(refusal(() => resolveSegmentConfig(input)).field).toBe('model.channels')
    expect(refusal(() => applySettings(least, ['model.channels=128', 'model.heads=2'], segmentSettings)).code).toBe(
      'SEMPLES_CONFIG_UNKNOWN',
    )
  })

  test('over a config; values are checked', () => {
    const input: SegmentConfigInput = { model: { kind: 'deeplabv3plus' }, train: { lr: 1 } }
    expect(applySettings(input, ['train.lr=2', 'model.width=0.5'], segmentSettings)).toEqual({
      model: { kind: 'deeplabv3plus', width: 0.5 },
      train: { lr: 2 },
    })
    expect(refusal(() => applySettings(input, ['train.lr=much'], segmentSettings))).toMatchObject({ field: 'train.lr' })
  })
})

describe('config files', () => {
  const file = (text: string) => {
    const path = join(mkdtempSync(join(tmpdir(), 'semples-')), 'segmenter.json')
    writeFileSync(path, text)
    return path
  }
  test('name file and line of a misspelt field and of a wrong value', async () => {
    const misspelt = file('{\n  "train": {\n    "epochs": 3,\n    "bacth": 2\n  }\n}\n')
    const error = await rejection(readConfigFile(misspelt, checkSegmentInput))
    expect([error.code, error.field, error.file]).toEqual(['SEMPLES_CONFIG_UNKNOWN', 'train.bacth', misspelt])
    expect(error.message).toContain(`${misspelt}, line 4`)
    const wrong = file('{\n  "model": {\n    "kind": "unet"\n  }\n}\n')
    expect((await rejection(readConfigFile(wrong, checkSegmentInput))).message).toContain(`${wrong}, line 3`)
  })
})

describe('the list of fields', () => {
  const leaves = (value: unknown, path = ''): string[] =>
    isRecord(value)
      ? Object.entries(value).flatMap(([key, inner]) => leaves(inner, path === '' ? key : `${path}.${key}`))
      : [path]

  test.each(segmenterNames)('%s: every default, each field once, section by section, in sentences', (model) => {
    const fields = describeSegmentConfig({ model })
    const names = fields.map(({ field }) => field)
    expect(new Set(names).size).toBe(names.length)
    const sections = names.map((name) => name.split('.')[0])
    expect(sections.filter((section, at) => section !== sections[at - 1])).toHaveLength(new Set(sections).size)
    for (const { field, text, expected } of fields) {
      expect([field, text]).toEqual([field, expect.stringMatching(/^\w.{8,}[.)]$/s)])
      expect([field, expected.length > 3]).toEqual([field, true])
    }
    const values = segmentDefaults({ model: { kind: model } as SegmentConfigInput['model'] } as never) as SegmentConfig
    const described = new Map(fields.map(({ field, default: value }) => [field, value]))
    for (const field of leaves(values)) expect([field, described.has(field)]).toEqual([field, true])
    expect(described.get('train.lr')).toBe(values.train.lr)
  })

  test('under a preset, with its kind of model', () => {
    const fields = describeSegmentConfig({ preset: 'photos' })
    expect(fields).toContainEqual(expect.objectContaining({ field: 'model.backbone', default: 'efficientnet-lite0' }))
  })
})

describe('the JSON Schema for editors', () => {
  const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(segmentJsonSchema())
  const valid = (config: unknown) => validate(JSON.parse(JSON.stringify(config)))

  test.each(segmenterNames)('takes what %s resolves to', (kind) => {
    expect([valid(resolveSegmentConfig(withKind(kind))), validate.errors]).toEqual([true, null])
  })

  test.each([
    [{ $schema: 'segmenter.json', clip: 'b.pt', train: { epochs: 3 } }, true],
    [{ model: { kind: 'deeplabv3plus', patchSize: 8 } }, false],
    [{ train: { epohcs: 3 } }, false],
    [{ train: { epochs: 0 } }, false],
    [{ targets: { from: 'labels' } }, false],
  ])('%j: %s', (config, expected) => {
    expect(valid(config)).toBe(expected)
  })
})
