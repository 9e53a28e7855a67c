import { describe, expect, test } from '@jest/globals'
import { describeGeneratorWeights } from '../../../lib/models/foreign/describe.js'
import { kindOfGenerator } from '../../../lib/models/generators/kinds.js'
import * as files from './lookAlikes.js'

/** DeiT-S/16. */
const S = { width: 384, depth: 12, patch: 16, side: 14 }
const told = (shapes: files.Shapes) => describeGeneratorWeights(files.tensorsOf(shapes))

describe('a file of weights without a config', () => {
  test.each<[string, files.Shapes, string, Record<string, number>, Record<string, unknown>]>([
    [
      'DeiT-S',
      files.deit(S),
      'names of DeiT and timm',
      { width: 384, depth: 12, heads: 6, classes: 1000, grid: 14 },
      {},
    ],
    ['DeiT-Ti', files.deit({ ...S, width: 192 }), 'a vision', { width: 192, heads: 3 }, { width: 192, heads: 3 }],
    ['DeiT-B', files.deit({ ...S, width: 768 }), 'a vision', { width: 768, heads: 12 }, { width: 768, heads: 12 }],
    ['DINO ViT-S/8', files.vit({ ...S, patch: 8, side: 28 }), 'a vision', { patchSize: 8, grid: 28 }, { patchSize: 8 }],
    ['MAE ViT-B', files.mae({ ...S, width: 768 }), 'a vision', { width: 768 }, { width: 768, heads: 12 }],
    [
      'EVA, as far as it is plain',
      files.vit({ ...S, width: 1024, depth: 24, patch: 14, side: 16 }),
      'a vision',
      { grid: 16 },
      { width: 1024, depth: 24, patchSize: 14, heads: 16 },
    ],
    ['patches that do not fill 224', files.vit({ ...S, patch: 30 }), 'a vision', {}, { patchSize: 30, imageSize: 210 }],
    ['ViT of Hugging Face', files.huggingFace(S), 'names of Hugging Face', { classes: 1000 }, {}],
    ['ViT of torchvision', files.torchvision(S), 'names of torchvision', { classes: 1000, grid: 14 }, {}],
    ['WeakTr', files.weaktr(S, 20, 6), 'a mask generator of kind weaktr', { heads: 6, classes: 20 }, {}],
    ['WeakTr of other heads', files.weaktr(S, 20, 12), 'weaktr', { heads: 12 }, { heads: 12 }],
    [
      'ResNet-50',
      files.resnet([3, 4, 6, 3]),
      'a ResNet-50',
      { width: 1, blocks: 16 },
      { kind: 'cnn', backbone: 'resnet50' },
    ],
    ['ResNet-101', files.resnet([3, 4, 23, 3]), 'a ResNet-101', { blocks: 33 }, { kind: 'cnn', backbone: 'resnet101' }],
    [
      'a quarter of ResNet-50',
      files.resnet([3, 4, 6, 3], { stem: 16 }),
      'a ResNet-50',
      { width: 0.25 },
      { kind: 'cnn', backbone: 'resnet50', width: 0.25 },
    ],
    [
      'EfficientNet-Lite0',
      files.efficientnet(),
      'an EfficientNet-Lite0',
      { width: 1, blocks: 16, classes: 1000 },
      { kind: 'cnn', backbone: 'efficientnet-lite0' },
    ],
  ])('%s: what it is, and the config for it', (_, shapes, what, sizes, generator) => {
    const description = told(shapes)!
    expect(description.refused).toBeUndefined()
    expect(description.what).toContain(what)
    expect(description.sizes).toMatchObject(sizes)
    expect(description.config).toEqual({ generator })
    expect(description.report).toMatchObject({ unexpected: [], interpolated: [] })
    // The config is one that a person may write.
    const kind = kindOfGenerator(generator.kind)
    const options = kind.schema.parse({ weights: 'file.pth', ...generator })
    expect(() => kind.check(options)).not.toThrow()
  })

  test.each<[string, files.Shapes, string, RegExp, RegExp]>([
    [
      'DINOv2',
      files.dinov2({ ...S, patch: 14, side: 37 }, 4),
      'layer scale (DINOv2',
      /ls1\.gamma.*register_tokens/,
      /first DINO/,
    ],
    ['ResNet-18', files.resnet([2, 2, 2, 2], { basic: true }), 'a ResNet-18', /is a ResNet-18/, /ResNet-50/],
    ['EfficientNet-B0', files.efficientnet({ se: true }), 'EfficientNet with squeeze', /squeeze-and/, /weights fetch/],
    ['CLIP', { 'visual.conv1.weight': [768, 3, 32, 32] }, 'a CLIP', /weights of a CLIP/, /--clip/],
    [
      'a head',
      { 'fc.weight': [1000, 2048] },
      'a head for other classes',
      /nothing of the network before/,
      /whole network/,
    ],
  ])('%s is refused', (_, shapes, what, message, hint) => {
    const { refused, ...description } = told(shapes)!
    expect(description.what).toContain(what)
    expect(description).not.toHaveProperty('config')
    expect(description).not.toHaveProperty('report')
    expect(refused!.message).toMatch(message)
    expect(refused!.message).toMatch(/^The file /)
    expect(refused!.hint).toMatch(hint)
  })

  test('what is to be known of it is told', () => {
    expect(told(files.deit(S))).not.toHaveProperty('notes')
    expect(told(files.distilled(S))).toMatchObject({
      what: 'a distilled DeiT with the names of DeiT and timm',
      notes: [expect.stringContaining('dist_token')],
    })
    expect(told(files.deit({ ...S, width: 48 }))!.notes).toEqual([
      expect.stringContaining('generator.heads is a guess'),
    ])
    expect(told(files.deit({ ...S, width: 128 }))!.config).toEqual({ generator: { width: 128, heads: 2 } })
  })

  test('a block of a high number is not taken for as many blocks', () => {
    const { refused } = told({ ...files.deit(S), 'blocks.4294967290.norm1.weight': [384] })!
    expect(refused!.message).toContain('blocks.4294967290.norm1.weight')
  })

  test('of what is nothing to a generator nothing is said', () => {
    expect(told({})).toBeUndefined()
    expect(told({ 'layer.weight': [3, 3] })).toBeUndefined()
  })
})
