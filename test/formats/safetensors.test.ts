import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { TensorMap } from '../../lib/base/tensor.js'
import { readSafetensors, writeSafetensors } from '../../lib/formats/safetensors.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'semples-safetensors-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** A file put together by hand, so that the reader is not judged by our own writer. */
async function craft(header: string | object, data = new Uint8Array(0), announced?: bigint): Promise<string> {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(announced ?? BigInt(json.length))
  const path = join(folder, `crafted-${Math.random()}.safetensors`)
  await writeFile(path, Buffer.concat([length, json, data]))
  return path
}

const every: TensorMap = {
  flag: { dtype: 'bool', shape: [3], data: Uint8Array.of(1, 0, 1) },
  half: { dtype: 'float16', shape: [1, 2], data: Uint16Array.of(0x3c00, 0xc000) },
  brain: { dtype: 'bfloat16', shape: [2], data: Uint16Array.of(0x3f80, 0x7fc0) },
  real: { dtype: 'float32', shape: [2, 2], data: Float32Array.of(1.5, -0, Number.NaN, 3e-45) },
  double: { dtype: 'float64', shape: [1], data: Float64Array.of(Math.PI) },
  long: { dtype: 'int64', shape: [2], data: BigInt64Array.of(-(2n ** 63n), 7n) },
  int: { dtype: 'int32', shape: [2], data: Int32Array.of(-5, 2 ** 31 - 1) },
  byte: { dtype: 'uint8', shape: [5], data: Uint8Array.of(0, 1, 2, 254, 255) },
  scalar: { dtype: 'float32', shape: [], data: Float32Array.of(42) },
  empty: { dtype: 'float32', shape: [0, 4], data: new Float32Array(0) },
}

describe('writeSafetensors and readSafetensors', () => {
  test('every dtype, scalars, empty tensors and metadata survive', async () => {
    const path = join(folder, 'every.safetensors')
    await writeSafetensors(path, every, { note: 'a "b" \\ {"c"}: é' })
    const { tensors, metadata } = await readSafetensors(path)
    expect(Object.keys(tensors).sort()).toEqual(Object.keys(every).sort())
    for (const [name, tensor] of Object.entries(every)) expect(tensors[name]).toEqual(tensor)
    expect(metadata).toEqual({ note: 'a "b" \\ {"c"}: é' })
  })

  test('the data section is aligned and the data of every tensor too', async () => {
    const path = join(folder, 'aligned.safetensors')
    await writeSafetensors(path, every)
    const bytes = await readFile(path)
    const header = Number(bytes.readBigUInt64LE(0))
    expect((8 + header) % 8).toBe(0)
    const entries: Record<string, { data_offsets: [number, number] }> = JSON.parse(
      bytes.toString('utf8', 8, 8 + header),
    )
    for (const [name, { data }] of Object.entries(every)) {
      expect(entries[name].data_offsets[0] % data.BYTES_PER_ELEMENT).toBe(0)
    }
  })

  test('a view into a larger buffer is written without its surroundings', async () => {
    const path = join(folder, 'view.safetensors')
    const data = Float32Array.of(9, 1, 2, 9).subarray(1, 3)
    await writeSafetensors(path, { a: { dtype: 'float32', shape: [2], data } })
    expect((await readSafetensors(path)).tensors.a.data).toEqual(Float32Array.of(1, 2))
  })

  test('tensors own their memory: one can be transferred without the others', async () => {
    const path = join(folder, 'own.safetensors')
    await writeSafetensors(path, every)
    const { tensors } = await readSafetensors(path)
    structuredClone(tensors.real.data, { transfer: [tensors.real.data.buffer as ArrayBuffer] })
    expect(tensors.real.data).toHaveLength(0)
    expect(tensors.double.data[0]).toBe(Math.PI)
  })

  test('odd names survive, even the one that objects treat specially', async () => {
    const path = join(folder, 'names.safetensors')
    const one = { dtype: 'uint8' as const, shape: [1], data: Uint8Array.of(1) }
    const names = ['__proto__', 'constructor', 'a"b\\c', 'ключ', '0', '']
    await writeSafetensors(path, Object.fromEntries(names.map((name) => [name, one])))
    expect(Object.keys((await readSafetensors(path)).tensors).sort()).toEqual([...names].sort())
  })

  // The bytes were made by the Python package: safetensors.numpy.save({'a': np.arange(3, dtype='<i4'),
  // 'b': np.array([[1.5]], dtype='<f8')}, metadata={'k': 'v'}).hex(), safetensors 0.8.0
  test('a file of the reference implementation', async () => {
    const path = join(folder, 'reference.safetensors')
    await writeFile(path, Buffer.from(REFERENCE_FILE, 'hex'))
    const { tensors, metadata } = await readSafetensors(path)
    expect(tensors).toEqual({
      a: { dtype: 'int32', shape: [3], data: Int32Array.of(0, 1, 2) },
      b: { dtype: 'float64', shape: [1, 1], data: Float64Array.of(1.5) },
    })
    expect(metadata).toEqual({ k: 'v' })
  })

  test('unaligned data are read correctly', async () => {
    const data = Buffer.alloc(9)
    data.writeUInt8(7, 0)
    data.writeDoubleLE(2.5, 1)
    const path = await craft(
      { a: { dtype: 'U8', shape: [1], data_offsets: [0, 1] }, b: { dtype: 'F64', shape: [], data_offsets: [1, 9] } },
      data,
    )
    expect((await readSafetensors(path)).tensors.b.data).toEqual(Float64Array.of(2.5))
  })
})

const f32 = (shape: number[], begin: number, end: number) => ({ dtype: 'F32', shape, data_offsets: [begin, end] })

describe('readSafetensors refuses', () => {
  const bad: [string, () => Promise<string>, RegExp][] = [
    ['an empty file', () => craftRaw(Buffer.alloc(0)), /too short/],
    ['another kind of file', () => craftRaw(Buffer.from('PK\u0003\u0004 this is a zip archive')), /announce a header/],
    ['a header longer than the file', () => craft('{}', undefined, 5000n), /cut off/],
    ['a header that is not JSON', () => craft('{"a": nope}'), /not JSON/],
    ['a header that is not UTF-8', () => craftRaw(Buffer.from('03000000000000007bff7d', 'hex')), /not JSON/],
    ['a header that is a list', () => craft('[1, 2, 3]'), /not a JSON object/],
    ['leading spaces', () => craft('   {}'), /not a JSON object/],
    ['data that end early', () => craft({ a: f32([2], 0, 8) }, new Uint8Array(7)), /cut off: tensor a ends at byte 8/],
    ['bytes behind the last tensor', () => craft({ a: f32([1], 0, 4) }, new Uint8Array(5)), /1 bytes behind/],
    ['a gap', () => craft({ a: f32([1], 0, 4), b: f32([1], 8, 12) }, new Uint8Array(12)), /gap before tensor b/],
    ['a gap at the start', () => craft({ a: f32([1], 4, 8) }, new Uint8Array(8)), /gap before tensor a/],
    ['overlapping data', () => craft({ a: f32([2], 0, 8), b: f32([2], 4, 12) }, new Uint8Array(12)), /b overlaps/],
    ['shared data', () => craft({ a: f32([1], 0, 4), b: f32([1], 0, 4) }, new Uint8Array(4)), /b overlaps/],
    ['a shape that does not fit', () => craft({ a: f32([3], 0, 8) }, new Uint8Array(8)), /\[3\].*need 12/],
    ['ends before begins', () => craft({ a: f32([1], 4, 0) }, new Uint8Array(4)), /-4 bytes/],
    ['a negative size', () => craft({ a: f32([-1, -1], 0, 4) }, new Uint8Array(4)), /no shape/],
    ['a fractional size', () => craft({ a: f32([0.5, 2], 0, 4) }, new Uint8Array(4)), /no shape/],
    ['a shape beyond all bounds', () => craft({ a: f32([2 ** 52, 2 ** 52], 0, 4) }, new Uint8Array(4)), /need NaN/],
    ['an unknown dtype', () => craft({ a: { ...f32([1], 0, 4), dtype: 'F8_E4M3' } }, new Uint8Array(4)), /F8_E4M3/],
    ['a missing dtype', () => craft({ a: { shape: [1], data_offsets: [0, 4] } }, new Uint8Array(4)), /no dtype/],
    [
      'three offsets',
      () => craft({ a: { dtype: 'U8', shape: [1], data_offsets: [0, 1, 2] } }, new Uint8Array(1)),
      /offs/,
    ],
    ['a tensor that is no object', () => craft('{"a": 3}'), /tensor a is not/],
    ['metadata that are not strings', () => craft({ __metadata__: { epochs: 3 } }), /must be strings.*epochs/],
    [
      'a repeated name',
      () =>
        craft(`{"a":${JSON.stringify(f32([1], 0, 4))},"\\u0061":${JSON.stringify(f32([1], 0, 4))}}`, new Uint8Array(4)),
      /names a twice/,
    ],
    [
      'a repeated field',
      () => craft('{"a":{"dtype":"F32","dtype":"I32","shape":[],"data_offsets":[0,0]}}'),
      /dtype twice/,
    ],
  ]
  test.each(bad)('%s', async (_, make, message) => {
    const path = await make()
    await expect(readSafetensors(path)).rejects.toMatchObject({
      code: 'SEMPLES_CHECKPOINT_INVALID',
      file: path,
      message: expect.stringMatching(message),
    })
  })

  test('a missing file, by its own code', async () => {
    await expect(readSafetensors(join(folder, 'none.safetensors'))).rejects.toMatchObject({
      code: 'SEMPLES_FILE_UNREADABLE',
      file: join(folder, 'none.safetensors'),
    })
  })

  test('a folder', async () => {
    await expect(readSafetensors(folder)).rejects.toMatchObject({ code: 'SEMPLES_CHECKPOINT_INVALID' })
  })

  test('every truncation of a good file', async () => {
    const path = join(folder, 'whole.safetensors')
    await writeSafetensors(path, { a: { dtype: 'int32', shape: [2], data: Int32Array.of(1, 2) } })
    const { size } = await stat(path)
    const bytes = await readFile(path)
    for (let length = 0; length < size; length++) {
      const cut = await craftRaw(bytes.subarray(0, length))
      await expect(readSafetensors(cut)).rejects.toMatchObject({ code: 'SEMPLES_CHECKPOINT_INVALID' })
    }
  })
})

describe('writeSafetensors refuses', () => {
  const path = () => join(folder, 'refused.safetensors')
  const data = Float32Array.of(1, 2)
  test.each<[string, TensorMap, RegExp]>([
    ['a wrong element count', { a: { dtype: 'float32', shape: [3], data } }, /Tensor a has 2 elements/],
    ['a wrong array', { a: { dtype: 'int32', shape: [2], data } }, /expected Int32Array, received 'Float32Array'/],
    ['an unknown dtype', { a: { dtype: 'float8' as 'float32', shape: [2], data } }, /unknown dtype.*float8/],
    ['the reserved name', { __metadata__: { dtype: 'float32', shape: [2], data } }, /__metadata__/],
  ])('%s', async (_, tensors, message) => {
    await expect(writeSafetensors(path(), tensors)).rejects.toMatchObject({
      code: 'SEMPLES_ARGUMENT_INVALID',
      message: expect.stringMatching(message),
    })
    expect(await readdir(folder)).not.toContain('refused.safetensors')
  })
})

async function craftRaw(bytes: Uint8Array): Promise<string> {
  const path = join(folder, `raw-${Math.random()}.safetensors`)
  await writeFile(path, bytes)
  return path
}

const REFERENCE_FILE =
  '88000000000000007b225f5f6d657461646174615f5f223a7b226b223a2276227d2c2262223a7b226474797065223a22463634222c227368617065223a5b312c315d2c22646174615f6f666673657473223a5b302c385d7d2c2261223a7b226474797065223a22493332222c227368617065223a5b335d2c22646174615f6f666673657473223a5b382c32305d7d7d20000000000000f83f000000000100000002000000'
