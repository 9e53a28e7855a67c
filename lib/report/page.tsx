import type { DrawnPicture } from './images/drawPicture.js'
import type { RunReport } from './runReport.js'
import { AblationSection } from './sections/ablation.js'
import { ClassesSection } from './sections/classes.js'
import { GallerySection } from './sections/gallery.js'
import { PromptsSection } from './sections/prompts.js'
import { SettingsSection } from './sections/settings.js'
import { ThresholdsSection } from './sections/thresholds.js'
import { TrainingSection } from './sections/training.js'
import { style } from './style.js'

/** Allows only the page's own styles and pictures, whatever texts the data hold. */
const POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

/** The whole page, the most important results first. */
export function Page({ report, pictures }: { report: RunReport; pictures: readonly DrawnPicture[] }) {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="generator" content="semples" />
        <meta http-equiv="Content-Security-Policy" content={POLICY} />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{report.title}</title>
        <link rel="icon" href="data:," />
        <style dangerouslySetInnerHTML={{ __html: style }} />
      </head>
      <body>
        <a class="skip" href="#content">
          Skip to the results
        </a>
        <Header report={report} />
        <main id="content" tabIndex={-1}>
          <Notices notices={report.notices} />
          <AblationSection report={report} />
          <GallerySection report={report} pictures={pictures} />
          <ClassesSection report={report} />
          <ThresholdsSection report={report} />
          <PromptsSection report={report} pictures={pictures} />
          <TrainingSection report={report} />
          <SettingsSection report={report} />
        </main>
        <footer>
          <p>Made by semples. This page is self-contained and makes no network requests.</p>
        </footer>
      </body>
    </html>
  )
}

function Header({ report }: { report: RunReport }) {
  const created = new Date(report.created)
  const judged = report.ablation.length > 0
  const curves = [...report.ablation, ...(report.control ? [report.control] : [])].some((row) => row.curve?.length)
  const links = [
    ['ablation', 'Stages'],
    ['gallery', 'Pictures'],
    ...(judged ? [['classes', 'Classes']] : []),
    ...(curves ? [['thresholds', 'Thresholds']] : []),
    ['prompts', 'Prompts'],
    ['training', 'Training'],
    ['settings', 'Settings'],
  ]
  return (
    <header class="top">
      <div class="top-line">
        <p class="overline">
          semples run report
          {Number.isNaN(created.getTime()) ? null : (
            <>
              {' · '}
              <time
                dateTime={created.toISOString()}
              >{`${created.toISOString().slice(0, 16).replace('T', ' ')} UTC`}</time>
            </>
          )}
        </p>
        <Colors />
      </div>
      <h1>{report.title}</h1>
      <p class="lead">
        SemPLeS makes segmentation masks from pictures that are labelled as a whole: this page shows what each stage of
        a run learned, and the masks that came of it.
      </p>
      <nav aria-label="Contents">
        <ul>
          {links.map(([id, text]) => (
            <li key={id}>
              <a href={`#${id}`}>{text}</a>
            </li>
          ))}
        </ul>
      </nav>
    </header>
  )
}

/** Overrides the reader's preference for light or dark; the style sheet reads which input is checked. */
function Colors() {
  return (
    <fieldset class="colors">
      <legend>Colours</legend>
      {['auto', 'light', 'dark'].map((choice) => (
        <label key={choice}>
          <input type="radio" name="colors" id={`colors-${choice}`} checked={choice === 'auto'} />
          <span>{choice}</span>
        </label>
      ))}
    </fieldset>
  )
}

function Notices({ notices }: { notices: readonly string[] }) {
  if (notices.length === 0) return null
  return (
    <aside class="notices" aria-label="What to know before reading on">
      <ul>
        {notices.map((notice) => (
          <li key={notice}>{notice}</li>
        ))}
      </ul>
    </aside>
  )
}
