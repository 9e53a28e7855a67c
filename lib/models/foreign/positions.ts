/** Cubic convolution with torch's constant (Keys 1981 has -0.5). */
const A = -0.75

/**
 * Resizes a square table of position embeddings, as torch's `interpolate(mode='bicubic', align_corners=False)` does.
 * @param table float32 [side * side, width]
 * @returns float32 [toSide * toSide, width]; the same numbers where the sides are equal
 */
export function resizeGrid(table: Float32Array, side: number, toSide: number, width: number): Float32Array {
  if (side === toSide) return table
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

/** The four numbers that one is made of; beyond the edge the last one counts. */
function tapsOf(at: number, side: number, toSide: number): { index: number; weight: number }[] {
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
