/** Values of many steps, reduced to what a chart of a few hundred pixels can show. */
export interface DecimatedCurve {
  /** Lowest and highest value of each group of neighbouring steps. */
  band: { x: number; low: number; high: number }[]
  /** The smoothed value at the end of each group. */
  smooth: { x: number; y: number }[]
  /** Steps over which it was smoothed. */
  window: number
}

/** Groups of a chart: more could not be told apart. */
const GROUPS = 240

/**
 * Groups neighbouring values, so that no peak is lost, and smooths them with an exponential mean that starts unbiased.
 * Values that are not finite are left out.
 */
export function decimate(values: readonly number[]): DecimatedCurve {
  const finite = values.flatMap((y, x) => (Number.isFinite(y) ? [{ x: x + 1, y }] : []))
  const window = Math.max(1, Math.round(finite.length / 25))
  const keep = 1 - 1 / window
  const size = Math.max(1, Math.ceil(finite.length / GROUPS))
  const curve: DecimatedCurve = { band: [], smooth: [], window }
  let [sum, weight] = [0, 0]
  for (let start = 0; start < finite.length; start += size) {
    const group = finite.slice(start, start + size)
    for (const { y } of group) {
      sum = keep * sum + y
      weight = keep * weight + 1
    }
    const ys = group.map(({ y }) => y)
    const { x } = group.at(-1)!
    curve.band.push({ x, low: Math.min(...ys), high: Math.max(...ys) })
    curve.smooth.push({ x, y: sum / weight })
  }
  return curve
}
