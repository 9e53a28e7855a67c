import type { TensorData, TensorMap, TypedArray } from '../../base/tensor.js'
import { sameShape } from '../foreign/sizes.js'
import { stacked } from '../foreign/steps.js'
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
  // Parts of unequal widths stay apart: the first alone, which is of a wrong shape.
  for (const [name, parts] of thirds) named[name] = parts.every(isAsWideAs(parts[0]!)) ? stacked(parts) : parts[0]!
  return named
}

/** Of a matrix; other shapes stay as they are, and are refused by whoever needs a matrix. */
function transpose(tensor: TensorData): TensorData {
  const [rows, columns] = tensor.shape
  if (tensor.shape.length !== 2) return tensor
  const data = new (tensor.data.constructor as new (length: number) => TypedArray)(tensor.data.length)
  for (let row = 0; row < rows!; row++)
    for (let column = 0; column < columns!; column++) data[column * rows! + row] = tensor.data[row * columns! + column]!
  return { dtype: tensor.dtype, shape: [columns!, rows!], data }
}

function isAsWideAs({ shape: [, ...widths] }: TensorData): (tensor: TensorData) => boolean {
  return ({ shape }) => sameShape(shape.slice(1), widths)
}
