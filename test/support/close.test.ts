import { describe, expect, test } from '@jest/globals'
import type { TensorData } from '../../lib/base/tensor.js'
import { expectClose, expectOptimizedParameters } from './close.js'
import { float32Ulp, toFloat32, toNumbers } from './numbers.js'
import { restoreSparse } from './sparse.js'

const tensor = (shape: number[], values: number[]): TensorData => ({
  dtype: 'float32',
  shape,
  data: Float32Array.from(values),
})

describe('expectClose', () => {
  test('accepts errors up to the bound and not beyond', () => {
    expectClose([100, 1.0009], [100, 1], { relMax: 1e-5 })
    expect(() => expectClose([100, 1.0011], [100, 1], { relMax: 1e-5 })).toThrow(/error 0.0011.* at \[1\]/)
    expectClose(1.5, 1, { relMax: 0, abs: 0.5 })
    expect(() => expectClose(1.5, 1, { relMax: 0, abs: 0.4 })).toThrow(/expected 1/)
  })

  test('takes the scale that it is given', () => {
    expectClose([0.0009], [0], { relMax: 1e-5, scale: 100 })
    expect(() => expectClose([0.0011], [0], { relMax: 1e-5, scale: 100 })).toThrow(/scale 100/)
    expect(() => expectClose([100.0011], [100], { relMax: 1e-5, scale: 1 })).toThrow()
  })

  test('says where the worst element of a tensor is', () => {
    const compare = () => expectClose(tensor([2, 2], [1, 2.1, 5, 4]), tensor([2, 2], [1, 2, 3, 4]), { name: 'cam' })
    expect(compare).toThrow(/^cam: error 2 at \[1, 0\]: 5, expected 3/)
  })

  test('never takes NaN for a number, nor infinity', () => {
    expectClose([Number.NaN, Number.POSITIVE_INFINITY], [Number.NaN, Number.POSITIVE_INFINITY])
    expect(() => expectClose([Number.NaN], [1], { abs: 9 })).toThrow()
    expect(() => expectClose([1], [Number.NaN], { abs: 9 })).toThrow()
    expect(() => expectClose([Number.POSITIVE_INFINITY], [1], { abs: 9 })).toThrow()
  })

  test('compares shapes, lengths, and exactly where nothing is allowed', () => {
    expect(() => expectClose(tensor([1, 2], [0, 0]), tensor([2], [0, 0]))).toThrow(/shape 1x2, expected 2/)
    expect(() => expectClose([1], [1, 2])).toThrow(/1 elements, expected 2/)
    expect(() => expectClose([1e-30], [0])).toThrow()
  })
})

describe('expectOptimizedParameters', () => {
  const step = { gradient: [1, 1e-4], lr: 1e-3, steps: 3 }
  test('is strict where the gradient is clear and lenient where it is rounding', () => {
    expectOptimizedParameters([1 + 5e-5, 1 + 5.9e-3], [1, 1], step)
    expect(() => expectOptimizedParameters([1 + 6e-5, 1], [1, 1], step)).toThrow(/at \[0\]/)
    expect(() => expectOptimizedParameters([1, 1 + 6.1e-3], [1, 1], step)).toThrow(/at \[1\]/)
  })

  test('a tiny rate leaves one unit in the last place', () => {
    const tiny = { gradient: [1], lr: 1e-9, steps: 1 }
    expectOptimizedParameters([1000 + 2 ** -14], [1000], tiny)
    expect(() => expectOptimizedParameters([1000 + 2 ** -13], [1000], tiny)).toThrow()
  })
})

describe('numbers', () => {
  // Subnormals count 2^-24; normals are 1.fraction * 2^(exponent - 15); bfloat16 is the upper half of a float32.
  test('float16 and bfloat16 bits become their values', () => {
    const half = Uint16Array.of(0x0000, 0x8001, 0x03ff, 0x0400, 0x3c01, 0x7bff, 0xfc00, 0x7e00)
    expect([...toNumbers({ dtype: 'float16', shape: [8], data: half })]).toEqual([
      0,
      -(2 ** -24),
      1023 * 2 ** -24,
      2 ** -14,
      1.0009765625,
      65504,
      Number.NEGATIVE_INFINITY,
      Number.NaN,
    ])
    const brain = Uint16Array.of(0x3f80, 0xc049)
    expect([...toNumbers({ dtype: 'bfloat16', shape: [2], data: brain })]).toEqual([1, -3.140625])
    expect(toFloat32({ dtype: 'int64', shape: [1], data: BigInt64Array.of(-3n) }).data).toEqual(Float32Array.of(-3))
  })

  test('float32Ulp', () => {
    expect(float32Ulp(1)).toBe(2 ** -23)
    expect(float32Ulp(-1000)).toBe(2 ** -14)
    expect(float32Ulp(0)).toBe(2 ** -149)
  })
})

test('sparse tables come back as whole ones', () => {
  const tensors = {
    'sparse.table.ids': { dtype: 'int64' as const, shape: [2], data: BigInt64Array.of(3n, 0n) },
    'sparse.table.rows': tensor([2, 2], [1, 2, 3, 4]),
    other: tensor([1], [5]),
  }
  expect(restoreSparse(tensors, { 'sparse.table.shape': '[4,2]' })).toEqual({
    table: tensor([4, 2], [3, 4, 0, 0, 0, 0, 1, 2]),
    other: tensor([1], [5]),
  })
})
