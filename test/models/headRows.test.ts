import { describe, expect, test } from '@jest/globals'
import type { TensorData, TensorMap } from '../../lib/base/tensor.js'
import { headRows } from '../../lib/models/headRows.js'
import { imagenetClassesOf } from '../../lib/text/imagenetWords.js'
import { float32 } from '../native/models.js'
import { expectClose } from '../support/close.js'

const WIDTH = 6
/** Row r, column c: (r mod 97) + c / 8, whole eighths. */
const value = (index: number) => (Math.floor(index / WIDTH) % 97) + (index % WIDTH) / 8
const classifier = float32([1000, WIDTH], value)
const head = float32([4, WIDTH, 1, 1], (index) => -index)
const classes = [
  { label: 'cat', prompt: 'cat' },
  { label: 'xyzzy', prompt: 'plugh' },
  { label: 'tv', prompt: 'television' },
  { label: 'zebra', prompt: 'zebra' },
]

/** The mean row of some classes less that of all, column by column. */
function expected(indices: readonly number[]): number[] {
  const mean = (rows: readonly number[], column: number) =>
    rows.reduce((sum, row) => sum + value(row * WIDTH + column), 0) / rows.length
  const all = Array.from({ length: 1000 }, (_, row) => row)
  return Array.from({ length: WIDTH }, (_, column) => mean(indices, column) - mean(all, column))
}

const rowOf = (weight: TensorData, index: number) =>
  [...(weight.data as Float32Array)].slice(index * WIDTH, (index + 1) * WIDTH)

describe('rows of an ImageNet head', () => {
  test.each(['fc.weight', '_fc.weight'])('%s: the mean row of what the word stands for, less that of all', (name) => {
    const { weight, found, missing } = headRows({ [name]: classifier }, head, classes)!
    expect([weight.dtype, weight.shape]).toEqual(['float32', [4, WIDTH, 1, 1]])
    const [cat, zebra] = [imagenetClassesOf('cat')!, imagenetClassesOf('zebra')!]
    expect([cat.indices.length > 1, zebra.indices.length]).toEqual([true, 1])
    expectClose(rowOf(weight, 0), expected(cat.indices), { relMax: 1e-6 })
    expectClose(rowOf(weight, 3), expected(zebra.indices), { relMax: 1e-6 })
    expect([missing, found.get('cat'), found.get('zebra')]).toEqual([['xyzzy'], cat.indices.length, 1])
  })

  test('a class without a word keeps the row that it has; the head given is left as it is', () => {
    const before = [...(head.data as Float32Array)]
    const { weight } = headRows({ 'fc.weight': classifier }, head, classes)!
    expect(rowOf(weight, 1)).toEqual(before.slice(WIDTH, 2 * WIDTH))
    expect([...(head.data as Float32Array)]).toEqual(before)
  })

  test('the label leads to a name, and where it does not, the prompt', () => {
    const one = float32([1, WIDTH, 1, 1])
    const rows = (label: string, prompt: string) => headRows({ 'fc.weight': classifier }, one, [{ label, prompt }])!
    expect(rows('zebra', 'cat').found).toEqual(new Map([['zebra', 1]]))
    const byPrompt = rows('xyzzy', 'zebra')
    expect([byPrompt.found, byPrompt.missing]).toEqual([new Map([['xyzzy', 1]]), []])
    expectClose(rowOf(byPrompt.weight, 0), expected(imagenetClassesOf('zebra')!.indices), { relMax: 1e-6 })
  })

  test.each<[string, TensorMap]>([
    ['no head', { 'conv1.weight': float32([4, 3, 7, 7]) }],
    ['a head of 21 classes', { 'fc.weight': float32([21, WIDTH]) }],
    ['a head of another width', { 'fc.weight': float32([1000, WIDTH + 2]) }],
    ['a head of whole numbers', { 'fc.weight': { dtype: 'int32', shape: [1000, WIDTH], data: new Int32Array(6000) } }],
    ['its biases alone', { 'fc.bias': float32([1000]) }],
  ])('weights with %s give none', (_, tensors) => {
    expect(headRows(tensors, head, classes)).toBeUndefined()
  })

  test('numbers of other types are read as what they are', () => {
    const whole = headRows({ 'fc.weight': classifier }, head, classes)!
    const data = classifier.data as Float32Array
    // Eighths below 97 are exact in all of them: bfloat16 takes the upper half of a float32, with 8 bits.
    const small = (index: number) => Math.floor(index / WIDTH) % 8
    const others: TensorMap = {
      float64: { dtype: 'float64', shape: classifier.shape, data: Float64Array.from(data) },
    }
    expect(headRows({ 'fc.weight': others.float64! }, head, classes)!.weight).toEqual(whole.weight)
    const plain = headRows({ 'fc.weight': float32([1000, WIDTH], small) }, head, classes)!
    const bits = new Uint32Array(Float32Array.from(data, (_, index) => small(index)).buffer)
    const bfloat16: TensorData = {
      dtype: 'bfloat16',
      shape: classifier.shape,
      data: Uint16Array.from(bits, (value) => value >>> 16),
    }
    expect(headRows({ 'fc.weight': bfloat16 }, head, classes)!.weight).toEqual(plain.weight)
    const half = (x: number) =>
      x === 0 ? 0 : ((Math.floor(Math.log2(x)) + 15) << 10) | ((x / 2 ** Math.floor(Math.log2(x)) - 1) * 1024)
    const float16: TensorData = {
      dtype: 'float16',
      shape: classifier.shape,
      data: Uint16Array.from(data, (_, index) => half(small(index))),
    }
    expect(headRows({ 'fc.weight': float16 }, head, classes)!.weight).toEqual(plain.weight)
  })
})
