import { extent, mean } from 'd3-array'

/** Values of many steps, reduced to what a chart of a few hundred pixels can show. */
export interface DecimatedCurve {
  /** Lowest and highest value of each group of neighbouring steps. */
  band: { x: number; low: number; high: number }[]
  /** The smoothed value of each group. */
  smooth: { x: number; y: number }[]
  /** Steps over which it was smoothed. */
  window: number
}

/** Maximum number of groups in a chart: more could not be distinguished. */
const GROUPS = 240

/**
 * Groups neighbouring values, so that no peak is lost, and smooths them with a mean over a window around each.
 * Values that are not finite are left out.
 */
export function decimate(values: readonly number[]): DecimatedCurve {
  const finite = values.flatMap((y, x) => (Number.isFinite(y) ? [{ x: x + 1, y }] : []))
  const reach = Math.round(finite.length / 60)
  const size = Math.max(1, Math.ceil(finite.length / GROUPS))
  const curve: DecimatedCurve = { band: [], smooth: [], window: 2 * reach + 1 }
  for (let start = 0; start < finite.length; start += size) {
    const group = finite.slice(start, start + size)
    const x = mean(group, (point) => point.x) ?? 0
    const [low = 0, high = 0] = extent(group, ({ y }) => y)
    const middle = start + group.length / 2
    const around = finite.slice(Math.max(0, Math.floor(middle - reach)), Math.ceil(middle + reach))
    curve.band.push({ x, low, high })
    curve.smooth.push({ x, y: mean(around.length > 0 ? around : group, ({ y }) => y) ?? 0 })
  }
  return curve
}
