import { describe, expect, test } from '@jest/globals'
import { judgeStrangers, recognise } from '../../../lib/models/foreign/recognised.js'

const block = (i: number) => ['norm1.weight', 'attn.qkv.weight', 'mlp.fc1.weight'].map((part) => `blocks.${i}.${part}`)
const deit = ['cls_token', 'pos_embed', 'patch_embed.proj.weight', ...block(0), ...block(1), 'norm.weight']
const weaktr = new Set([...deit, 'head.weight', 'head.bias', 'adaptive_attention_fusion.attn_head_ffn.0.weight'])
const resnet = ['conv1.weight', 'bn1.weight', 'layer1.0.conv1.weight', 'layer4.0.conv1.weight']
const cnn = new Set([...resnet, 'classifier.weight'])

describe('networks by their names', () => {
  test.each<[string, string[], ReadonlySet<string>, RegExp | undefined]>([
    ['a DeiT for a WeakTr', [...deit, 'head.weight', 'head.bias'], weaktr, undefined],
    ['a ResNet for a CNN', [...resnet, 'fc.weight'], cnn, undefined],
    ['a ResNet for a WeakTr', [...resnet, 'fc.weight'], weaktr, /ResNet with the names of torchvision/],
    ['a DeiT for a CNN', deit, cnn, /vision transformer/],
    ['a ResNet CLIP', ['visual.conv1.weight', 'visual.attnpool.k_proj.weight'], weaktr, /ResNet CLIP \(RN50/],
    ['a CLIP', ['visual.conv1.weight', 'token_embedding.weight'], weaktr, /a CLIP with the names of OpenAI/],
    ['a CLIP of Hugging Face', ['vision_model.encoder.layers.0.mlp.fc1.weight'], weaktr, /Hugging Face/],
    ['a Swin', ['layers.0.blocks.0.attn.relative_position_bias_table'], weaktr, /Swin/],
    ['IRN', ['stage1.0.weight', 'stage2.0.0.conv1.weight', 'classifier.weight'], cnn, /IRN or PuzzleCAM/],
  ])('%s', (_, names, own, expected) => {
    const found = recognise(names, own)?.what
    if (expected === undefined) expect(found).toBeUndefined()
    else expect(found).toMatch(expected)
  })
})

describe('tensors that the generator does not have', () => {
  test.each<[string, string[], ReadonlySet<string>, RegExp | undefined, string[]]>([
    ['R19: layer scale', ['blocks.0.ls1.gamma', 'blocks.0.ls2.gamma'], weaktr, /ls1\.gamma, .*residual branch/, []],
    ['R19: register tokens', ['register_tokens'], weaktr, /register_tokens \(.*attention/, []],
    ['R19: register tokens of timm', ['reg_token'], weaktr, /reg_token/, []],
    ['normalised queries', ['blocks.1.attn.q_norm.weight'], weaktr, /queries/, []],
    ['relative positions', ['blocks.0.attn.relative_position_bias_table'], weaktr, /place the patches/, []],
    ['gates', ['blocks.0.mlp.w12.weight'], weaktr, /SwiGLU/, []],
    ['a norm before the blocks', ['norm_pre.weight'], weaktr, /before the first block/, []],
    ['something within a block', ['blocks.0.adapter.weight'], weaktr, /blocks\.0\.adapter\.weight/, []],
    ['more blocks', block(2), weaktr, /fewer layers/, []],
    ['more blocks of a ResNet', ['layer4.3.conv1.weight'], cnn, /fewer layers/, []],
    [
      'heads and counters',
      ['fc.weight', 'head_dist.bias', 'bn1.num_batches_tracked', 'fc_norm.weight'],
      cnn,
      undefined,
      [],
    ],
    ['what pre-training used', ['mask_token', 'decoder_blocks.0.norm1.weight', 'queue'], weaktr, undefined, []],
    ['nothing known', ['teacher.weight', 'temperature'], weaktr, undefined, ['teacher.weight', 'temperature']],
  ])('%s', (_, names, own, influence, unknown) => {
    const judged = judgeStrangers([...own, ...names], own)
    const said = judged.influence ?? judged.within
    if (influence === undefined) expect(said).toBeUndefined()
    else expect(said).toMatch(influence)
    expect(judged.unknown).toEqual(unknown)
  })
})
