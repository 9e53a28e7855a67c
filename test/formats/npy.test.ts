import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from '@jest/globals'
import type { TensorData } from '../../lib/base/tensor.js'
import { decodeNpy, encodeNpy, readNpy, writeNpy } from '../../lib/formats/npy.js'
import { readNpz, writeNpz } from '../../lib/formats/npz.js'
import { temporaryFiles } from '../datasets/temporaryFiles.js'

// The files come from NumPy: test/fixtures/masks/make.py says what each holds.
const fixtures = path.join(import.meta.dirname, '../fixtures/masks')
const fixture = (name: string) => path.join(fixtures, name)
const numbers = [0.5, -1.25, 3e-5, 65504, -0, 7]

describe('reading what NumPy wrote', () => {
  test.each(['float32', 'big-endian', 'version2', 'version3'])('%s.npy', async (name) => {
    const tensor = await readNpy(fixture(`${name}.npy`))
    expect(tensor).toMatchObject({ dtype: 'float32', shape: [2, 3] })
    expect([...(tensor.data as Float32Array)]).toEqual(numbers.map(Math.fround))
  })

  test.each<[string, string, number[], (number | bigint)[]]>([
    ['float64', 'float64', [2, 3], numbers],
    ['float16', 'float16', [2, 3], [0x3800, 0xbd00, 0x01f7, 0x7bff, 0x8000, 0x4700]],
    ['uint8', 'uint8', [2, 3], [250, 251, 252, 253, 254, 255]],
    ['int32', 'int32', [2], [-1, 2 ** 31 - 1]],
    ['int64', 'int64', [2], [-1n, 2n ** 53n + 1n]],
    ['bool', 'bool', [2], [1, 0]],
    ['scalar', 'float32', [], [2.5]],
    ['empty', 'float32', [0, 3], []],
    ['fortran', 'int32', [2, 3, 4], Array.from({ length: 24 }, (_, i) => i)],
  ])('%s.npy', async (name, dtype, shape, values) => {
    const tensor = await readNpy(fixture(`${name}.npy`))
    expect(tensor.dtype).toBe(dtype)
    expect(tensor.shape).toEqual(shape)
    expect(Array.from<number | bigint>(tensor.data as Float32Array)).toEqual(values)
  })

  test('arrays.npz, deflated', async () => {
    const { 3: cam, ids } = await readNpz(fixture('arrays.npz'))
    expect(cam).toMatchObject({ dtype: 'float32', shape: [2, 3] })
    expect([...(cam!.data as Float32Array)]).toEqual(numbers.map(Math.fround))
    expect(ids!.data).toEqual(BigInt64Array.of(1n, 2n))
  })
})

describe('writing', () => {
  test.each(['float32', 'float64', 'float16', 'uint8', 'int32', 'int64', 'bool', 'scalar', 'empty'])(
    '%s.npy comes out byte for byte as NumPy writes it',
    async (name) => {
      const bytes = await readFile(fixture(`${name}.npy`))
      expect(Buffer.from(encodeNpy(decodeNpy(bytes, name))).equals(bytes)).toBe(true)
    },
  )

  test('writes files that it reads again', async () => {
    const folder = await temporaryFiles({})
    const tensor: TensorData = { dtype: 'float32', shape: [2, 200, 300], data: new Float32Array(120_000) }
    tensor.data.forEach((_, i) => {
      tensor.data[i] = Math.sin(i)
    })
    await writeNpy(path.join(folder, 'new/a.npy'), tensor)
    expect(await readNpy(path.join(folder, 'new/a.npy'))).toEqual(tensor)
    for (const compress of [false, true]) {
      await writeNpz(path.join(folder, 'a.npz'), { '0': tensor, b: tensor }, { compress })
      expect(await readNpz(path.join(folder, 'a.npz'))).toEqual({ '0': tensor, b: tensor })
    }
  })

  test('refuses data that is not what its shape or dtype says', () => {
    const wrong: TensorData[] = [
      { dtype: 'float32', shape: [3], data: new Float32Array(2) },
      { dtype: 'float32', shape: [3], data: new Float64Array(3) },
      { dtype: 'bfloat16', shape: [3], data: new Uint16Array(3) },
    ]
    for (const tensor of wrong) {
      expect(() => encodeNpy(tensor)).toThrow(expect.objectContaining({ code: 'SEMPLES_ARGUMENT_INVALID' }))
    }
  })
})

describe('refusals', () => {
  test.each([
    ['object', /Python objects.*numpy\.savez/],
    ['record', /record type.*astype/],
    ['complex', /'<c8'/],
    ['uint16', /'<u2'/],
  ])('%s.npy is refused by its type', async (name, message) => {
    await expect(readNpy(fixture(`${name}.npy`))).rejects.toMatchObject({
      code: 'SEMPLES_NPY_DTYPE',
      file: fixture(`${name}.npy`),
      message: expect.stringMatching(message),
    })
  })

  test('a file cut at any point is refused, and named', async () => {
    const bytes = await readFile(fixture('float32.npy'))
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeNpy(bytes.subarray(0, length), 'cut.npy')).toThrow(
        expect.objectContaining({ code: 'SEMPLES_NPY_INVALID', message: expect.stringContaining('cut.npy') }),
      )
    }
  })

  test('bytes behind the numbers, a missing key and an unknown version are refused', async () => {
    const bytes = await readFile(fixture('float32.npy'))
    const noShape = Buffer.from(bytes.toString('latin1').replace("'shape'", "'sharp'"), 'latin1')
    const newer = Buffer.from(bytes)
    newer[6] = 4
    for (const damaged of [
      Buffer.concat([bytes, bytes.subarray(1)]),
      Buffer.concat([bytes, bytes]).subarray(0, -1),
      noShape,
      newer,
    ]) {
      expect(() => decodeNpy(damaged, 'x.npy')).toThrow(expect.objectContaining({ code: 'SEMPLES_NPY_INVALID' }))
    }
  })

  test('of several arrays in one file the first is read, as numpy.load does', async () => {
    const [first, second] = [await readFile(fixture('float32.npy')), await readFile(fixture('int64.npy'))]
    expect(decodeNpy(Buffer.concat([first, second]), 'x.npy')).toEqual(decodeNpy(first, 'x.npy'))
  })

  test('an absent file, a damaged archive and an archive with something else in it', async () => {
    await expect(readNpy(fixture('no.npy'))).rejects.toMatchObject({ code: 'SEMPLES_FILE_UNREADABLE' })
    const folder = await temporaryFiles({})
    const archive = path.join(folder, 'a.npz')
    const bytes = await readFile(fixture('arrays.npz'))
    await writeFile(archive, bytes.subarray(0, 300))
    await expect(readNpz(archive)).rejects.toMatchObject({ code: 'SEMPLES_NPY_INVALID', file: archive })
    await writeFile(archive, bytes.toString('latin1').replaceAll('ids.npy', 'ids.txt'), 'latin1')
    await expect(readNpz(archive)).rejects.toThrow(/ids\.txt/)
  })
})
