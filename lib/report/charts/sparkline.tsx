import { extent } from 'd3-array'
import { scaleLinear } from 'd3-scale'
import { line } from 'd3-shape'
import { short } from '../format.js'
import type { Point } from './lineChart.js'

/** A small curve without axes, with the values at which it starts and ends. */
export function Sparkline({ name, points }: { name: string; points: readonly Point[] }) {
  const first = points[0]
  const last = points.at(-1)
  if (first === undefined || last === undefined) return null
  const [bottom = 0, top = 1] = extent(points, (point) => point.y)
  const x = scaleLinear([first.x, last.x === first.x ? first.x + 1 : last.x], [0, 200])
  const y = scaleLinear(top === bottom ? [bottom - 1, bottom + 1] : [bottom, top], [44, 4])
  const path = line<Point>(
    (point) => x(point.x),
    (point) => y(point.y),
  ).digits(1)
  const label = `${name}: ${short(first.y)} at the start, ${short(last.y)} at the end`
  return (
    <figure class="sparkline">
      <figcaption>{name}</figcaption>
      <svg viewBox="0 0 200 48" preserveAspectRatio="none" role="img" aria-label={label}>
        <path class="line neutral-solid" d={path([...points]) ?? ''} />
      </svg>
      <p aria-hidden="true">
        {short(first.y)} → <b>{short(last.y)}</b>
      </p>
    </figure>
  )
}
