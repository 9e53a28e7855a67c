/** Cubic convolution with torch's constant (Keys 1981 has -0.5). */
const A = -0.75

/** How numbers between those of a table are made. */
export type GridMode = 'bicubic' | 'bilinear'

/**
 * Resizes a square table of position embeddings, as torch's `interpolate` of that mode does with `align_corners=False`.
 * @param table float32 [side * side, width]
 * @returns float32 [toSide * toSide, width]; the same numbers where the sides are equal
 */
export function resizeGrid(
  table: Float32Array,
  side: number,
  toSide: number,
  width: number,
  mode: GridMode = 'bicubic',
): Float32Array {
  if (side === toSide) return table
  const tapsOf = mode === 'bicubic' ? cubicTaps : linearTaps
  const taps = Array.from({ length: toSide }, (_, at) => tapsOf(at, side, toSide))
  // Columns first: [side, toSide, width].
  const wide = new Float64Array(side * toSide * width)
  for (let row = 0; row < side; row++)
    for (const [column, taken] of taps.entries())
      for (const { index, weight } of taken)
        for (let i = 0; i < width; i++)
          wide[(row * toSide + column) * width + i]! += weight * table[(row * side + index) * width + i]!
  const stride = toSide * width
  const result = new Float64Array(toSide * stride)
  for (const [row, taken] of taps.entries())
    for (const { index, weight } of taken)
      for (let i = 0; i < stride; i++) result[row * stride + i]! += weight * wide[index * stride + i]!
  return Float32Array.from(result)
}

interface Tap {
  index: number
  weight: number
}

/** The two numbers that one is made of; before the first and behind the last there is one. */
function linearTaps(at: number, side: number, toSide: number): Tap[] {
  const place = Math.max(0, ((at + 0.5) * side) / toSide - 0.5)
  const first = Math.min(side - 1, Math.floor(place))
  const share = place - first
  return [
    { index: first, weight: 1 - share },
    { index: Math.min(side - 1, first + 1), weight: share },
  ]
}

/** The four numbers that one is made of; beyond the edge the last one counts. */
function cubicTaps(at: number, side: number, toSide: number): Tap[] {
  const place = ((at + 0.5) * side) / toSide - 0.5
  const first = Math.floor(place)
  return [-1, 0, 1, 2].map((offset) => ({
    index: Math.min(side - 1, Math.max(0, first + offset)),
    weight: cubic(Math.abs(place - first - offset)),
  }))
}

function cubic(x: number): number {
  if (x <= 1) return ((A + 2) * x - (A + 3)) * x * x + 1
  return x < 2 ? ((A * x - 5 * A) * x + 8 * A) * x - 4 * A : 0
}
