import { describe, expect, test } from '@jest/globals'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { isRecord } from '../../lib/base/optionError.js'
import { describeConfig } from '../../lib/config/describe.js'
import { configJsonSchema } from '../../lib/config/jsonSchema.js'
import { defaultConfig, resolveConfig } from '../../lib/config/resolve.js'

const presets = ['none', 'voc2012', 'coco2014', 'cnn', 'photos', 'demo'] as const

function leaves(value: unknown, path = ''): string[] {
  if (!isRecord(value)) return [path]
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, path === '' ? key : `${path}.${key}`))
}

describe('the list of fields', () => {
  test('every field is a sentence, with what it takes', () => {
    for (const { field, text, expected } of describeConfig()) {
      expect([field, text]).toEqual([field, expect.stringMatching(/^[A-Z].{8,}[.)]$/)])
      expect([field, expected.length > 3]).toEqual([field, true])
    }
  })

  test.each(presets)('%s: all that has a default is listed with it', (preset) => {
    const described = new Map(describeConfig({ preset }).map(({ field, default: value }) => [field, value]))
    const values = defaultConfig(preset)
    for (const field of leaves(values)) {
      const value = field.split('.').reduce<unknown>((inner, key) => (inner as Record<string, unknown>)[key], values)
      expect([field, described.get(field)]).toEqual([field, value])
    }
  })

  test("fields of the generator are those of one kind: the preset's, or the one that is asked for", () => {
    const fieldsWith = (options: Parameters<typeof describeConfig>[0]) =>
      describeConfig(options)
        .map(({ field }) => field)
        .filter((field) => field.startsWith('generator.'))
    expect(fieldsWith({})).toContain('generator.patchSize')
    expect(fieldsWith({})).not.toContain('generator.backbone')
    for (const options of [{ preset: 'cnn' }, { generator: 'cnn' }, { preset: 'demo', generator: 'cnn' }] as const) {
      expect(fieldsWith(options)).toContain('generator.backbone')
      expect(fieldsWith(options)).not.toContain('generator.patchSize')
    }
    expect(describeConfig({ preset: 'cnn' })).toContainEqual(
      expect.objectContaining({ field: 'generator.kind', default: 'cnn', expected: 'weaktr or cnn' }),
    )
  })

  test('weights of loss terms come with formula and source', () => {
    const term = describeConfig({ preset: 'coco2014' }).find(({ field }) => field === 'match.terms.background_text')
    expect(term).toMatchObject({ default: 0.75, text: expect.stringMatching(/log.*arXiv/) })
  })
})

describe('the JSON Schema for editors', () => {
  const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(configJsonSchema())
  const valid = (config: unknown) => validate(JSON.parse(JSON.stringify(config)))

  test.each(presets)('takes what %s resolves to', (preset) => {
    const config = resolveConfig({
      preset,
      data: { folder: 'a' },
      generator: { weights: 'random' },
      clip: 'c',
      out: 'o',
    })
    expect([valid(config), validate.errors]).toEqual([true, null])
  })

  test.each([
    [{ data: { voc2012: 'a' }, clip: 'b.pt', epochs: 3 }, true],
    [{ $schema: 'semples.json', match: { terms: { match: 2 } } }, true],
    [{ match: { epohcs: 3 } }, false],
    [{ match: { epochs: 0 } }, false],
    [{ generator: { fusionPool: 'sum' } }, false],
    [{ device: 'gpu' }, false],
    [{ device: 'cuda:1' }, true],
  ])('%j: %s', (config, expected) => {
    expect(valid(config)).toBe(expected)
  })

  test('names every field with meaning and default', () => {
    const schema = JSON.stringify(configJsonSchema())
    expect(schema).toContain('Maximum norm of all gradients together')
    expect(schema).toContain('"default":504')
  })
})
