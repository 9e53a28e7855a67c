import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { writeSafetensors } from '../../../lib/formats/safetensors.js'
import { activationOfCode } from '../../../lib/models/clip/activation.js'
import { Clip } from '../../../lib/models/clip/clip.js'
import { readClipSource } from '../../../lib/models/clip/source.js'
import { rejection } from '../../config/refusal.js'
import { describeArchives } from '../../native/models.js'
import { needs } from '../../support/needs.js'
import { python, runScript } from '../../support/python.js'
import { openAiIntegers, openAiTensors } from './lookAlikes.js'

const SIZES = { patch: 4, imageSize: 12 }

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'semples-activation-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function weights(more = {}, name = 'clip.safetensors'): Promise<string> {
  const path = join(folder, name)
  await writeSafetensors(path, { ...openAiTensors(SIZES), ...more })
  return path
}

const beside = (name: string, json: unknown) => writeFile(join(folder, name), JSON.stringify(json))
const openClip = (more: object) => ({ vision_cfg: { width: 8, layers: 2 }, text_cfg: { heads: 2, width: 8 }, ...more })
const huggingFace = (act?: string) => ({
  model_type: 'clip',
  vision_config: { hidden_size: 8, num_attention_heads: 2, ...(act && { hidden_act: act }) },
  text_config: { num_attention_heads: 4 },
})

describe('the activation of weights', () => {
  test.each<[string, string, unknown, 'quick_gelu' | 'gelu', RegExp]>([
    ['Hugging Face: gelu', 'config.json', huggingFace('gelu'), 'gelu', /config\.json beside it says hidden_act: gelu/],
    ['Hugging Face: quick', 'config.json', huggingFace('quick_gelu'), 'quick_gelu', /says hidden_act: quick_gelu/],
    ['Hugging Face: left out', 'config.json', huggingFace(), 'quick_gelu', /leaves hidden_act out/],
    [
      'open_clip: quick',
      'open_clip_config.json',
      { model_cfg: openClip({ quick_gelu: true }) },
      'quick_gelu',
      /says quick_gelu/,
    ],
    ['open_clip: not stated', 'open_clip_config.json', openClip({}), 'gelu', /does not say quick_gelu/],
    ['by the name of the file', 'clip.json', openClip({}), 'gelu', /clip\.json/],
    ['in our form', 'clip.json', { vision_width: 8, activation: 'gelu' }, 'gelu', /says activation: gelu/],
  ])('%s', async (_, name, json, value, because) => {
    const path = await weights()
    await beside(name, json)
    const source = await readClipSource({ path })
    expect(source.activation).toEqual({ value, because: expect.stringMatching(because) })
    expect(source.native.activation).toBe(value)
  })

  test("heads come from the config too, and the user's own values come first", async () => {
    const path = await weights()
    await beside('config.json', huggingFace('gelu'))
    expect((await readClipSource({ path })).native).toMatchObject({ visionHeads: 2, textHeads: 4 })
    const { native, activation } = await readClipSource({ path, visionHeads: 1, activation: 'quick_gelu' })
    expect(native).toMatchObject({ visionHeads: 1, textHeads: 4, activation: 'quick_gelu' })
    expect(activation?.because).toBe('clip.activation says so')
  })

  test("OpenAI's three integers, and not two of them", async () => {
    const { input_resolution, context_length, ...rest } = openAiIntegers(SIZES)
    const path = await weights({ input_resolution, context_length, ...rest })
    expect((await readClipSource({ path })).activation).toEqual({
      value: 'quick_gelu',
      because: expect.stringContaining('input_resolution, context_length and vocab_size'),
    })
    const two = await weights({ input_resolution, context_length }, 'two.safetensors')
    expect(await rejection(readClipSource({ path: two }))).toMatchObject({ code: 'SEMPLES_CLIP_ACTIVATION' })
  })

  test('a config beside counts before the integers', async () => {
    const path = await weights(openAiIntegers(SIZES))
    await beside('open_clip_config.json', openClip({}))
    expect((await readClipSource({ path })).activation?.value).toBe('gelu')
  })

  test('nothing tells: who trained with which', async () => {
    const path = await weights()
    await beside('config.json', { model_type: 'siglip', vision_config: { hidden_act: 'gelu' } })
    await writeFile(join(folder, 'clip.json'), 'no JSON')
    const error = await rejection(readClipSource({ path }))
    expect(error).toMatchObject({ code: 'SEMPLES_CLIP_ACTIVATION', file: path, field: 'clip.activation' })
    for (const part of ['OpenAI', 'quick_gelu', 'LAION', 'gelu', 'clip.activation', 'config.json'])
      expect(error.message).toContain(part)
  })

  test('a config of another CLIP is refused', async () => {
    const path = await weights()
    await beside('config.json', { ...huggingFace('gelu'), vision_config: { hidden_size: 768 } })
    const error = await rejection(readClipSource({ path }))
    expect(error).toMatchObject({ code: 'SEMPLES_CLIP_INVALID', file: join(folder, 'config.json') })
    expect(error.message).toMatch(/768.*weights 8/)
  })
})

test('what code computes', () => {
  expect(activationOfCode(['x = torch.mul(h, torch.sigmoid(g))'])?.value).toBe('quick_gelu')
  expect(activationOfCode(['x = torch.gelu(h, approximate="none")'])?.value).toBe('gelu')
  expect(activationOfCode(['a = torch.sigmoid(h)', 'b = torch.gelu(h)'])).toBeUndefined()
  expect(activationOfCode(['def forward(self, gelu: Tensor): return gelu'])).toBeUndefined()
})

describeArchives('the activation of an archive', (archive) => {
  test.each(['interface', 'openai'])('%s: what its code computes, and nothing else', async (name) => {
    using clip = await Clip.open({ path: archive(name) })
    expect(clip.activation).toEqual({ value: 'quick_gelu', because: expect.stringContaining('code computes') })
    expect(await rejection(Clip.open({ path: archive(name), activation: 'gelu' }))).toMatchObject({
      code: 'SEMPLES_CONFIG_INVALID',
      field: 'clip.activation',
      value: 'gelu',
    })
  })
})

describeArchives('an archive whose code does not tell its activation', (archive) => {
  test('opens, and takes none: its methods are its own', async () => {
    using clip = await Clip.open({ path: archive('warns') })
    expect(clip.activation).toBeUndefined()
    expect(await rejection(Clip.open({ path: archive('warns'), activation: 'gelu' }))).toMatchObject({
      code: 'SEMPLES_CONFIG_INVALID',
      field: 'clip.activation',
      message: expect.stringContaining('methods of its own'),
    })
  })
})

const SHAPES = [
  ['B/16', 16, 224],
  ['L/14', 14, 224],
  ['L/14@336', 14, 336],
] as const

needs('build', 'python').describe("OpenAI's archives and dictionaries at the sizes of", () => {
  test.each(SHAPES)('%s: half precision, of another device, few blocks, narrow', async (_, patch, imageSize) => {
    const config = join(folder, 'sizes.json')
    await writeFile(
      config,
      JSON.stringify({
        embed_dim: 32,
        image_resolution: imageSize,
        vision_layers: 2,
        vision_width: 128,
        vision_heads: 2,
        vision_patch_size: patch,
        context_length: 77,
        vocab_size: 49408,
        transformer_width: 64,
        transformer_heads: 1,
        transformer_layers: 2,
      }),
    )
    const archive = join(folder, 'archive.pt')
    await runScript('scripts/clip/openai_archive.py', '--config', config, '--no-heads', '--out', archive)
    const dictionary = join(folder, 'dictionary.pt')
    const script = join(folder, 'save.py')
    await writeFile(
      script,
      `import sys, torch
state = torch.jit.load(sys.argv[1], map_location="cpu").state_dict()
size, context, vocabulary = map(int, sys.argv[3:])
integers = {"input_resolution": size, "context_length": context, "vocab_size": vocabulary}
torch.save({**{name: torch.tensor(value) for name, value in integers.items()}, **state}, sys.argv[2])
`,
    )
    const { execFile } = await import('node:child_process')
    const { promisify } = await import('node:util')
    await promisify(execFile)(python, [script, archive, dictionary, String(imageSize), '77', '49408'])

    using first = await Clip.open({ path: archive })
    using second = await Clip.open({ path: dictionary })
    for (const clip of [first, second]) {
      expect(clip.info).toMatchObject({ layout: 'openai', imageSize, patchSize: patch, contextLength: 77 })
      expect(clip.info).toMatchObject({ textWidth: 64, featureWidth: 32 })
      expect(clip.activation?.value).toBe('quick_gelu')
    }
    const data = Float32Array.from({ length: 3 * imageSize ** 2 }, (_, index) => Math.sin(index))
    const images = { dtype: 'float32' as const, shape: [1, 3, imageSize, imageSize], data }
    const features = await first.encodeImage(images)
    expect(Array.from((await second.encodeImage(images)).data as Float32Array)).toEqual(
      Array.from(features.data as Float32Array),
    )
    expect((features.data as Float32Array).some((value) => value !== 0)).toBe(true)
    expect(second.report?.dropped.map(({ name }) => name).sort()).toEqual([
      'context_length',
      'input_resolution',
      'logit_scale',
      'vocab_size',
    ])
  })
})
