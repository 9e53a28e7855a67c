import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import type { PrecisionName } from '../../lib/base/precision.js'
import { chooseCompute, computeOf } from '../../lib/models/devices.js'
import { choosePrecision, hasFastBfloat16, precisionSetting } from '../../lib/models/precision.js'
import { describeNative } from '../native/models.js'

describe('a precision', () => {
  test('is what was asked for, and the line about the device says it', () => {
    expect(choosePrecision('float32', 'cpu')).toEqual({ precision: 'float32', says: '', warnings: [] })
    expect(choosePrecision('bfloat16', 'cpu', true, true)).toEqual({
      precision: 'bfloat16',
      says: ', bfloat16',
      warnings: [],
    })
    expect(choosePrecision('tf32', 'cuda:1')).toMatchObject({ precision: 'tf32', says: ', tf32', warnings: [] })
    expect(choosePrecision('bfloat16', 'cuda', true, false).warnings).toEqual([])
  })

  test('on a GPU float32 says what would be faster', () => {
    expect(choosePrecision('float32', 'cuda').says).toBe("; precision: 'bfloat16' may be faster on this GPU")
  })

  test('of 16 bits comes with a warning where the processor has no instructions for it, and only there', () => {
    expect(choosePrecision('bfloat16', 'cpu', true, false).warnings).toEqual([
      expect.stringMatching(/^bfloat16 will be slower than float32 here/),
    ])
    expect(choosePrecision('bfloat16', 'cpu', true, undefined).warnings).toEqual([])
    expect(choosePrecision('float32', 'cpu', true, false).warnings).toEqual([])
  })

  test('tf32 is refused on a processor where somebody asks for it, and else float32', () => {
    expect(() => choosePrecision('tf32', 'cpu')).toThrow(
      expect.objectContaining({ code: 'SEMPLES_CONFIG_INVALID', field: 'precision', value: 'tf32' }),
    )
    expect(() => choosePrecision('tf32', 'cpu')).toThrow(/The precision tf32 is for CUDA, and the device is cpu/)
    expect(choosePrecision('tf32', 'cpu', false)).toMatchObject({ precision: 'float32' })
  })

  test('that is unknown is refused with the nearest name', () => {
    expect(() => choosePrecision('bfloat' as PrecisionName, 'cpu')).toThrow(
      expect.objectContaining({
        code: 'SEMPLES_CONFIG_INVALID',
        field: 'precision',
        value: 'bfloat',
        expected: 'float32, tf32 or bfloat16',
        hint: 'Did you mean bfloat16?',
      }),
    )
  })

  test('stands in the settings of masks unless it is float32', () => {
    expect(precisionSetting({ precision: 'float32' })).toEqual({})
    expect(precisionSetting({ precision: 'bfloat16' })).toEqual({ precision: 'bfloat16' })
  })
})

describe('whether a processor multiplies bfloat16 numbers is read from the list of the kernel', () => {
  const folder = mkdtempSync(join(tmpdir(), 'semples-cpuinfo-'))
  test.each<[string, boolean | undefined]>([
    ['processor\t: 0\nflags\t\t: fpu avx512f avx512_bf16 amx_bf16\n', true],
    ['processor\t: 0\nflags\t\t: fpu sse2 avx512f avx512_bf16\n', true],
    ['processor\t: 0\nflags\t\t: fpu sse2 avx2\n', false],
    ['processor\t: 0\nFeatures\t: fp asimd bf16\n', true],
    ['processor\t: 0\nmodel name\t: bf16\n', undefined],
  ])('%j: %s', (text, expected) => {
    const file = join(folder, 'cpuinfo')
    writeFileSync(file, text)
    expect(hasFastBfloat16(file)).toBe(expected)
  })
  test('a system without one does not tell', () => expect(hasFastBfloat16(join(folder, 'none'))).toBeUndefined())
})

describeNative('on this machine', () => {
  test('a run of tf32 computes in float32 on a processor, unless somebody asks for tf32', async () => {
    const run = { device: 'cpu', threads: 1, precision: 'tf32' } as const
    expect(await computeOf(run)).toMatchObject({ device: 'cpu', precision: 'float32' })
    await expect(computeOf(run, { precision: 'tf32' })).rejects.toMatchObject({ field: 'precision' })
    expect(await computeOf(run, { precision: 'bfloat16' })).toMatchObject({
      precision: 'bfloat16',
      description: expect.stringMatching(/, bfloat16$/),
    })
    expect(await chooseCompute('cpu', 1)).toMatchObject({ precision: 'float32' })
  })
})
