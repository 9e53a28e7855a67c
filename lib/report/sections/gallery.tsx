import { count } from '../../base/count.js'
import { cssColor, percent } from '../format.js'
import type { DrawnPicture } from '../images/drawPicture.js'
import type { Image } from '../images/encode.js'
import { heatStops } from '../images/heat.js'
import type { RunReport } from '../runReport.js'
import { Missing, Section, Swatch } from './section.js'

/** Number of pictures shown at first; the others are in a closed `<details>`. */
const OPEN = 8

/** Pictures with their activation maps and masks, stage by stage. */
export function GallerySection({ report, pictures }: { report: RunReport; pictures: readonly DrawnPicture[] }) {
  if (pictures.length === 0) {
    return (
      <Section id="gallery" title="Pictures and their masks">
        <Missing>This run made no masks.</Missing>
      </Section>
    )
  }
  const rest = pictures.slice(OPEN)
  const judged = pictures.some(({ truth }) => truth !== undefined)
  const reviewed = pictures.some(({ review }) => review !== undefined)
  return (
    <Section
      id="gallery"
      title="Pictures and their masks"
      intro={`The output of each stage: the class activation map, CAM (the maximum over the picture's classes at each pixel), and the mask at threshold ${report.threshold}. ${judged ? 'The mIoU of a mask is computed on its picture alone. ' : ''}${reviewed ? 'Masks to look at first come first; the agreement, 0 to 1, is that of masks of single scales, of the mirrored picture and, with refinement, before and after it.' : ''}`}
    >
      <HeatScale low="0" high="1" text="activation" />
      {pictures.slice(0, OPEN).map((picture, index) => (
        <Sample key={picture.id} report={report} picture={picture} id={`picture-${index + 1}`} />
      ))}
      {rest.length === 0 ? null : (
        <details class="more">
          <summary>{count(rest.length, 'more picture')}</summary>
          {rest.map((picture, index) => (
            <Sample key={picture.id} report={report} picture={picture} id={`picture-${OPEN + index + 1}`} />
          ))}
        </details>
      )}
    </Section>
  )
}

/** The colours of heat, from low to high. */
export function HeatScale({ low, high, text }: { low: string; high: string; text: string }) {
  return (
    <p class="heat-scale">
      <span>
        {text} {low}
      </span>
      <span class="ramp" style={`background:linear-gradient(90deg,${heatStops.join(',')})`} aria-hidden="true" />
      <span>{high}</span>
    </p>
  )
}

const SOURCES = {
  given: 'labels given',
  predicted: 'labels predicted from class scores',
  list: 'labels from the list in the call',
} as const

const HEATS = {
  cam: { long: 'Class activation map', short: 'CAM' },
  refined: { long: 'Refined score', short: 'refined score' },
  probability: { long: 'Probability of any class', short: 'probability · without labels' },
} as const

function Sample({ report, picture, id }: { report: RunReport; picture: DrawnPicture; id: string }) {
  const names = namesOf(report)
  const labels = picture.labels.map(names).join(' and ') || 'no class'
  const last = picture.results.at(-1)
  return (
    <article class="sample" aria-labelledby={id}>
      <header>
        <h3 id={id}>{picture.id}</h3>
        <Legend report={report} ids={[...new Set([...picture.labels, ...(last?.ids ?? [])])]} />
        <p class="quiet">{SOURCES[picture.labelSource]}</p>
        {picture.review === undefined ? null : <p class="quiet">agreement {picture.review.toFixed(2)}</p>}
      </header>
      <div class="steps" style={`--narrow:${1 + picture.results.length}`}>
        <Step name="picture">
          <Shown image={picture.image} alt={`Picture ${picture.id}, labelled ${labels}`} caption="as it is" />
          {picture.truth === undefined ? (
            <p class="no-truth" style={`aspect-ratio:${picture.image.width}/${picture.image.height}`}>
              none (no ground truth)
            </p>
          ) : (
            <Shown image={picture.truth} alt={`Ground truth of ${picture.id}`} caption="ground truth" flat />
          )}
        </Step>
        {picture.results.map(({ name, shows, heat, mask, ids, miou }) => (
          <Step name={name} key={name}>
            <Shown
              image={heat}
              alt={`${HEATS[shows].long} of ${picture.id} after ${name}`}
              caption={HEATS[shows].short}
            />
            <Shown
              image={mask}
              alt={`Mask of ${picture.id} after ${name}: ${ids.map(names).join(', ') || 'all background'}`}
              caption={miou === undefined ? 'mask' : `mask · mIoU ${percent(miou)}`}
              flat
            />
          </Step>
        ))}
        {picture.overlay === undefined || last === undefined ? null : (
          <Step name={`${last.name}, overlay`} last>
            <Shown
              image={picture.overlay}
              alt={`Mask of ${picture.id} after ${last.name} over the picture`}
              caption="mask over the picture"
            />
          </Step>
        )}
      </div>
    </article>
  )
}

function Step({ name, last, children }: { name: string; last?: boolean; children: preact.ComponentChildren }) {
  return (
    <div class={last ? 'step last' : 'step'}>
      <p class="step-name">{name}</p>
      {children}
    </div>
  )
}

/** A picture with its caption; flat ones keep hard edges when they are enlarged. */
export function Shown(props: { image: Image; alt: string; caption: preact.ComponentChildren; flat?: boolean }) {
  const { image, alt, caption, flat } = props
  return (
    <figure>
      <img class={flat ? 'flat' : ''} src={image.uri} width={image.width} height={image.height} alt={alt} />
      <figcaption>{caption}</figcaption>
    </figure>
  )
}

function Legend({ report, ids }: { report: RunReport; ids: readonly number[] }) {
  const names = namesOf(report)
  const colors = new Map(report.classes.map(({ id, color }) => [id, cssColor(color)]))
  return (
    <ul class="legend" aria-label="Classes">
      {ids.map((id) => (
        <li key={id}>
          <Swatch color={colors.get(id) ?? 'var(--muted)'} />
          {names(id)}
        </li>
      ))}
    </ul>
  )
}

/** The label of a class id. */
export function namesOf({ classes }: RunReport): (id: number) => string {
  const labels = new Map(classes.map(({ id, label }) => [id, label]))
  return (id) => labels.get(id) ?? (id === 255 ? 'void' : `class ${id}`)
}
