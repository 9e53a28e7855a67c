import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from '@jest/globals'
import { SemplesError } from '../../../lib/base/error.js'
import { clipError } from '../../../lib/models/clipFile.js'
import { judgeStrangers, recognise } from '../../../lib/models/foreign/recognised.js'
import { temporaryFiles } from '../../datasets/temporaryFiles.js'
import { needs } from '../../support/needs.js'
import { python } from '../../support/python.js'

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
    ['R19: register tokens', ['register_tokens'], weaktr, /register_tokens: .*attention/, []],
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

describe('files that are no CLIP archive', () => {
  const invalid = new SemplesError('SEMPLES_CLIP_INVALID', { message: 'This archive lacks the parameter x.' })

  test.each<[string, string, RegExp]>([
    [
      'Hugging Face',
      '{"vision_model.encoder.layers.0.mlp.fc1.weight":{}}',
      /names of Hugging Face.*no TorchScript.*export\.py/,
    ],
    ['open_clip', '{"visual.transformer.resblocks.0.ln_1.weight":{}}', /OpenAI or open_clip.*export\.py/],
    ['SigLIP', '{"logit_bias":{},"vision_model.embeddings.x":{}}', /SigLIP/],
    ['a DeiT', '{"cls_token":{},"blocks.0.attn.qkv.weight":{}}', /vision transformer.*--weights/],
    [
      'R56: weights of a ResNet',
      '{"visual.attnpool.k_proj.weight":{}}',
      /a ResNet CLIP.*ViT-B\/32, ViT-B\/16 or ViT-L\/14/,
    ],
  ])('%s', async (_, header, message) => {
    const file = path.join(await temporaryFiles({}), 'clip.pt')
    await writeFile(file, Buffer.concat([Buffer.from([header.length, 0, 0, 0, 0, 0, 0, 0]), Buffer.from(header)]))
    expect(await clipError(invalid, file)).toMatchObject({
      code: 'SEMPLES_CLIP_INVALID',
      file,
      message: expect.stringMatching(message),
    })
  })

  test('what is not recognised keeps its error', async () => {
    const folder = await temporaryFiles({ 'a.pt': 'PK noise', 'b.pt': 'text', 'c.pt': '' })
    for (const name of ['a.pt', 'b.pt', 'c.pt', 'missing.pt'])
      expect(await clipError(invalid, path.join(folder, name))).toBe(invalid)
    const other = new Error('other')
    expect(await clipError(other, path.join(folder, 'a.pt'))).toBe(other)
  })

  const script = `
import sys, torch
class AttentionPool(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.positional_embedding = torch.nn.Parameter(torch.zeros(1))
    def forward(self, x): return x
class Tower(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(3, 8, 3)
        self.attnpool = AttentionPool()
    def forward(self, x): return self.attnpool(self.conv1(x))
class Clip(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.visual = Tower()
        self.token_embedding = torch.nn.Embedding(4, 8)
        self.text_projection = torch.nn.Parameter(torch.zeros(8, 8))
    def forward(self, x): return self.visual(x)
torch.jit.script(Clip()).save(sys.argv[1])
torch.save(Clip().state_dict(), sys.argv[2])
`
  needs('python').test('R56: an archive of a ResNet CLIP, as TorchScript and as weights', async () => {
    const folder = await temporaryFiles({})
    const files = ['RN50.pt', 'weights.pt'].map((name) => path.join(folder, name))
    await writeFile(path.join(folder, 'make.py'), script)
    await promisify(execFile)(python, [path.join(folder, 'make.py'), ...files])
    for (const file of files)
      expect(await clipError(invalid, file)).toMatchObject({ message: expect.stringMatching(/a ResNet CLIP/) })
  })
})
