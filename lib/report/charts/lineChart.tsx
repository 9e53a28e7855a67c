import { extent } from 'd3-array'
import { scaleLinear } from 'd3-scale'
import { area, line } from 'd3-shape'

export interface Point {
  x: number
  y: number
}

export interface Series {
  name: string
  /** Style class: `s0` to `s7` or `neutral`. */
  style: string
  points: readonly Point[]
  /** Drawn faintly behind the line. */
  band?: readonly { x: number; low: number; high: number }[]
  /** Marked points with their titles. */
  dots?: readonly (Point & { text: string })[]
}

interface LineChartProps {
  /** Description for screen readers. */
  label: string
  series: readonly Series[]
  xName: string
  yName: string
  formatX: (value: number) => string
  formatY: (value: number) => string
  /** Whether the vertical axis must show 0. */
  fromZero?: boolean
  /** A vertical line with its text. */
  mark?: { x: number; text: string }
  ticks?: number
}

/** Side of the view box, which the page stretches to the available space; texts are outside it and not stretched. */
const SIDE = 1000

/** Lines over common axes. No script: values are read from titles when pointed at, and from tables beside the chart. */
export function LineChart(props: LineChartProps) {
  const { label, series, xName, yName, formatX, formatY, mark, ticks = 5 } = props
  const xs = series.flatMap(({ points }) => points.map(({ x }) => x))
  const ys = series.flatMap(({ points, band = [] }) => [
    ...points.map(({ y }) => y),
    ...band.flatMap(({ low, high }) => [low, high]),
  ])
  const [left = 0, right = 1] = extent(mark ? [...xs, mark.x] : xs)
  const [bottom = 0, top = 1] = extent(props.fromZero ? [...ys, 0] : ys)
  const x = scaleLinear([left, right === left ? left + 1 : right], [0, SIDE])
  const y = scaleLinear([bottom, top === bottom ? bottom + 1 : top], [SIDE, 0]).nice(ticks)
  const path = line<Point>(
    (point) => x(point.x),
    (point) => y(point.y),
  ).digits(1)
  const bandPath = area<{ x: number; low: number; high: number }>(
    (point) => x(point.x),
    (point) => y(point.low),
    (point) => y(point.high),
  ).digits(1)
  const share = (position: number) => `${((position / SIDE) * 100).toFixed(2)}%`
  return (
    <div class="chart">
      <p class="axis-name" aria-hidden="true">
        {yName}
      </p>
      <div class="plot">
        <div class="axis-y" aria-hidden="true">
          {y.ticks(ticks).map((tick) => (
            <span key={tick} style={`top:${share(y(tick))}`}>
              {formatY(tick)}
            </span>
          ))}
        </div>
        <svg viewBox={`0 0 ${SIDE} ${SIDE}`} preserveAspectRatio="none" role="img" aria-label={label}>
          {y.ticks(ticks).map((tick) => (
            <path key={tick} class="grid" d={`M0 ${y(tick).toFixed(1)}H${SIDE}`} />
          ))}
          {series.map(({ name, style, band }) =>
            band === undefined ? null : <path key={name} class={`band ${style}`} d={bandPath([...band]) ?? ''} />,
          )}
          {mark === undefined ? null : <path class="mark" d={`M${x(mark.x).toFixed(1)} 0V${SIDE}`} />}
          {series.map(({ name, style, points }) => (
            <path key={name} class={`line ${style}`} d={path([...points]) ?? ''}>
              <title>{name}</title>
            </path>
          ))}
          {series.flatMap(({ name, style, dots = [] }) =>
            dots.map((dot) => (
              <path
                key={`${name} ${dot.x}`}
                class={`dot ${style}`}
                d={`M${x(dot.x).toFixed(1)} ${y(dot.y).toFixed(1)}h0`}
              >
                <title>{dot.text}</title>
              </path>
            )),
          )}
        </svg>
        {mark === undefined ? null : (
          <span class={x(mark.x) > SIDE / 2 ? 'mark-text before' : 'mark-text'} style={`left:${share(x(mark.x))}`}>
            {mark.text}
          </span>
        )}
        <div class="axis-x" aria-hidden="true">
          {x.ticks(ticks).map((tick) => (
            <span key={tick} style={`left:${share(x(tick))}`}>
              {formatX(tick)}
            </span>
          ))}
        </div>
      </div>
      <p class="axis-name end" aria-hidden="true">
        {xName}
      </p>
    </div>
  )
}

/** Names of the lines, each with a piece of its line. */
export function ChartLegend({ entries }: { entries: readonly { name: string; style: string; text?: string }[] }) {
  return (
    <ul class="chart-legend">
      {entries.map(({ name, style, text }) => (
        <li key={name}>
          <svg viewBox="0 0 28 8" width="28" height="8" aria-hidden="true">
            <path class={`line ${style}`} d="M1 4H27" />
          </svg>
          {name}
          {text === undefined ? null : <span class="quiet"> {text}</span>}
        </li>
      ))}
    </ul>
  )
}
