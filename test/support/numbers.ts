import type { TensorData } from '../../lib/base/tensor.js'

/** The elements of a tensor of any dtype as numbers. */
export function toNumbers({ dtype, data }: TensorData): Float64Array {
  if (dtype === 'float16') return Float64Array.from(data as Uint16Array, halfToNumber)
  if (dtype === 'bfloat16') return Float64Array.from(data as Uint16Array, brainToNumber)
  return Float64Array.from(data as ArrayLike<number | bigint>, Number)
}

/** The tensor widened or narrowed to float32. */
export function toFloat32(tensor: TensorData): TensorData {
  if (tensor.dtype === 'float32') return tensor
  return { dtype: 'float32', shape: tensor.shape, data: Float32Array.from(toNumbers(tensor)) }
}

/** The distance from a value to the next larger float32. */
export function float32Ulp(value: number): number {
  const magnitude = Math.abs(Math.fround(value))
  const bits = new Uint32Array(Float32Array.of(magnitude).buffer)
  bits[0] += 1
  return new Float32Array(bits.buffer)[0] - magnitude
}

function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1023
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

function brainToNumber(bits: number): number {
  return new Float32Array(Uint32Array.of(bits << 16).buffer)[0]
}
