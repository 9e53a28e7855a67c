import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import type { Dtype, TensorData, TensorMap } from '../../lib/base/tensor.js'
import { readSafetensors } from '../../lib/formats/safetensors.js'
import { readStateDict } from '../../lib/formats/stateDict.js'
import { type TorchValue, writeTorch } from '../../lib/formats/torchSave.js'
import { Random } from '../../lib/loader/random.js'
import { temporaryFiles } from '../datasets/temporaryFiles.js'
import { needs } from '../support/needs.js'
import { runScript } from '../support/python.js'

const arrays = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  int64: BigInt64Array,
  int32: Int32Array,
  uint8: Uint8Array,
  bool: Uint8Array,
} as const

type Draw<T> = (random: Random) => T

/** A tensor of any bits: NaN with any payload, infinities and denormal numbers among them. */
const anyTensor: Draw<TensorData> = (random) => {
  const dtype = one(random, Object.keys(arrays) as Dtype[])
  const shape = some(random, 4, () => random.integer(0, 4))
  const array = new arrays[dtype](shape.reduce((product, size) => product * size, 1))
  const bits = new Uint8Array(array.buffer)
  for (let at = 0; at < bits.length; at++) bits[at] = random.integer(0, dtype === 'bool' ? 1 : 255)
  return { dtype, shape, data: array }
}

const ODD = [0, -0, 1, -1, 0.1, 2 ** 31 - 1, 2 ** 31, -(2 ** 31), 2 ** 53 - 1, -(2 ** 53) + 1, 2 ** 63, 1e-320]
const NOT_FINITE = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN]
const anyNumber: Draw<number> = (random) =>
  one(random, [...ODD, ...NOT_FINITE, random.integer(-300, 300), random.normal(0, 1e20)])
const anyText: Draw<string> = (random) =>
  some(random, 9, () => one(random, ['a', 'ü', '漢', '🚢', ' ', "'", '"', '\\', '\n', '\0', '.', '__proto__'])).join('')

function anyValue(random: Random, depth = 3): TorchValue {
  const leaves: Draw<TorchValue>[] = [anyTensor, anyNumber, anyText, () => random.chance(0.5), () => null]
  const named = () =>
    new Map(some(random, 4, (): [string, TorchValue] => [anyText(random), anyValue(random, depth - 1)]))
  const nested: Draw<TorchValue>[] = [
    () => some(random, 4, () => anyValue(random, depth - 1)),
    named,
    () => Object.fromEntries(named()),
  ]
  return one(random, depth > 0 && random.chance(0.6) ? nested : leaves)(random)
}

function one<T>(random: Random, values: readonly T[]): T {
  return values[random.integer(0, values.length - 1)]!
}

function some<T>(random: Random, most: number, draw: () => T): T[] {
  return Array.from({ length: random.integer(0, most) }, draw)
}

/** What Python must find: types by name, tensors apart. */
function expected(item: TorchValue, path: string, tensors: Record<string, TensorData>): unknown {
  if (item === null) return ['None', null]
  if (typeof item === 'boolean') return ['bool', item]
  if (typeof item === 'string') return ['str', item]
  if (typeof item === 'number')
    return Number.isSafeInteger(item) && !Object.is(item, -0) ? ['int', item] : ['float', item]
  if (Array.isArray(item)) return ['list', item.map((each, index) => expected(each, `${path}/${index}`, tensors))]
  if (item instanceof Map)
    return ['OrderedDict', entries([...item].map(([name, each]) => [name, expected(each, `${path}/${name}`, tensors)]))]
  if ('data' in item && ArrayBuffer.isView(item.data)) {
    tensors[path] = item as TensorData
    return 'tensor'
  }
  const given = Object.entries(item as Record<string, TorchValue>)
  return ['dict', entries(given.map(([name, each]) => [name, expected(each, `${path}/${name}`, tensors)]))]
}

/** By name, in any order; a name such as __proto__ is one too. */
function entries(all: [string, unknown][]): unknown {
  return new Map(all)
}

/** What torchSave.py says, in the same form; its floats are texts that Python prints. */
function found(item: unknown): unknown {
  if (!Array.isArray(item)) return item
  const [kind, inner] = item as [string, unknown]
  if (kind === 'float') return [kind, pythonFloat(inner as string)]
  if (kind === 'list') return [kind, (inner as unknown[]).map(found)]
  if (kind === 'dict' || kind === 'OrderedDict')
    return [kind, new Map(Object.entries(inner as object).map(([name, each]) => [name, found(each)]))]
  return item
}

function pythonFloat(printed: string): number {
  return Number(printed.replace('inf', 'Infinity').replace('nan', 'NaN'))
}

function plain(tensors: TensorMap): Map<string, unknown> {
  return new Map(
    Object.entries(tensors).map(([name, { dtype: type, shape: sizes, data }]) => [
      name,
      { type, sizes, bytes: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex') },
    ]),
  )
}

needs('python').test('torch loads what was written: values, types and bits, also mapped', async () => {
  const folder = await temporaryFiles({})
  const values = Array.from({ length: 150 }, (_, index) => {
    const random = new Random(11, index)
    return index % 2 === 0 ? anyTensor(random) : anyValue(random)
  })
  const files = values.map((_, index) => join(folder, `${index}.pth`))
  for (const [index, each] of values.entries()) await writeTorch(files[index]!, each as TorchValue)
  await runScript('test/formats/torchSave.py', ...files)
  for (const [index, each] of values.entries()) {
    const tensors: Record<string, TensorData> = {}
    const wanted = expected(each as TorchValue, '', tensors)
    expect(found(JSON.parse(await readFile(`${files[index]}.json`, 'utf8')))).toEqual(wanted)
    expect(plain((await readSafetensors(`${files[index]}.safetensors`)).tensors)).toEqual(plain(tensors))
  }
})

test('a state dictionary comes back bit for bit, and its archive is the same each time', async () => {
  const folder = await temporaryFiles({})
  for (let seed = 0; seed < 40; seed++) {
    const random = new Random(12, seed)
    const own = some(random, 6, (): [string, TensorData] => [`layer${random.integer(0, 99)}.weight`, anyTensor(random)])
    const model = new Map<string, TensorData>([['cls_token', anyTensor(random)], ...own])
    const content = { epoch: 3, model, config: { data: 'photos' } }
    await writeTorch(join(folder, 'a.pth'), content)
    await writeTorch(join(folder, 'b.pth'), content)
    expect((await readFile(join(folder, 'a.pth'))).equals(await readFile(join(folder, 'b.pth')))).toBe(true)
    expect(plain(await readStateDict(join(folder, 'a.pth')))).toEqual(plain(Object.fromEntries(model)))
  }
})

test('a view of a larger buffer is written alone', async () => {
  const folder = await temporaryFiles({})
  const data = Float32Array.from({ length: 8 }, (_, index) => index).subarray(2, 5)
  await writeTorch(join(folder, 'view.pth'), { model: new Map([['a', { dtype: 'float32', shape: [3], data }]]) })
  expect([...(await readStateDict(join(folder, 'view.pth'))).a!.data]).toEqual([2, 3, 4])
})

test('a tensor that contradicts itself, and more than an archive holds, are refused; nothing is left', async () => {
  const folder = await temporaryFiles({})
  const wrong = { dtype: 'float32', shape: [4], data: new Float32Array(3) } as const
  await expect(writeTorch(join(folder, 'a.pth'), { model: { bad: { ...wrong, shape: [4] } } })).rejects.toMatchObject({
    code: 'SEMPLES_ARGUMENT_INVALID',
    field: 'bad',
  })
  // Of 4 GiB that are never touched.
  const large: TensorData = { dtype: 'float32', shape: [2 ** 30], data: new Float32Array(2 ** 30) }
  await expect(writeTorch(join(folder, 'a.pth'), { large })).rejects.toMatchObject({
    code: 'SEMPLES_ARGUMENT_INVALID',
    message: expect.stringContaining('safetensors'),
  })
  expect(await readdir(folder)).toEqual([])
})
