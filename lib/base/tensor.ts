/** Element types that cross files and the native boundary. `float16` travels as its bits in a `Uint16Array`. */
export type Dtype = 'float32' | 'float64' | 'float16' | 'bfloat16' | 'int64' | 'int32' | 'uint8' | 'bool'

export type TypedArray = Float32Array | Float64Array | Uint16Array | BigInt64Array | Int32Array | Uint8Array

/** A dense, row-major tensor as plain data: what files hold and what crosses the native boundary. */
export interface TensorData {
  dtype: Dtype
  /** Sizes, outermost first; `[]` is a scalar. */
  shape: number[]
  /** As many elements as the product of `shape`. */
  data: TypedArray
}

/** Tensors by name, in file order. */
export type TensorMap = Record<string, TensorData>
