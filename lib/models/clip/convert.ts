import type { TensorData, TensorMap, TypedArray } from '../../base/tensor.js'
import type { Place } from './names.js'

/** The tensors of a file under OpenAI's names; those without a place are left out. */
export function toOpenAiNames(tensors: TensorMap, places: ReadonlyMap<string, Place>): TensorMap {
  const named: TensorMap = {}
  const thirds = new Map<string, TensorData[]>()
  for (const [name, { to, third, transposed }] of places) {
    const tensor = tensors[name]
    if (tensor === undefined) continue
    if (third === undefined) named[to] = transposed ? transpose(tensor) : tensor
    else {
      const parts = thirds.get(to) ?? []
      parts[third] = tensor
      thirds.set(to, parts)
    }
  }
  for (const [name, parts] of thirds) named[name] = stacked(parts)
  return named
}

/** Of a matrix; other shapes stay as they are, and are refused by whoever needs a matrix. */
function transpose(tensor: TensorData): TensorData {
  const [rows, columns] = tensor.shape
  if (tensor.shape.length !== 2) return tensor
  const data = blank(tensor, tensor.data.length)
  for (let row = 0; row < rows!; row++)
    for (let column = 0; column < columns!; column++) data[column * rows! + row] = tensor.data[row * columns! + column]!
  return { dtype: tensor.dtype, shape: [columns!, rows!], data }
}

/** One upon the other; those of unequal widths or types stay apart: the first alone, which is of a wrong shape. */
function stacked(parts: readonly TensorData[]): TensorData {
  const [first] = parts as [TensorData]
  const alike = parts.every(
    ({ dtype, shape }) => dtype === first.dtype && shape.slice(1).join() === first.shape.slice(1).join(),
  )
  if (!alike) return first
  const data = blank(
    first,
    parts.reduce((sum, part) => sum + part.data.length, 0),
  )
  let at = 0
  for (const part of parts) {
    ;(data as Float32Array).set(part.data as Float32Array, at)
    at += part.data.length
  }
  const rows = parts.reduce((sum, { shape }) => sum + (shape[0] ?? 0), 0)
  return { dtype: first.dtype, shape: [rows, ...first.shape.slice(1)], data }
}

function blank({ data }: TensorData, length: number): TypedArray {
  const Numbers = data.constructor as new (length: number) => TypedArray
  return new Numbers(length)
}
