import { expect, test } from '@jest/globals'
import type { TensorData } from '../../lib/base/tensor.js'
import { notFinite } from '../../lib/models/finite.js'
import { MaskGenerator } from '../../lib/models/maskGenerator.js'
import { loadCheckpoint, loadPretrained } from '../../lib/models/weights.js'
import { rejection } from '../config/refusal.js'
import { describeNative, differences, tiny } from '../native/models.js'

const bits = (dtype: 'float16' | 'bfloat16', ...data: number[]): TensorData => ({
  dtype,
  shape: [data.length],
  data: Uint16Array.from(data),
})

test.each<[string, TensorData, string | undefined]>([
  ['plain', { dtype: 'float32', shape: [3], data: Float32Array.of(0, -1e38, 1e-45) }, undefined],
  ['NaN', { dtype: 'float32', shape: [2], data: Float32Array.of(0, Number.NaN) }, 'NaN'],
  ['infinity', { dtype: 'float64', shape: [1], data: Float64Array.of(-1 / 0) }, '-Infinity'],
  // 65504, the largest; the smallest below normal ones; -0.
  ['half precision, plain', bits('float16', 0x7bff, 0x0001, 0x8000), undefined],
  ['half precision, infinity', bits('float16', 0, 0xfc00), 'Infinity'],
  ['half precision, NaN', bits('float16', 0x7e00), 'NaN'],
  ['bfloat16, plain', bits('bfloat16', 0x7f7f, 0x0001), undefined],
  ['bfloat16, infinity', bits('bfloat16', 0x7f80), 'Infinity'],
  ['bfloat16, NaN', bits('bfloat16', 0xffc0), 'NaN'],
  ['whole numbers', { dtype: 'int64', shape: [1], data: BigInt64Array.of(-1n) }, undefined],
])('%s', (_, tensor, value) => {
  const fine: TensorData = { dtype: 'float32', shape: [1], data: Float32Array.of(1) }
  expect(notFinite({ fine, tensor })).toEqual(value === undefined ? undefined : { name: 'tensor', value })
})

describeNative('weights with broken numbers', () => {
  test('are refused by name, and nothing is changed', async () => {
    using generator = await MaskGenerator.create(tiny)
    const before = await generator.state()
    const broken = await generator.state()
    ;(broken['blocks.1.attn.qkv.weight']!.data as Float32Array)[7] = Number.NaN
    for (const load of [loadPretrained, loadCheckpoint])
      expect(await rejection(load(generator, broken, 'weights.pth'))).toMatchObject({
        code: 'SEMPLES_CHECKPOINT_INVALID',
        file: 'weights.pth',
        field: 'blocks.1.attn.qkv.weight',
        value: 'NaN',
      })
    expect(differences(await generator.state(), before)).toEqual([])
  })
})
