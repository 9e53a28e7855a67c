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
  return (
    <Section
      id="prompts"
      title="Learned prompts"
      intro={`Each class has one learned prompt for the background that it often appears with, learned without any label of that background. The words below are those whose CLIP text features are nearest. The heat maps show how much the cosine of picture and prompt drops where that place is covered.`}
    >
      <details>
        <summary>Nearest words were searched among {count(vocabulary.length, 'word')}</summary>
        <p class="words">{vocabulary.join(', ')}</p>
      </details>
      <div class="prompts">
        {prompts.map((prompt) => (
          <Prompt key={prompt.classId} prompt={prompt} report={report} pictures={pictures} />
        ))}
      </div>
    </Section>
  )
}

interface PromptProps {
  prompt: PromptReport
  report: RunReport
  pictures: readonly DrawnPicture[]
}

function Prompt({ prompt, report, pictures }: PromptProps) {
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
      <NearestWords words={words} label={label} />
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

/** Words with their cosines, as bars from 0, or from the lowest cosine if it is negative. */
function NearestWords({ words, label }: { words: PromptReport['words']; label: string }) {
  const cosines = words.map(({ cosine }) => cosine)
  const start = Math.min(0, ...cosines)
  const end = Math.max(...cosines)
  return (
    <ol class={words.length > 8 ? 'nearest long' : 'nearest'} aria-label={`Words nearest to the prompt of ${label}`}>
      {words.map(({ word, cosine }) => (
        <li key={word} style={`--value:${(((cosine - start) / (end - start || 1)) * 100).toFixed(1)}%`}>
          <span class="word">{word}</span>
          <span class="number">{fixed(cosine, 2)}</span>
        </li>
      ))}
    </ol>
  )
}
