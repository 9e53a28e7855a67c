import { count } from '../../base/count.js'
import { cssColor, digitsFor, fixed } from '../format.js'
import { cosineRange, type DrawnPicture } from '../images/drawPicture.js'
import type { PromptReport, RunReport } from '../runReport.js'
import { HeatScale, Shown } from './gallery.js'
import { Missing, Section, Swatch } from './section.js'

/** The meaning of the learned prompts: the nearest words, and heat maps on the pictures. */
export function PromptsSection({ report, pictures }: { report: RunReport; pictures: readonly DrawnPicture[] }) {
  const { prompts, vocabulary } = report
  if (prompts.length === 0) {
    return (
      <Section id="prompts" title="Learned prompts">
        <Missing>This run has no learned prompts yet: stage prompt learns them.</Missing>
      </Section>
    )
  }
  const scale = cosineScale(prompts)
  return (
    <Section
      id="prompts"
      title="Learned prompts"
      intro={`Each class has one learned prompt for the background that it often appears with, learned without any label of that background. The words below are those whose CLIP text features are nearest; their bars begin at the line of cosine 0 and have one scale. The heat maps show how much the cosine of picture and prompt drops where that place is covered.`}
    >
      <details>
        <summary>Nearest words were searched among {count(vocabulary.length, 'word')}</summary>
        <p class="words">{vocabulary.join(', ')}</p>
      </details>
      <div class="prompts">
        {prompts.map((prompt) => (
          <Prompt key={prompt.classId} prompt={prompt} report={report} pictures={pictures} scale={scale} />
        ))}
      </div>
    </Section>
  )
}

interface PromptProps {
  prompt: PromptReport
  report: RunReport
  pictures: readonly DrawnPicture[]
  scale: CosineScale
}

function Prompt({ prompt, report, pictures, scale }: PromptProps) {
  const { classId, label, words } = prompt
  const color = report.classes.find(({ id }) => id === classId)?.color ?? [128, 128, 128]
  const maps = pictures.flatMap(({ id, promptMaps }) =>
    promptMaps.filter((map) => map.classId === classId).map((map) => ({ ...map, id })),
  )
  const [low, high] = cosineRange(report, classId)
  const digits = digitsFor(low, high)
  const heading = `prompt-${classId}`
  return (
    <article class="prompt" aria-labelledby={heading}>
      <h3 id={heading}>
        <Swatch color={cssColor(color)} /> {label}
      </h3>
      <NearestWords words={words} label={label} scale={scale} />
      {maps.length === 0 ? (
        <p class="quiet">No picture of the gallery has this class.</p>
      ) : (
        <>
          <HeatScale low={fixed(low, digits)} high={fixed(high, digits)} text="loss of cosine" />
          <div class="maps">
            {maps.map((map) => (
              <Shown
                key={map.id}
                image={map.heat}
                alt={`Heat map of the prompt of ${label} on ${map.id}`}
                caption={`${map.id} · ${fixed(map.lowest, digits)} to ${fixed(map.highest, digits)}`}
              />
            ))}
          </div>
        </>
      )}
    </article>
  )
}

/** Where cosines stand in all lists of words, in percent of their width. */
interface CosineScale {
  zero: number
  at(cosine: number): number
}

/** The least end of the scale: cosines about 0 are short bars, whatever the largest of them is. */
const LEAST_END = 0.5

/**
 * One scale for the words of all prompts, with 0 in it. It ends at the largest cosine, or at 0.5; it begins at 0, or
 * at the lowest cosine.
 */
function cosineScale(prompts: readonly PromptReport[]): CosineScale {
  const cosines = prompts.flatMap(({ words }) => words.map(({ cosine }) => cosine)).filter(Number.isFinite)
  const start = Math.min(0, ...cosines)
  const end = Math.max(LEAST_END, ...cosines)
  const at = (cosine: number) => (100 * (cosine - start)) / (end - start)
  return { zero: at(0), at }
}

/** Words with their cosines, as bars from the line of 0: to the right, or to the left where they are negative. */
function NearestWords({ words, label, scale }: { words: PromptReport['words']; label: string; scale: CosineScale }) {
  const { zero, at } = scale
  return (
    <ol class={words.length > 8 ? 'nearest long' : 'nearest'} aria-label={`Words nearest to the prompt of ${label}`}>
      {words.map(({ word, cosine }) => {
        const end = Number.isFinite(cosine) ? at(cosine) : zero
        const [from, to] = [Math.min(zero, end), Math.max(zero, end)].map((place) => `${place.toFixed(1)}%`)
        return (
          <li key={word} style={`--from:${from};--to:${to};--zero:${zero.toFixed(1)}%`}>
            <span class="word">{word}</span>
            <span class="number">{fixed(cosine, 2)}</span>
          </li>
        )
      })}
    </ol>
  )
}
