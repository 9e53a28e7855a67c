import type { ClassMaps } from '../../formats/camFile/classMaps.js'

/** Numbers between two looks at the clock. */
const BLOCK = 65_536

/** Of each pixel the highest of some maps, the first of equal ones: its position among all maps, and its value. */
export function* highest(
  { data, height, width }: ClassMaps,
  positions: readonly number[],
): Generator<undefined, { positions: Uint8Array; values: Float32Array }> {
  const size = height * width
  const found = { positions: new Uint8Array(size), values: new Float32Array(size).fill(Number.NEGATIVE_INFINITY) }
  for (const position of positions)
    for (let start = 0; start < size; start += BLOCK) {
      const end = Math.min(size, start + BLOCK)
      for (let pixel = start; pixel < end; pixel++) {
        const value = data[position * size + pixel]!
        if (value <= found.values[pixel]!) continue
        found.values[pixel] = value
        found.positions[pixel] = position
      }
      yield
    }
  return found
}

/** Class ids of positions. */
export function* idsAt(positions: Uint8Array, ids: readonly number[]): Generator<undefined, Uint8Array> {
  const result = new Uint8Array(positions.length)
  for (let start = 0; start < result.length; start += BLOCK) {
    const end = Math.min(result.length, start + BLOCK)
    for (let pixel = start; pixel < end; pixel++) result[pixel] = ids[positions[pixel]!]!
    yield
  }
  return result
}

/** Some of the maps, in the order of the positions, each number times a factor. */
export function* selected(
  { data, classIds, height, width }: ClassMaps,
  positions: readonly number[],
  factor: number,
): Generator<undefined, ClassMaps> {
  const size = height * width
  const result = new Float32Array(positions.length * size)
  for (const [place, position] of positions.entries()) {
    const [from, to] = [position * size, place * size]
    for (let start = 0; start < size; start += BLOCK) {
      const end = Math.min(size, start + BLOCK)
      for (let pixel = start; pixel < end; pixel++) result[to + pixel] = data[from + pixel]! * factor
      yield
    }
  }
  return { data: result, classIds: positions.map((position) => classIds[position]!), height, width }
}

export interface ClassTotal {
  id: number
  pixels: number
  /** Mean over the pixels of how sure they are; NaN for a class without a map. */
  mean: number
}

/** Pixels of each class id, and how sure they are on the average, in the order of the ids. */
export function* totals(
  ids: Uint8Array,
  sure: { confidence?: Float32Array; whole?: number; maps?: Pick<ClassMaps, 'data' | 'classIds'> },
): Generator<undefined, ClassTotal[]> {
  const whole = sure.confidence === undefined ? 1 : (sure.whole ?? 1)
  const [counts, sums] = [new Float64Array(256), new Float64Array(256)]
  const begins = new Float64Array(256).fill(-1)
  for (const [place, id] of (sure.maps?.classIds ?? []).entries()) begins[id] = place * ids.length
  for (let start = 0; start < ids.length; start += BLOCK) {
    const end = Math.min(ids.length, start + BLOCK)
    for (let pixel = start; pixel < end; pixel++) {
      const id = ids[pixel]!
      const begin = begins[id]!
      counts[id]!++
      if (sure.confidence !== undefined) sums[id]! += sure.confidence[pixel]!
      else sums[id]! += begin < 0 ? Number.NaN : sure.maps!.data[begin + pixel]!
    }
    yield
  }
  return [...counts.keys()]
    .filter((id) => counts[id]! > 0)
    .map((id) => ({ id, pixels: counts[id]!, mean: sums[id]! / counts[id]! / whole }))
}
