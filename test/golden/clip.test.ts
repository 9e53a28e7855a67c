import { expect, test } from '@jest/globals'
import type { TensorData } from '../../lib/base/tensor.js'
import { BackgroundPrompts } from '../../lib/models/backgroundPrompts.js'
import { Clip } from '../../lib/models/clip/clip.js'
import { loadAddon } from '../../lib/native/load.js'
import { describeClipForms } from '../support/clipArchives.js'
import { expectClose } from '../support/close.js'
import { readGolden, readGoldenJson } from '../support/golden.js'

const FORWARD = { relMax: 1e-5 }
const GRADIENT = { relMax: 1e-4 }

/** Cosines of all rows of `a` with all rows of `b`, times `scale`. */
function cosines(a: TensorData, b: TensorData, scale = 1): Float64Array {
  const rows = (tensor: TensorData) => {
    const [count, width] = tensor.shape
    return Array.from({ length: count }, (_, i) => {
      const row = Array.from((tensor.data as Float32Array).subarray(i * width, (i + 1) * width))
      const norm = Math.hypot(...row)
      return row.map((value) => value / norm)
    })
  }
  const right = rows(b)
  return Float64Array.from(rows(a).flatMap((x) => right.map((y) => scale * x.reduce((sum, v, i) => sum + v * y[i], 0))))
}

describeClipForms(({ layout }, options) => {
  const open = () => Clip.open(options())

  test('says what it is', async () => {
    using clip = await open()
    const config = readGoldenJson<Record<string, number>>('clip_config.json')
    expect(clip.info).toMatchObject({
      layout,
      imageSize: config.image_resolution,
      contextLength: config.context_length,
      textWidth: config.transformer_width,
      featureWidth: config.embed_dim,
    })
    expect(clip.info.mean.map((v) => v.toFixed(4))).toEqual(['0.4815', '0.4578', '0.4082'])
  })

  test('text and image features, cosines and logits', async () => {
    const io = await readGolden('clip_io')
    using clip = await open()
    const text = await clip.encodeText(io.tensor('token_ids'))
    const images = await clip.encodeImage(io.tensor('images'))
    expectClose(text, io.tensor('text_features'), { name: 'text', ...FORWARD })
    expectClose(images, io.tensor('image_features'), { name: 'images', ...FORWARD })
    expectClose(await clip.encodePatches(io.tensor('images')), io.tensor('image_patch_features'), FORWARD)
    for (const name of ['voc', 'coco']) {
      const features = await clip.encodeText(io.tensor(`${name}_token_ids`))
      expectClose(features, io.tensor(`${name}_text_features`), { name, ...FORWARD })
      if (name === 'voc') expectClose(cosines(images, features), io.numbers('cosine_image_voc'), FORWARD)
    }
    expectClose(cosines(images, text), io.numbers('cosine_image_text'), FORWARD)
    const scale = Math.exp((await readGolden('clip_weights')).scalar('logit_scale'))
    expectClose(cosines(images, text, scale), io.numbers('logits_per_image'), FORWARD)
    expectClose(cosines(text, images, scale), io.numbers('logits_per_text'), FORWARD)
  })

  test('gradients reach the picture', async () => {
    const io = await readGolden('clip_io')
    using clip = await open()
    const { inspection } = loadAddon()
    const found = await inspection.imageGradient(clip.native, io.tensor('images'), io.tensor('image_grad.cotangent'))
    expectClose(found.features, io.tensor('image_features'), FORWARD)
    expectClose(found.gradient, io.tensor('image_grad.grad_images'), GRADIENT)
  })

  test('learnable prompts of every length: features and gradients', async () => {
    const io = await readGolden('clip_io')
    using clip = await open()
    const lengths = new Set(Object.keys(io.tensors).flatMap((name) => /^prompt_L(\d+)\./.exec(name)?.[1] ?? []))
    expect(lengths.size).toBeGreaterThan(0)
    for (const length of lengths) {
      const tensor = (name: string) => io.tensor(`prompt_L${length}.${name}`)
      const found = await loadAddon().inspection.promptGradient(clip.native, tensor('vectors'), tensor('cotangent'))
      expectClose(found.features, tensor('features'), { name: `L${length} features`, ...FORWARD })
      expectClose(found.gradient, tensor('grad_vectors'), { name: `L${length} gradient`, ...GRADIENT })

      const [classes, , width] = tensor('vectors').shape
      using prompts = await BackgroundPrompts.create({ classes, length: Number(length), width })
      await prompts.load(tensor('vectors'))
      expectClose(await prompts.encode(clip), tensor('features'), FORWARD)
    }
  })

  test('a prompt that does not fit into the context is refused', async () => {
    using clip = await open()
    using prompts = await BackgroundPrompts.create({ classes: 2, length: 72, width: clip.info.textWidth })
    await expect(prompts.encode(clip)).rejects.toMatchObject({ code: 'SEMPLES_TEXT_TOO_LONG', value: '72' })
  })
})
