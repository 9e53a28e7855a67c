import { describe, expect, test } from '@jest/globals'
import { Random } from '../../../lib/loader/random.js'
import { CLIP_NAMINGS } from '../../../lib/models/clip/names.js'
import { type ClipPlan, type ClipRefusal, isRefusal, planClip } from '../../../lib/models/clip/plan.js'
import { openAiIntegers, openAiTensors, shapesOf, zeros } from './lookAlikes.js'

const SIZES = { patch: 4, imageSize: 12 }

function plan(tensors: Parameters<typeof shapesOf>[0]): ClipPlan {
  const found = planClip(shapesOf(tensors))
  if (found === undefined || isRefusal(found)) throw new Error(JSON.stringify(found))
  return found
}

function refusal(tensors: Parameters<typeof shapesOf>[0]): ClipRefusal {
  const found = planClip(shapesOf(tensors))
  if (found === undefined || !isRefusal(found)) throw new Error('not refused')
  return found
}

test.each([
  ['B/32', 32, 224, 768, 512],
  ['B/16', 16, 224, 768, 512],
  ['L/14', 14, 224, 1024, 768],
  ['L/14@336', 14, 336, 1024, 768],
])('%s: sizes are read from shapes', (_, patch, imageSize, width, textWidth) => {
  const tensors = openAiTensors({ patch, imageSize, width, textWidth, blocks: 1 })
  const { sizes, report, isOpenAis } = plan(tensors)
  expect(sizes).toEqual({
    patchSize: patch,
    imageSize,
    visionWidth: width,
    visionDepth: 1,
    textWidth,
    textDepth: 1,
    contextLength: 77,
  })
  expect(report.dropped.map(({ name }) => name)).toEqual(['logit_scale'])
  expect(report.matched).toHaveLength(Object.keys(tensors).length - 1)
  expect([...report.renamed, ...report.missing, ...report.unexpected]).toEqual([])
  expect(isOpenAis).toBe(false)
  expect(plan({ ...tensors, ...openAiIntegers({ patch, imageSize }) }).isOpenAis).toBe(true)
})

describe('CLIPs that compute otherwise are refused by name', () => {
  test.each<[string, Record<string, number[]>, RegExp]>([
    ['RN50', { 'visual.layer1.0.conv1.weight': [8, 8, 1, 1] }, /^a ResNet CLIP \(RN50/],
    ['SigLIP of Hugging Face', { 'vision_model.head.attention.in_proj_weight': [8, 8], logit_bias: [1] }, /SigLIP/],
    ['SigLIP of open_clip', { 'visual.trunk.blocks.0.attn.qkv.weight': [8, 8], logit_bias: [] }, /SigLIP/],
    ['a tower of timm', { 'visual.trunk.cls_token': [1, 1, 8] }, /image tower of timm/],
    ['a text tower of Hugging Face', { 'text.transformer.embeddings.x': [1] }, /text tower of Hugging Face/],
    ['CoCa', { 'text_decoder.resblocks.0.x': [1] }, /^a CoCa/],
    ['EVA-CLIP', { 'visual.blocks.0.attn.q_proj.weight': [8, 8] }, /^an EVA-CLIP/],
    ['BLIP', { 'visual_encoder.blocks.0.x': [1] }, /BLIP/],
  ])('%s', (_, shapes, what) => {
    const tensors = Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, zeros(...shape)]))
    expect(refusal({ ...openAiTensors(SIZES), ...tensors })).toMatchObject({
      what: expect.stringMatching(what),
      because: expect.stringMatching(/\w\.$/),
      hint: expect.stringMatching(/ViT-B-32\.pt/),
    })
  })

  test.each([
    ['LayerScale', 'visual.transformer.resblocks.0.ls_1.gamma'],
    ['norms of queries', 'visual.transformer.resblocks.1.attn.ln_q.weight'],
    ['rotary positions', 'visual.rope.freqs_cos'],
    ['a part of the text tower', 'transformer.resblocks.0.attn.extra'],
  ])('%s: names that would be lost', (_, name) => {
    expect(refusal({ ...openAiTensors(SIZES), [name]: zeros(8) })).toMatchObject({
      what: expect.stringContaining('does not compute what a plain CLIP computes'),
      because: `It has ${name}, which would be lost.`,
    })
  })

  test('one tower alone', () => {
    const all = Object.entries(openAiTensors(SIZES))
    const image = Object.fromEntries(all.filter(([name]) => name.startsWith('visual.')))
    const text = Object.fromEntries(all.filter(([name]) => !name.startsWith('visual.')))
    expect(refusal(image)).toMatchObject({
      what: expect.stringMatching(/^the image tower of a CLIP/),
      because: 'There is no text tower in the file.',
    })
    expect(refusal(text).because).toBe('There is no image tower in the file.')
  })
})

test('a tensor that is not there is named', () => {
  const all = openAiTensors(SIZES)
  for (const name of Object.keys(all)) {
    const { [name]: _, ...rest } = all
    if (name === 'logit_scale') expect(plan(rest).report.missing).toEqual([])
    else expect(refusal(rest).because).toContain(name)
  }
})

describe('files that no program wrote', () => {
  test('a block of a high number is not taken for as many blocks', () => {
    for (const tower of ['visual.', '']) {
      const name = `${tower}transformer.resblocks.4294967290.ln_1.weight`
      expect(refusal({ ...openAiTensors(SIZES), [name]: zeros(8) }).because).toContain(name)
    }
    const name = 'vision_model.encoder.layers.4294967290.layer_norm1.weight'
    expect(refusal({ 'vision_model.encoder.layers.0.x': zeros(1), [name]: zeros(8) }).because).toMatch(/no image tower/)
  })

  test('as many names as a header holds', () => {
    const parts = ['ln_1.weight', 'ln_1.bias', 'ln_2.weight', 'ln_2.bias', 'mlp.c_fc.bias', 'mlp.c_proj.bias']
    const names = ['visual.', ''].flatMap((tower) =>
      Array.from({ length: 60_000 }, (_, at) => `${tower}transformer.resblocks.${at % 10_000}.${parts[at % 6]}`),
    )
    const all = new Map([...shapesOf(openAiTensors(SIZES)), ...names.map((name): [string, number[]] => [name, [8]])])
    expect(planClip(all)).toMatchObject({ because: expect.stringMatching(/^It lacks .* more\.$/) })
  })

  test('a name of JavaScript is a stranger like others', () => {
    for (const name of ['constructor', 'toString', '__proto__'])
      for (const whole of [name, `vision_model.encoder.layers.0.${name}.weight`]) {
        const found = planClip(
          new Map([
            ['vision_model.encoder.layers.0.layer_norm1.weight', [8]],
            [whole, [8]],
          ]),
        )
        if (found === undefined || !isRefusal(found)) throw new Error('not refused')
        expect(found.because).not.toMatch(/native code/)
        const naming = CLIP_NAMINGS.find(({ what }) => what.includes('Hugging Face'))!
        expect(naming.placeOf(whole)).toBeUndefined()
      }
  })

  test('two tensors in one place: nothing tells which is meant', () => {
    const own = openAiTensors(SIZES)
    const apart = Object.fromEntries(
      Object.entries(own).map(([name, tensor]) => [name.startsWith('transformer.') ? `text.${name}` : name, tensor]),
    )
    expect(plan(apart).report.renamed.length).toBeGreaterThan(0)
    const found = refusal({ ...apart, 'text.positional_embedding': own.positional_embedding! })
    expect(found.because).toBe('positional_embedding and text.positional_embedding are the same tensor of a CLIP.')
  })
})

test('what is no CLIP has no plan', () => {
  expect(planClip(new Map([['cls_token', [1, 1, 8]]]))).toBeUndefined()
  expect(planClip(new Map())).toBeUndefined()
})

const PARTS = ['visual', 'text', 'ema', 'a', 'queue', 'resblocks', '0', 'weight', 'attn', 'ln_3', 'head']
const KNOWN = ['logit_scale', 'input_resolution', 'attn_mask', 'epoch', 'logit_bias', 'text.attn_mask']

test('every name stands in one list, and strangers are never silent', () => {
  const random = new Random(17, 'names')
  let plans = 0
  for (let round = 0; round < 400; round++) {
    const pick = <T>(list: readonly T[]) => list[random.integer(0, list.length - 1)]!
    const stranger = () =>
      random.chance(1 / 3) ? pick(KNOWN) : Array.from({ length: random.integer(1, 4) }, () => pick(PARTS)).join('.')
    const apart = random.chance(0.5)
    const own = Object.entries(openAiTensors({ ...SIZES, blocks: 1 })).map(([name, tensor]) => [
      apart && !name.startsWith('visual.') && name !== 'logit_scale' ? `text.${name}` : name,
      tensor,
    ])
    const strangers = Array.from({ length: random.integer(0, 3) }, stranger)
    const tensors = { ...Object.fromEntries(strangers.map((name) => [name, zeros(1)])), ...Object.fromEntries(own) }
    const found = planClip(shapesOf(tensors))!
    if (isRefusal(found)) continue
    plans += 1
    const { matched, renamed, dropped, unexpected } = found.report
    const all = [...matched, ...renamed.map(({ from }) => from), ...dropped.map(({ name }) => name), ...unexpected]
    expect(all.sort()).toEqual(Object.keys(tensors).sort())
    expect(renamed.length > 0).toBe(apart)
  }
  expect(plans).toBeGreaterThan(100)
})
