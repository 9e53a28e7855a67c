import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import type { TensorMap } from '../../lib/base/tensor.js'
import { writeSafetensors } from '../../lib/formats/safetensors.js'
import { readWeights } from '../../lib/formats/stateDict.js'
import { MaskGenerator } from '../../lib/models/maskGenerator.js'
import { type LoadedWeights, loadCheckpoint, loadPretrained } from '../../lib/models/weights.js'
import { temporaryFiles } from '../datasets/temporaryFiles.js'
import { describeNative, differences, float32, tiny } from './models.js'

const isHead = (name: string) => name.startsWith('head.') || name.startsWith('adaptive_attention_fusion.')

/** The state of a generator, without its head, as the file of a DeiT. */
async function weights(change: (state: TensorMap) => TensorMap): Promise<{ file: string; state: TensorMap }> {
  using source = await MaskGenerator.create({ ...tiny, seed: 7 })
  const state = Object.fromEntries(Object.entries(await source.state()).filter(([name]) => !isHead(name)))
  const file = join(await temporaryFiles({}), 'weights.safetensors')
  await writeSafetensors(file, change(state))
  return { file, state }
}

async function load(
  file: string,
  how: typeof loadPretrained | typeof loadCheckpoint = loadPretrained,
): Promise<{ loaded: unknown; state: TensorMap }> {
  using generator = await MaskGenerator.create({ ...tiny, seed: 8 })
  const { tensors, unread } = await readWeights(file)
  const loaded = await how(generator, tensors, file, unread)
  return { loaded, state: await generator.state() }
}

/** The file with one tensor more, or of another type, as its header says. */
async function withType(file: string, name: string, dtype: string, bytes: number): Promise<void> {
  const whole = await readFile(file)
  const length = Number(whole.readBigUInt64LE(0))
  const header = JSON.parse(whole.toString('utf8', 8, 8 + length))
  const data = whole.subarray(8 + length)
  if (header[name] === undefined) header[name] = { shape: [1], data_offsets: [data.length, data.length + bytes] }
  else header[name].shape = [(header[name].data_offsets[1] - header[name].data_offsets[0]) / bytes]
  header[name].dtype = dtype
  const json = Buffer.from(JSON.stringify(header))
  const start = Buffer.alloc(8)
  start.writeBigUInt64LE(BigInt(json.length))
  const more = header[name].data_offsets[1] - data.length
  await writeFile(file, Buffer.concat([start, json, data, Buffer.alloc(Math.max(0, more))]))
}

const renamed = (state: TensorMap, name: (old: string) => string) =>
  Object.fromEntries(Object.entries(state).map(([old, tensor]) => [name(old), tensor]))

/** One class token and one of distillation, whose row of positions lies between those of class token and patches. */
function distilled(own: TensorMap): TensorMap {
  const { width, classes } = tiny
  const table = own.pos_embed!.data as Float32Array
  const row = table.slice(0, width)
  // The generator repeats the row of the one class token.
  for (let at = 0; at < classes; at++) table.set(row, at * width)
  const rest = table.slice(classes * width)
  const odd = new Float32Array(width).fill(99)
  const data = Float32Array.of(...row, ...odd, ...rest)
  return {
    ...own,
    cls_token: { dtype: 'float32', shape: [1, 1, width], data: (own.cls_token!.data as Float32Array).slice(0, width) },
    pos_embed: { dtype: 'float32', shape: [1, data.length / width, width], data },
    dist_token: float32([1, 1, width], 5),
    'head_dist.weight': float32([10, width]),
    'head.weight': float32([10, width]),
    'head.bias': float32([10]),
    'head_dist.bias': float32([10]),
  }
}

describeNative('weights of neighbours', () => {
  test.each(['module.', 'model.', 'backbone.', 'module.backbone.', '_orig_mod.module.'])(
    'R55: names that all begin with %s are read without it',
    async (prefix) => {
      const { file, state } = await weights((own) => renamed(own, (name) => prefix + name))
      const loaded = await load(file)
      const norms = (tensors: TensorMap) => ({
        norm: tensors['norm.weight']!,
        qkv: tensors['blocks.0.attn.qkv.weight']!,
      })
      expect(differences(norms(state), norms(loaded.state))).toEqual([])
    },
  )

  test('R55: where only some do, the message says so', async () => {
    const { file } = await weights((own) => ({
      ...renamed(own, (name) => `backbone.${name}`),
      'decode_head.conv_seg.weight': float32([1], 0),
    }))
    await expect(load(file)).rejects.toMatchObject({
      code: 'SEMPLES_CHECKPOINT_MISMATCH',
      file,
      message: expect.stringMatching(/names of tensors begin with "backbone\.", the others do not: decode_head/),
      hint: expect.stringContaining('removeprefix("backbone.")'),
    })
  })

  test('R54: a distilled DeiT starts a training without its token, with a warning, and is no checkpoint', async () => {
    const { file, state } = await weights((own) => distilled(own))
    const { loaded, state: after } = await load(file)
    // Class tokens, then patches: the second row of three and more was the distillation token's.
    expect(differences({ pos_embed: state.pos_embed! }, { pos_embed: after.pos_embed! })).toEqual([])
    expect((loaded as LoadedWeights).notes).toMatchObject([
      { warning: true, text: expect.stringMatching(/distilled DeiT: dist_token .*attention of every block/) },
    ])
    await expect(load(file, loadCheckpoint)).rejects.toMatchObject({
      code: 'SEMPLES_CHECKPOINT_MISMATCH',
      message: expect.stringMatching(/weights of a distilled DeiT/),
      hint: expect.stringContaining('classify'),
    })
  })

  test.each(['blocks.0.ls1.gamma', 'register_tokens', 'blocks.0.extra.weight'])(
    'R19: %s is refused by name, and nothing was loaded',
    async (name) => {
      const { file } = await weights((own) => ({ ...own, [name]: float32([1], 0.1) }))
      await expect(load(file)).rejects.toMatchObject({
        code: 'SEMPLES_CHECKPOINT_MISMATCH',
        message: expect.stringContaining(name),
      })
    },
  )

  test('R19: heads pass, and what nobody knows is told', async () => {
    const { file } = await weights((own) => ({
      ...own,
      'head_dist.weight': float32([1], 0),
      'fc_norm.weight': float32([1], 0),
      temperature: float32([1], 0),
    }))
    const { loaded } = await load(file)
    expect((loaded as LoadedWeights).notes).toEqual([
      { warning: false, text: 'the weights hold a tensor that the generator does not know, left out: temperature' },
    ])
  })

  test.each([
    ['I16', 2],
    ['F8_E4M3', 1],
    ['U64', 8],
    ['F4', 1],
  ])(
    'R61: a tensor of %s stops nothing where nobody needs it, and is named where it is needed',
    async (type, bytes) => {
      const { file, state } = await weights((own) => own)
      await withType(file, 'head.counts', type, bytes)
      const loaded = await load(file)
      expect(differences({ norm: state['norm.weight']! }, { norm: loaded.state['norm.weight']! })).toEqual([])
      await withType(file, 'norm.weight', type, bytes)
      await expect(load(file)).rejects.toMatchObject({
        code: 'SEMPLES_CHECKPOINT_MISMATCH',
        message: expect.stringMatching(
          new RegExp(`norm\\.weight, which the generator needs, holds numbers of type ${type}`),
        ),
      })
    },
  )
})
