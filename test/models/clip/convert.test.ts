import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import type { TensorData } from '../../../lib/base/tensor.js'
import { toOpenAiNames } from '../../../lib/models/clip/convert.js'
import { describeClipWeights } from '../../../lib/models/clip/describe.js'
import { readClipSource } from '../../../lib/models/clip/source.js'
import { rejection } from '../../config/refusal.js'
import { openAiTensors } from './lookAlikes.js'

const third = (third: 0 | 1 | 2) => ({ to: 'qkv', third })
const places = new Map([
  ['v', third(2)],
  ['q', third(0)],
  ['k', third(1)],
])

test('queries, keys and values lie one below the other, whatever types their numbers have', () => {
  const { qkv } = toOpenAiNames(
    {
      // 1 and -2 in half precision; 0.5 and -0 as bfloat16.
      q: { dtype: 'float16', shape: [1, 2], data: Uint16Array.of(0x3c00, 0xc000) },
      k: { dtype: 'bfloat16', shape: [1, 2], data: Uint16Array.of(0x3f00, 0x8000) },
      v: { dtype: 'float32', shape: [2, 2], data: Float32Array.of(7, 8, Number.NaN, 9) },
    },
    places,
  )
  expect(qkv).toMatchObject({ dtype: 'float32', shape: [4, 2] })
  expect([...(qkv!.data as Float32Array)]).toEqual([1, -2, 0.5, -0, 7, 8, Number.NaN, 9])
})

test('those of unequal widths have a shape that fits nothing', () => {
  const of = (...shape: number[]): TensorData => ({
    dtype: 'float32',
    shape,
    data: new Float32Array(shape.reduce((product, size) => product * size)),
  })
  expect(toOpenAiNames({ q: of(2, 2), k: of(2, 3), v: of(2, 2) }, places).qkv!.shape).toEqual([2, 2])
})

test('a projection is multiplied from the other side', () => {
  const tensor: TensorData = { dtype: 'float16', shape: [2, 3], data: Uint16Array.of(1, 2, 3, 4, 5, 6) }
  const named = toOpenAiNames({ p: tensor }, new Map([['p', { to: 'proj', transposed: true }]]))
  expect(named.proj).toEqual({ dtype: 'float16', shape: [3, 2], data: Uint16Array.of(1, 4, 2, 5, 3, 6) })
})

test('numbers that weights do not have: refused where the CLIP needs them, by both readers', async () => {
  const path = join(await mkdtemp(join(tmpdir(), 'semples-clip-')), 'clip.safetensors')
  const types = { 'visual.proj': 'I16', logit_scale: 'F8_E4M3' }
  await writeFile(path, safetensors(types))
  const error = await rejection(readClipSource({ path, activation: 'gelu' }))
  expect(error).toMatchObject({ code: 'SEMPLES_CLIP_INVALID', field: 'visual.proj', value: 'I16' })
  const shapes = Object.entries(openAiTensors(SIZES)).map(
    ([name, { shape, dtype }]): [string, { shape: number[]; dtype: string }] => [
      name,
      { shape: [...shape], dtype: name === 'visual.proj' ? 'int16' : dtype },
    ],
  )
  expect(await describeClipWeights(new Map(shapes), path)).toMatchObject({
    refused: { message: expect.stringContaining('visual.proj, which the CLIP needs, holds numbers of type int16') },
  })
  await writeFile(path, safetensors({ logit_scale: 'F8_E4M3' }))
  expect((await readClipSource({ path, activation: 'gelu' })).report?.dropped).toMatchObject([{ name: 'logit_scale' }])
})

const SIZES = { patch: 4, imageSize: 12 }

/** A file of a CLIP whose tensors have those types, all zeros. */
function safetensors(types: Readonly<Record<string, string>>): Buffer {
  const widths: Readonly<Record<string, number>> = { F32: 4, I16: 2, F8_E4M3: 1 }
  let end = 0
  const entries = Object.entries(openAiTensors(SIZES)).map(([name, { shape, data }]) => {
    const dtype = types[name] ?? 'F32'
    const begin = end
    end += data.length * widths[dtype]!
    return [name, { dtype, shape, data_offsets: [begin, end] }]
  })
  const header = Buffer.from(JSON.stringify(Object.fromEntries(entries)))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(header.length))
  return Buffer.concat([length, header, Buffer.alloc(end)])
}
