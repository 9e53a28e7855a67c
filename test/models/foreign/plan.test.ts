import { describe, expect, test } from '@jest/globals'
import { SemplesError } from '../../../lib/base/error.js'
import { cnnTensors, weaktrTensors } from '../../../lib/models/foreign/own.js'
import { planLoad } from '../../../lib/models/foreign/plan.js'
import type { LoadPlan, ModelTensor, Purpose } from '../../../lib/models/foreign/types.js'
import * as files from './lookAlikes.js'

/** DeiT-S/16 at 224, of three blocks. */
const S = { width: 384, depth: 3, patch: 16, side: 14 }
const sizes = { width: 384, depth: 3, patchSize: 16, grid: 14, heads: 6 }
const weaktr = weaktrTensors(sizes, 20)
const heads20 = { 'head.weight': [20, 384], 'head.bias': [20] }
const resnet50 = cnnTensors('resnet50', 1, 20)
const lite0 = cnnTensors('efficientnet-lite0', 1, 20)

function planned(shapes: files.Shapes, model: readonly ModelTensor[] = weaktr, purpose: Purpose = 'start'): LoadPlan {
  return planLoad(files.tensorsOf(shapes), model, purpose, 'file.pth')
}

function refusal(
  shapes: files.Shapes,
  model: readonly ModelTensor[] = weaktr,
  purpose: Purpose = 'start',
): SemplesError {
  try {
    planned(shapes, model, purpose)
  } catch (error) {
    if (error instanceof SemplesError) return error
    throw error
  }
  throw new Error('was not refused')
}

const headless = (model: readonly ModelTensor[]) => model.filter(({ head }) => head).map(({ name }) => name)
const texts = ({ notes }: LoadPlan) => notes.map(({ text }) => text)

describe('weights that load', () => {
  test.each<[string, files.Shapes, string]>([
    ['DeiT', files.deit(S), 'a vision transformer with the names of DeiT and timm'],
    ['timm, with what comes before the head', { ...files.deit(S), 'pre_logits.fc.weight': [384, 384] }, 'a vision'],
    ['DINO', files.vit(S), 'a vision transformer'],
    ['MAE', files.mae(S), 'a vision transformer'],
    ['a head for as many classes as the generator has', { ...files.vit(S), ...heads20 }, 'a vision transformer'],
    ['Hugging Face', files.huggingFace(S), 'a vision transformer with the names of Hugging Face'],
    ['Hugging Face, without a head', files.huggingFace(S, ''), 'a vision transformer with the names of Hugging Face'],
    ['torchvision', files.torchvision(S), 'a vision transformer with the names of torchvision'],
    ['torchvision, its older names', files.torchvision(S, true), 'a vision transformer with the names of torchvision'],
  ])('%s', (_, shapes, what) => {
    const { report, notes, steps } = planned(shapes)
    expect(report.what).toContain(what)
    expect(report.missing).toEqual(headless(weaktr))
    expect([...steps.keys()]).toEqual(weaktr.filter(({ head }) => !head).map(({ name }) => name))
    expect(report.unexpected).toEqual([])
    // Rows of a class token become those of twenty; nothing of that is worth a notice.
    expect(report.interpolated).toEqual([
      { name: 'cls_token', from: [1, 1, 384], to: [1, 20, 384] },
      { name: 'pos_embed', from: [1, 197, 384], to: [1, 216, 384] },
    ])
    expect(notes).toEqual([])
  })

  test('queries, keys and values of Hugging Face are one tensor, in that order', () => {
    const { report, steps } = planned(files.huggingFace(S))
    const layer = 'vit.encoder.layer.2.attention.attention'
    expect(steps.get('blocks.2.attn.qkv.bias')).toEqual({
      kind: 'stack',
      from: [`${layer}.query.bias`, `${layer}.key.bias`, `${layer}.value.bias`],
    })
    expect(report.renamed).toContainEqual({ from: `${layer}.key.bias`, to: 'blocks.2.attn.qkv.bias' })
  })

  test.each([
    ['DeiT', files.distilled(S), 'dist_token'],
    ['Hugging Face', files.huggingFace({ ...S, tokens: 2 }, 'deit.'), 'deit.embeddings.distillation_token'],
  ])('a distilled DeiT of %s is the plain one without its token, and that is said', (_, shapes, token) => {
    const plan = planned(shapes)
    expect(plan.steps.get('pos_embed')).toMatchObject({ tokenRows: 2, tokens: 1, classes: 20, grid: 14, toGrid: 14 })
    expect(plan.report.dropped).toContainEqual({ name: token, because: expect.stringContaining('row of pos_embed') })
    expect(plan.notes).toEqual([
      { warning: true, text: expect.stringContaining(`distilled DeiT: ${token} and its row`) },
    ])
  })

  test('positions of another grid are resized, and that is said', () => {
    const plan = planned(files.vit({ ...S, side: 24 }))
    expect(plan.report.interpolated).toContainEqual({ name: 'pos_embed', from: [1, 577, 384], to: [1, 216, 384] })
    expect(texts(plan)).toEqual(['position embeddings of 24 x 24 patches were resized to 14 x 14'])
  })

  test('a WeakTr of another picture size, as a whole', () => {
    const plan = planned(files.weaktr({ ...S, side: 28 }, 20, 6), weaktr, 'whole')
    expect(plan.report).toMatchObject({ what: 'a mask generator of kind weaktr', missing: [] })
    expect(plan.steps.get('pos_embed')).toMatchObject({ tokenRows: 20, tokens: 20, classes: 20, grid: 28, toGrid: 14 })
    expect(plan.steps.get('cls_token')).toEqual({ kind: 'copy', from: 'cls_token' })
  })

  test('another number of heads than published is a warning', () => {
    const model = weaktrTensors({ ...sizes, width: 768 }, 20)
    const plan = planned(files.deit({ ...S, width: 768 }), model)
    expect(plan.notes).toEqual([
      {
        warning: true,
        text: expect.stringMatching(/width 768 have 12 attention heads, .* has 6 \(generator\.heads\)/),
      },
    ])
  })

  test('what averages the patches instead of the last norm does no harm: no output depends on that norm', () => {
    const { 'norm.weight': _, 'norm.bias': __, ...rest } = files.deit(S)
    const { report } = planned({ ...rest, 'fc_norm.weight': [384], 'fc_norm.bias': [384] })
    expect(report.missing.slice(0, 2)).toEqual(['norm.weight', 'norm.bias'])
  })

  test.each<[string, files.Shapes, readonly ModelTensor[], string]>([
    ['ResNet-50', files.resnet([3, 4, 6, 3]), resnet50, 'a ResNet-50'],
    ['ResNet-50 without fc', files.resnet([3, 4, 6, 3], { fc: false }), resnet50, 'a ResNet-50'],
    ['ResNet-101', files.resnet([3, 4, 23, 3]), cnnTensors('resnet101', 1, 20), 'a ResNet-101'],
    ['a narrow ResNet-50', files.resnet([3, 4, 6, 3], { stem: 16 }), cnnTensors('resnet50', 0.25, 20), 'a ResNet-50'],
    ['EfficientNet-Lite0', files.efficientnet(), lite0, 'an EfficientNet-Lite0'],
    ['EfficientNet-Lite0 without _fc', files.efficientnet({ fc: false }), lite0, 'an EfficientNet-Lite0'],
  ])('%s', (_, shapes, model, what) => {
    const { report, notes } = planned(shapes, model)
    expect(report).toMatchObject({
      what,
      missing: ['classifier.weight'],
      unexpected: [],
      interpolated: [],
      renamed: [],
    })
    expect(report.dropped.every(({ name }) => /^_?fc\.|num_batches_tracked$/.test(name))).toBe(true)
    expect(notes).toEqual([])
  })
})

describe('weights that do not', () => {
  const T = 'a plain vision transformer'
  const within = (name: string, shape = [384]) => ({ ...files.vit(S), [name]: shape })
  test.each<[string, files.Shapes, RegExp, RegExp | string, (readonly ModelTensor[])?]>([
    ['DINOv2', files.dinov2(S), /blocks\.0\.ls1\.gamma, .* and 3 more \(they scale every residual branch/, T],
    [
      'DINOv2 with registers: both are named',
      files.dinov2(S, 4),
      /ls1\.gamma.*residual branch.*; register_tokens \(these tokens take part/,
      T,
    ],
    ['registers of timm', within('reg_token', [1, 4, 384]), /reg_token \(these tokens take part in the attention/, T],
    [
      'DINOv2 of Hugging Face',
      { ...files.huggingFace(S), 'vit.encoder.layer.0.layer_scale1.lambda1': [384] },
      /layer_scale1\.lambda1 \(they scale/,
      T,
    ],
    ['rotary positions', within('rope.freqs'), /rope\.freqs \(they place the patches/, T],
    ['normalised queries', within('blocks.0.attn.q_norm.weight', [64]), /q_norm\.weight \(they normalise queries/, T],
    ['a norm before the blocks', within('norm_pre.weight'), /norm_pre\.weight \(they normalise the tokens before/, T],
    ['gates', within('blocks.0.mlp.w12.weight', [2048, 384]), /w12\.weight \(its MLPs have gates/, T],
    ['relative positions', within('blocks.0.attn.relative_position_bias_table'), /bias_table \(they place/, T],
    ['EVA', within('blocks.0.attn.q_bias'), /q_bias \(queries, keys and values lie apart/, T],
    ['a pool of attention', within('attn_pool.latent', [1, 1, 384]), /attn_pool\.latent .*class token/, T],
    [
      'something in a block',
      within('blocks.0.adapter.weight'),
      /blocks\.0\.adapter\.weight \(the generator has such/,
      T,
    ],
    [
      'another width',
      files.deit({ ...S, width: 768 }),
      /of other sizes than the generator: width 768 \(generator: 384\) \(field/,
      'generator: { width: 768, heads: 12 }',
    ],
    ['more blocks', files.deit({ ...S, depth: 12 }), /depth 12 \(generator: 3\)/, 'generator: { depth: 12 }'],
    ['fewer blocks', files.deit({ ...S, depth: 2 }), /depth 2 \(generator: 3\)/, 'generator: { depth: 2 }'],
    ['other patches', files.vit({ ...S, patch: 8, side: 28 }), /patchSize 8 \(generator: 16\)/, '{ patchSize: 8 }'],
    [
      'patches that do not fill the picture',
      files.vit({ ...S, patch: 15, side: 14 }),
      /patchSize 15 \(generator: 16\)/,
      '{ patchSize: 15, imageSize: 225 }',
    ],
    [
      'several at once',
      files.vit({ ...S, width: 1024, patch: 14, side: 16, depth: 4 }),
      /width 1024 \(generator: 384\), depth 4 \(generator: 3\), patchSize 14 \(generator: 16\)/,
      '{ width: 1024, depth: 4, patchSize: 14, heads: 16 }',
    ],
    ['other heads of a WeakTr', files.weaktr(S, 20, 12), /heads 12 \(generator: 6\)/, '{ heads: 12 }'],
    ['other classes of a WeakTr', files.weaktr(S, 80, 6), /80 classes \(generator: 20\)/, /classes of these weights/],
    [
      'a block without biases',
      omit(files.deit(S), 'blocks.1.attn.qkv.bias'),
      /blocks\.1\.attn\.qkv\.bias is missing \(field/,
      /generator/,
    ],
    [
      'a third of the queries',
      omit(files.huggingFace(S), 'vit.encoder.layer.0.attention.attention.key.bias'),
      /blocks\.0\.attn\.qkv\.bias is missing/,
      /generator/,
    ],
    ['no positions', omit(files.deit(S), 'pos_embed'), /pos_embed is missing/, /generator/],
    [
      'positions of no square',
      { ...files.deit(S), pos_embed: [1, 199, 384] },
      /pos_embed: file \[1, 199, 384\], model \[1, 216, 384\]/,
      /generator/,
    ],
    [
      'one tensor under two names',
      { ...files.huggingFace(S), cls_token: [1, 1, 384] },
      /vit\.embeddings\.cls_token and cls_token are the same tensor/,
      /Save one of them/,
    ],
    [
      'a head alone',
      { 'head.weight': [1000, 384], 'head.bias': [1000] },
      /head\.weight, head\.bias alone/,
      /whole network/,
    ],
    [
      'fc alone',
      { 'fc.weight': [1000, 2048], 'fc.bias': [1000] },
      /fc\.weight, fc\.bias alone/,
      /whole network/,
      resnet50,
    ],
    ['an optimiser', { 'state.0.exp_avg': [384], 'state.0.exp_avg_sq': [384] }, /state of an optimiser/, /torch\.save/],
    [
      'nothing known',
      { 'encoder2.weight': [3] },
      /1 tensor, none of which the generator has: encoder2\.weight/,
      /generator/,
    ],
    ['nothing', {}, /file\.pth holds no tensor/, /generator/],
    [
      'a prefix before some of its names',
      mixed(files.deit(S), (name) => (name.startsWith('blocks') ? `module.${name}` : name)),
      /36 of the 44 names of tensors begin with "module\.", the others do not: cls_token/,
      'torch.save({k.removeprefix("module."): v for k, v in weights.items()}, "network.pth")',
    ],
    ['a SigLIP', { logit_bias: [1], 'vision_model.encoder.layers.0.x': [1] }, /a SigLIP/, /DeiT/],
    ['a CLIP', { 'visual.conv1.weight': [768, 3, 32, 32] }, /a CLIP with the names of OpenAI/, /--clip/],
    [
      'a ResNet',
      files.resnet([3, 4, 6, 3]),
      /a ResNet with the names of torchvision/,
      /kind: 'cnn', backbone: 'resnet50'/,
    ],
    ['a DeiT for a CNN', files.deit(S), /a vision transformer/, /kind 'weaktr'/, resnet50],
    [
      'a ViT of torchvision for a CNN',
      files.torchvision(S),
      /with the names of torchvision/,
      /kind 'weaktr'/,
      resnet50,
    ],
    [
      'ResNet-101',
      files.resnet([3, 4, 23, 3]),
      /is a ResNet-101, and .* a ResNet-50/,
      "backbone: 'resnet101'",
      resnet50,
    ],
    ['ResNet-152', files.resnet([3, 8, 36, 3]), /is a ResNet-152/, /ResNet-50 .*or ResNet-101/, resnet50],
    ['ResNet-18', files.resnet([2, 2, 2, 2], { basic: true }), /is a ResNet-18/, /ResNet-50/, resnet50],
    ['ResNet-34', files.resnet([3, 4, 6, 3], { basic: true }), /is a ResNet-34/, /ResNet-50/, resnet50],
    ['a wide one', files.resnet([3, 4, 6, 3], { base: 2 }), /is a Wide ResNet/, /ResNet-50/, resnet50],
    ['ResNeXt', files.resnet([3, 4, 6, 3], { base: 2, groups: 32 }), /is a ResNeXt/, /ResNet-50/, resnet50],
    [
      'another width of ResNet',
      files.resnet([3, 4, 6, 3], { stem: 16 }),
      /width 0\.25 .*has width 1/,
      'width: 0.25',
      resnet50,
    ],
    [
      'ResNet-D',
      { 'conv1.0.weight': [32, 3, 3, 3], 'conv1.3.weight': [1], 'layer4.0.conv1.weight': [1] },
      /a ResNet-D/,
      /ResNet-50/,
      resnet50,
    ],
    ['EfficientNet-B0', files.efficientnet({ se: true }), /squeeze-and-excitation/, /weights fetch/, lite0],
    ['EfficientNet-Lite1', files.efficientnet({ more: 1 }), /of 17 blocks/, /weights fetch/, lite0],
    [
      "timm's EfficientNet-Lite0",
      { 'conv_stem.weight': [32, 3, 3, 3], 'blocks.0.0.conv_dw.weight': [32, 1, 3, 3] },
      /an EfficientNet with the names of timm.*padding/,
      /weights fetch efficientnet-lite0/,
      lite0,
    ],
  ])('%s', (_, shapes, message, hint, model = weaktr) => {
    const error = refusal(shapes, model)
    expect(error).toMatchObject({ code: 'SEMPLES_CHECKPOINT_MISMATCH', file: 'file.pth', field: 'generator.weights' })
    // The sentence, without the hint that stands behind it.
    const [said] = error.message.split(` ${error.hint}`)
    expect(said).toContain('file.pth')
    expect(said).toMatch(message)
    expect(error.hint).toEqual(typeof hint === 'string' ? expect.stringContaining(hint) : expect.stringMatching(hint))
  })

  test.each<[string, files.Shapes, RegExp]>([
    ['a DeiT', files.deit(S), /head\.weight is missing/],
    ['a distilled one', files.distilled(S), /a distilled DeiT/],
    ['a name that nobody knows', { ...files.weaktr(S, 20, 6), temperature: [1] }, /Unknown to the model: temperature/],
  ])('%s is no whole checkpoint', (_, shapes, message) => {
    const error = refusal(shapes, weaktr, 'whole')
    expect(error.message).toMatch(message)
    expect(error.hint).toContain('classification stage')
  })

  test('numbers of a type that weights do not have', () => {
    const tensors = files.tensorsOf(files.deit(S))
    tensors.set('temperature', { shape: [], dtype: 'F8_E4M3' })
    tensors.set('head.weight', { shape: [1000, 384], dtype: 'F8_E4M3' })
    expect(planLoad(tensors, weaktr, 'start', 'file.pth').report.unexpected).toEqual(['temperature'])
    tensors.set('norm.weight', { shape: [], dtype: 'F8_E4M3' })
    expect(() => planLoad(tensors, weaktr, 'start', 'file.pth')).toThrow(
      /norm\.weight, which the generator needs, holds numbers of type F8_E4M3/,
    )
  })
})

function omit(shapes: files.Shapes, name: string): files.Shapes {
  const { [name]: _, ...rest } = shapes
  return rest
}

function mixed(shapes: files.Shapes, name: (old: string) => string): files.Shapes {
  return Object.fromEntries(Object.entries(shapes).map(([old, shape]) => [name(old), shape]))
}
