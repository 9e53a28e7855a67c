import { SemplesError } from '../base/error.js'
import type { TensorData, TensorMap } from '../base/tensor.js'

/** The first tensor with a number that is none (NaN, infinity), with the number; weights that hold one are broken. */
export function notFinite(tensors: TensorMap): { name: string; value: string } | undefined {
  for (const [name, tensor] of Object.entries(tensors)) {
    const value = firstOdd(tensor)
    if (value !== undefined) return { name, value }
  }
  return undefined
}

/**
 * Weights that are to be loaded hold finite numbers: with others a run would train, and tell of it at its first loss.
 * @throws SemplesError of this code, naming the tensor
 */
export function requireFinite(tensors: TensorMap, file: string, code: string): void {
  const found = notFinite(tensors)
  if (found === undefined) return
  throw new SemplesError(code, {
    message: `${file} is broken: tensor ${found.name} holds a number that is not finite.`,
    file,
    field: found.name,
    value: found.value,
    expected: 'finite numbers',
    hint: 'Download the file again, or give an earlier checkpoint of its training.',
  })
}

/** All ones in the exponent: bits of float16 and bfloat16 that are no finite number. */
const EXPONENTS = { float16: 0x7c00, bfloat16: 0x7f80 } as const

function firstOdd({ dtype, data }: TensorData): string | undefined {
  if (dtype === 'float32' || dtype === 'float64') {
    const numbers = data as Float32Array
    for (let at = 0; at < numbers.length; at++) if (!Number.isFinite(numbers[at])) return String(numbers[at])
  } else if (dtype === 'float16' || dtype === 'bfloat16') {
    const exponent = EXPONENTS[dtype]
    const bits = data as Uint16Array
    for (let at = 0; at < bits.length; at++)
      if ((bits[at]! & exponent) === exponent) return (bits[at]! & 0x7fff) === exponent ? 'Infinity' : 'NaN'
  }
  return undefined
}
