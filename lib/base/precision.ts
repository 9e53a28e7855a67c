import { choice } from './fields.js'

export const precisionNames = ['float32', 'tf32', 'bfloat16'] as const

/** In what numbers networks compute. What is trained, losses, masks and probabilities are float32 in any case. */
export type PrecisionName = (typeof precisionNames)[number]

export const precisionField = choice(
  precisionNames,
  'In what numbers networks compute: float32; tf32: products rounded to 10 bits, on CUDA; bfloat16: faster on GPUs and on processors with AMX or AVX512-BF16. What is trained, losses and masks stay float32.',
)
