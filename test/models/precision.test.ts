import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { differingField } from '../../lib/base/outputRecord.js'
import type { PrecisionName } from '../../lib/base/precision.js'
import { chooseCompute, computeOf } from '../../lib/models/devices.js'
import { choosePrecision, hasFastBfloat16, precisionSetting } from '../../lib/models/precision.js'
import { multipliesBfloat16, readGpus } from '../../lib/native/gpus.js'
import { describeNative } from '../native/models.js'

/** GPUs as nvidia-smi lists them. */
function listed(...capabilities: string[]) {
  const text = capabilities.map((capability) => `NVIDIA GPU, 15360 MiB, ${capability}, 580.65.06\n`).join('')
  return readGpus({ status: 0, text }).gpus
}

describe('a precision', () => {
  test('is what was asked for, and the line about the device says it', () => {
    expect(choosePrecision('float32', 'cpu')).toEqual({ precision: 'float32', says: '', warnings: [] })
    expect(choosePrecision('bfloat16', 'cpu', true, true)).toEqual({
      precision: 'bfloat16',
      says: ', bfloat16',
      warnings: [],
    })
    expect(choosePrecision('tf32', 'cuda:1')).toMatchObject({ precision: 'tf32', says: ', tf32', warnings: [] })
  })

  // A T4, an A100 and an H100, and what nvidia-smi says of one that it does not know.
  test.each([
    ['7.5', ''],
    ['8.0', "; precision: 'bfloat16' may be faster on this GPU"],
    ['9.0', "; precision: 'bfloat16' may be faster on this GPU"],
    ['12.0', "; precision: 'bfloat16' may be faster on this GPU"],
    ['[N/A]', ''],
  ])('on a GPU of compute capability %s float32 says of what would be faster: %j', (capability, says) => {
    const fast = multipliesBfloat16(listed(capability))
    expect(choosePrecision('float32', 'cuda', true, fast)).toEqual({ precision: 'float32', says, warnings: [] })
  })

  test('of 16 bits is taken on a GPU that has no units for it, with a warning; so is tf32', () => {
    const old = multipliesBfloat16(listed('7.5'))
    expect(choosePrecision('bfloat16', 'cuda', true, old)).toEqual({
      precision: 'bfloat16',
      says: ', bfloat16',
      warnings: [expect.stringMatching(/^bfloat16 will be slow here: .*8\.0.*Leave precision out for float32\.$/)],
    })
    expect(choosePrecision('tf32', 'cuda:1', true, old).warnings).toEqual([
      expect.stringMatching(/^tf32 changes nothing here/),
    ])
    for (const capability of ['8.0', '9.0', '[N/A]']) {
      const fast = multipliesBfloat16(listed(capability))
      expect(choosePrecision('bfloat16', 'cuda', true, fast).warnings).toEqual([])
    }
  })

  test('of several GPUs nothing is said unless all are of one kind: nvidia-smi may count them otherwise than CUDA', () => {
    expect(multipliesBfloat16(listed('8.0', '9.0'))).toBe(true)
    expect(multipliesBfloat16(listed('7.5', '7.0'))).toBe(false)
    expect(multipliesBfloat16(listed('7.5', '9.0'))).toBeUndefined()
    expect(multipliesBfloat16(listed('9.0', '[N/A]'))).toBeUndefined()
    expect(multipliesBfloat16([])).toBeUndefined()
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
    const plain = precisionSetting({ precision: 'float32' })
    expect(JSON.stringify(plain)).toBe('{}')
    expect(differingField({ precision: 'bfloat16' }, plain)).toBe('precision')
    expect(differingField({}, plain)).toBeUndefined()
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
