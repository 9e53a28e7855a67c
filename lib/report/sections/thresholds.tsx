import { ChartLegend, LineChart } from '../charts/lineChart.js'
import { percent } from '../format.js'
import type { AblationRow, RunReport } from '../runReport.js'
import { Scroll, Section } from './section.js'

/** Mean IoU at every background threshold; nothing where no row has a curve. */
export function ThresholdsSection({ report }: { report: RunReport }) {
  const rows = [
    ...report.ablation.map((row, index) => ({ row, style: `s${index % 8}` })),
    ...(report.control === undefined ? [] : [{ row: report.control, style: 'neutral' }]),
  ].filter(({ row }) => (row.curve?.length ?? 0) > 0)
  if (rows.length === 0) return null
  const { threshold } = report
  const series = rows.map(({ row, style }) => ({
    name: row.name,
    style,
    points: (row.curve ?? [])
      .filter(({ miou }) => Number.isFinite(miou))
      .map(({ threshold: x, miou: y }) => ({ x, y })),
    dots: [atThreshold(row, threshold), ...(row.best === undefined ? [] : [best(row.best, row.name)])],
  }))
  const summary = rows.map(({ row }) => `${row.name} ${percent(row.miou)}`).join(', ')
  return (
    <Section
      id="thresholds"
      title="Threshold curve"
      intro="A pixel is background where no class's map exceeds the threshold. The vertical line is the fixed threshold of all figures and masks on this page. The highest point of a curve can only be found with pixel labels."
    >
      <ChartLegend
        entries={rows.map(({ row, style }) => ({
          name: row.name,
          style,
          text: row.best === undefined ? undefined : `best ${percent(row.best.miou)} at ${row.best.threshold}`,
        }))}
      />
      <LineChart
        label={`Mean IoU over the background threshold. At ${threshold}: ${summary}.`}
        series={series}
        xName="background threshold"
        yName="mIoU"
        formatX={(value) => String(value)}
        formatY={(value) => `${Math.round(value * 100)}%`}
        fromZero
        mark={{ x: threshold, text: `fixed at ${threshold}` }}
      />
      <details>
        <summary>Values as a table</summary>
        <CurveTable rows={rows.map(({ row }) => row)} />
      </details>
    </Section>
  )
}

const atThreshold = ({ name, miou }: AblationRow, threshold: number) => ({
  x: threshold,
  y: miou,
  text: `${name}: ${percent(miou)} at the fixed threshold ${threshold}`,
})

const best = ({ threshold, miou }: { threshold: number; miou: number }, name: string) => ({
  x: threshold,
  y: miou,
  text: `${name}: best ${percent(miou)} at ${threshold}`,
})

/** Approximate number of rows of the table; the curve is thinned out to it. */
const LINES = 25

function CurveTable({ rows }: { rows: readonly AblationRow[] }) {
  const all = [...new Set(rows.flatMap(({ curve = [] }) => curve.map(({ threshold }) => threshold)))].sort(
    (a, b) => a - b,
  )
  const step = Math.ceil(all.length / LINES)
  return (
    <Scroll label="Table: mean IoU at each threshold" tall>
      <table>
        <caption>Mean IoU at each threshold</caption>
        <thead>
          <tr>
            <th scope="col">threshold</th>
            {rows.map(({ name }) => (
              <th scope="col" key={name}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {all
            .filter((_, index) => index % step === 0)
            .map((threshold) => (
              <tr key={threshold}>
                <th scope="row">{threshold.toFixed(2)}</th>
                {rows.map(({ name, curve }) => (
                  <td class="number" key={name}>
                    {percent(curve?.find((point) => point.threshold === threshold)?.miou ?? Number.NaN)}
                  </td>
                ))}
              </tr>
            ))}
        </tbody>
      </table>
    </Scroll>
  )
}
