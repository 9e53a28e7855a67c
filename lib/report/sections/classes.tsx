import { Bar } from '../charts/bar.js'
import { cssColor, percent, points } from '../format.js'
import type { RunReport } from '../runReport.js'
import { Scroll, Section, Swatch } from './section.js'

/** IoU of every class, stage by stage; nothing where nothing was evaluated. */
export function ClassesSection({ report }: { report: RunReport }) {
  const { ablation, control, classes, threshold } = report
  const first = ablation[0]
  const last = ablation.at(-1)
  if (first === undefined || last === undefined) return null
  const rows = control === undefined ? ablation : [...ablation, control]
  const iou = (row: (typeof rows)[number], id: number) =>
    row.perClass.find((entry) => entry.id === id)?.iou ?? Number.NaN
  const colors = new Map(classes.map(({ id, color }) => [id, cssColor(color)]))
  return (
    <Section
      id="classes"
      title="Class by class"
      intro={`IoU of each class at threshold ${threshold}. Precision and recall are those of ${last.name}: low precision means masks that spread too far, low recall masks that miss parts. A dash stands for a class that is in neither masks nor ground truth.`}
    >
      <Scroll label="Table: IoU of each class" tall={last.perClass.length > 24}>
        <table class="classes">
          <caption>IoU of each class, {rows.map(({ name }) => name).join(' → ')}</caption>
          <thead>
            <tr>
              <th scope="col">class</th>
              {rows.map((row) => (
                <th scope="col" key={row.name}>
                  {row.name}
                  {row === control ? <span class="tag">control</span> : null}
                </th>
              ))}
              {ablation.length > 1 ? <th scope="col">gain</th> : null}
              <th scope="col">precision</th>
              <th scope="col">recall</th>
            </tr>
          </thead>
          <tbody>
            {last.perClass.map(({ id, label, precision, recall }) => (
              <tr key={id}>
                <th scope="row">
                  <Swatch color={colors.get(id) ?? 'var(--mask-ground)'} />
                  <span class="label">{label}</span>
                </th>
                {rows.map((row, index) => (
                  <td key={row.name}>
                    <Bar value={iou(row, id)} style={row === control ? 'neutral' : `s${index % 8}`} />
                  </td>
                ))}
                {ablation.length > 1 ? <td class="number">{points(iou(last, id) - iou(first, id))}</td> : null}
                <td class="number quiet">{percent(precision)}</td>
                <td class="number quiet">{percent(recall)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </Section>
  )
}
