import { count } from '../../base/count.js'
import { Bar } from '../charts/bar.js'
import { percent, points } from '../format.js'
import type { AblationRow, RunReport } from '../runReport.js'
import { Missing, Scroll, Section } from './section.js'

/** Mean IoU after each stage: the most important figures. */
export function AblationSection({ report }: { report: RunReport }) {
  const { ablation, control, threshold, segmenters = [] } = report
  const first = ablation[0]
  const last = ablation.at(-1)
  if (first === undefined || last === undefined) {
    return (
      <Section id="ablation" title="How good the masks are">
        <Missing>Not evaluated: this run has no ground truth to compare its masks with.</Missing>
      </Section>
    )
  }
  const intro = `The same ${count(last.pictures, 'picture')}, each with the masks of every row, compared with ground truth. Pixel labels are used for evaluation only${segmenters.length > 1 ? ', but for the upper bound, which is trained on those of training pictures' : ''}.`
  return (
    <Section
      id="ablation"
      title={ablation.length > 1 ? 'What each stage changes' : 'How good the masks are'}
      intro={intro}
    >
      {ablation.length > 1 ? <Figures rows={ablation} threshold={threshold} control={control} /> : null}
      <Scroll label="Table: mean IoU">
        <table class="ablation">
          <caption>Mean IoU over the classes and the background</caption>
          <thead>
            <tr>
              <th scope="col">stage</th>
              <th scope="col">mIoU at threshold {threshold}</th>
              <th scope="col">change from the row before</th>
              <th scope="col">best threshold (uses pixel labels)</th>
            </tr>
          </thead>
          <tbody>
            {ablation.map((row, index) => (
              <Row key={row.name} row={row} style={`s${index % 8}`} before={ablation[index - 1]} />
            ))}
          </tbody>
          {control === undefined ? null : (
            <tbody class="control">
              <Row row={control} style="neutral" before={undefined} note="control" />
            </tbody>
          )}
          {segmenters.length === 0 ? null : (
            <tbody class="segmenters">
              {segmenters.map((row, index) => (
                <Row
                  key={row.name}
                  row={row}
                  style={`s${(ablation.length + index) % 8}`}
                  before={undefined}
                  note="without labels"
                />
              ))}
              <Gap rows={segmenters} />
            </tbody>
          )}
        </table>
      </Scroll>
    </Section>
  )
}

/** How far the model that learned from masks is from the one that learned from ground truth. */
function Gap({ rows: [own, bound] }: { rows: readonly AblationRow[] }) {
  if (own === undefined || bound === undefined) return null
  return (
    <tr class="gap">
      <th scope="row">
        <span class="name">gap</span>
        <span class="description">
          {bound.name} − {own.name}: what full supervision would add
        </span>
      </th>
      <td class="number">{points(bound.miou - own.miou)}</td>
      <td />
      <td />
    </tr>
  )
}

function Row(props: { row: AblationRow; style: string; before: AblationRow | undefined; note?: string }) {
  const { row, style, before, note } = props
  return (
    <tr>
      <th scope="row">
        <span class="name">{row.name}</span>
        {note === undefined ? null : <span class="tag">{note}</span>}
        <span class="description">{row.description}</span>
      </th>
      <td>
        <Bar value={row.miou} style={style} />
      </td>
      <td class="number">{before === undefined ? '' : points(row.miou - before.miou)}</td>
      <td class="number quiet">
        {row.best === undefined ? '–' : `${percent(row.best.miou)} at ${row.best.threshold}`}
      </td>
    </tr>
  )
}

function Figures(props: { rows: readonly AblationRow[]; threshold: number; control: AblationRow | undefined }) {
  const { rows, threshold, control } = props
  const [first, last] = [rows[0]!, rows.at(-1)!]
  // A control was trained but not refined, so it is compared with the last row that was not refined.
  const trained = rows.filter(({ refined }) => refined === undefined).at(-1)!
  const fallen = rows
    .filter((row, index) => index > 0 && row.miou < rows[index - 1]!.miou)
    .map((row) => `${row.name} (${points(row.miou - rows[rows.indexOf(row) - 1]!.miou)})`)
  return (
    <dl class="figures">
      <div>
        <dt>{first.name}</dt>
        <dd>{percent(first.miou)}</dd>
        <dd class="quiet">mIoU to begin with</dd>
      </div>
      <div class="main">
        <dt>{last.name}</dt>
        <dd>{percent(last.miou)}</dd>
        <dd class="quiet">mIoU at threshold {threshold}</dd>
      </div>
      <div>
        <dt>
          {last.name} − {first.name}
        </dt>
        <dd>{points(last.miou - first.miou)}</dd>
        <dd class="quiet">
          percentage points{fallen.length === 0 ? '' : `; lower than the row before: ${fallen.join(', ')}`}
        </dd>
      </div>
      {control === undefined ? null : (
        <div>
          <dt>{trained === last ? 'over the control' : `${trained.name} over the control`}</dt>
          <dd>{points(trained.miou - control.miou)}</dd>
          <dd class="quiet">{control.description}</dd>
        </div>
      )}
    </dl>
  )
}
