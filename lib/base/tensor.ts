/** Element types of files and native calls. `float16` and `bfloat16` are held as bits in a `Uint16Array`. */
export type Dtype = 'float32' | 'float64' | 'float16' | 'bfloat16' | 'int64' | 'int32' | 'uint8' | 'bool'

export type TypedArray = Float32Array | Float64Array | Uint16Array | BigInt64Array | Int32Array | Uint8Array

/** A dense, row-major tensor as plain data, as files and native calls hold it. */
export interface TensorData {
  dtype: Dtype
  /** Sizes, outermost first; `[]` is a scalar. */
  shape: number[]
  /** As many elements as the product of `shape`. */
  data: TypedArray
}

/** Tensors by name, in file order. */
export type TensorMap = Record<string, TensorData>
