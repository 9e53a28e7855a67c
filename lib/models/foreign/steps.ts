import type { TensorData, TensorMap, TypedArray } from '../../base/tensor.js'
import { elementCount } from '../../formats/dtypes.js'
import { floats } from './floats.js'
import { type GridMode, resizeGrid } from './positions.js'

/** How one tensor of a model is made of tensors of a file. */
export type Step =
  | { kind: 'copy'; from: string }
  /** One below the other: queries, keys and values. */
  | { kind: 'stack'; from: string[] }
  /** The one class token for each class. */
  | { kind: 'repeat'; from: string; times: number }
  | ({ kind: 'positions'; from: string } & PositionStep)

/** Rows of `pos_embed`: in the file `tokenRows` before those of the patches, in the model `classes`. */
export interface PositionStep {
  tokenRows: number
  /** Of the file; the row of a distillation token behind them is left out. */
  tokens: number
  classes: number
  /** Patches a side, in the file and in the model. */
  grid: number
  toGrid: number
  /** Default `bicubic`. */
  mode?: GridMode
}

/** The tensors of a model, by its names. */
export function carryOut(steps: ReadonlyMap<string, Step>, tensors: TensorMap): TensorMap {
  return Object.fromEntries([...steps].map(([name, step]) => [name, made(step, tensors)]))
}

function made(step: Step, tensors: TensorMap): TensorData {
  if (step.kind === 'stack') return stacked(step.from.map((name) => tensors[name]!))
  const tensor = tensors[step.from]!
  if (step.kind === 'copy') return tensor
  if (step.kind === 'repeat') return repeated(tensor, step.times)
  return positions(tensor, step)
}

/** One below the other, as float32; of the same widths, the types of their numbers may differ. */
export function stacked(parts: readonly TensorData[]): TensorData {
  const [first] = parts
  const shape = [parts.reduce((rows, part) => rows + part.shape[0]!, 0), ...first!.shape.slice(1)]
  const data = new Float32Array(elementCount(shape))
  let at = 0
  for (const part of parts) {
    data.set(floats(part), at)
    at += part.data.length
  }
  return { dtype: 'float32', shape, data }
}

/** [1, 1, D] becomes [1, times, D]. */
function repeated({ dtype, shape, data }: TensorData, times: number): TensorData {
  const all = new (data.constructor as new (length: number) => TypedArray)(data.length * times)
  for (let at = 0; at < times; at++) (all as Float32Array).set(data as Float32Array, at * data.length)
  return { dtype, shape: [1, times, shape[2]!], data: all }
}

function positions(tensor: TensorData, { tokenRows, tokens, classes, grid, toGrid, mode }: PositionStep): TensorData {
  const width = tensor.shape[2]!
  const table = floats(tensor)
  const result = new Float32Array((classes + toGrid * toGrid) * width)
  // Class tokens of a network without positions for them are as if these were zero.
  for (let row = 0; row < classes && tokenRows > 0; row++) {
    const from = tokens === 1 ? 0 : row
    result.set(table.subarray(from * width, (from + 1) * width), row * width)
  }
  result.set(resizeGrid(table.subarray(tokenRows * width), grid, toGrid, width, mode), classes * width)
  return { dtype: 'float32', shape: [1, classes + toGrid * toGrid, width], data: result }
}
