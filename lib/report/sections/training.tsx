import { count } from '../../base/count.js'
import { decimate } from '../charts/decimate.js'
import { LineChart } from '../charts/lineChart.js'
import { Sparkline } from '../charts/sparkline.js'
import { duration, short } from '../format.js'
import type { RunReport, StageReport } from '../runReport.js'
import { Missing, Section } from './section.js'

/** Loss curves, stage by stage. */
export function TrainingSection({ report }: { report: RunReport }) {
  if (report.stages.length === 0) {
    return (
      <Section id="training" title="Training">
        <Missing>No stage has been trained in this run.</Missing>
      </Section>
    )
  }
  return (
    <Section
      id="training"
      title="Training"
      intro="Loss of every step: the pale band spans the minimum and maximum of neighbouring steps, the line is smoothed. Terms are unweighted and smoothed the same way, each on its own scale."
    >
      <div class="stages">
        {report.stages.map((stage) => (
          <Stage key={stage.name} stage={stage} />
        ))}
      </div>
    </Section>
  )
}

function Stage({ stage }: { stage: StageReport }) {
  const { name, title, epochs, seconds, steps } = stage
  const heading = `stage-${name}`
  const facts = [count(epochs, 'epoch'), count(steps.length, 'step'), duration(seconds)].join(' · ')
  return (
    <article class="stage" aria-labelledby={heading}>
      <h3 id={heading}>
        {name} <span class="quiet">{title}</span>
      </h3>
      <p class="quiet">{facts}</p>
      {steps.length === 0 ? <p class="quiet">No step of this stage was trained.</p> : <Curves stage={stage} />}
    </article>
  )
}

function Curves({ stage: { name, steps } }: { stage: StageReport }) {
  const { band, smooth, window } = decimate(steps.map(({ loss }) => loss))
  const terms = [...new Set(steps.flatMap((step) => Object.keys(step.terms)))]
  const ends = smooth.length === 0 ? '' : `, from ${short(smooth[0]!.y)} to ${short(smooth.at(-1)!.y)}`
  return (
    <>
      <LineChart
        label={`Loss of stage ${name} over ${count(steps.length, 'step')}${ends}`}
        series={[{ name: `smoothed over about ${count(window, 'step')}`, style: 'accent', points: smooth, band }]}
        xName="step"
        yName="loss"
        formatX={(value) => value.toLocaleString('en')}
        formatY={short}
        ticks={4}
      />
      <div class="sparklines">
        {terms.map((term) => (
          <Sparkline
            key={term}
            name={term}
            points={decimate(steps.map(({ terms }) => terms[term] ?? Number.NaN)).smooth}
          />
        ))}
        <Sparkline name="learning rate" points={rates(steps)} />
      </div>
    </>
  )
}

/** Learning rates without smoothing, which would hide how a schedule starts. */
function rates(steps: StageReport['steps']): { x: number; y: number }[] {
  const { band } = decimate(steps.map(({ learningRate }) => learningRate))
  return band.map(({ x, high }) => ({ x, y: high }))
}
