import type { RunReport } from '../../lib/report/runReport.js'
import { exampleReport } from './exampleReport.js'

/** A run of which nothing is known but its name: no stage, no picture, no ground truth. */
export function emptyReport(): RunReport {
  return {
    title: 'Nothing yet',
    created: 'some day',
    notices: [],
    classes: [],
    stages: [],
    ablation: [],
    threshold: 0.4,
    gallery: [],
    prompts: [],
    vocabulary: [],
    config: undefined,
    environment: [],
  }
}

/** Masks for pictures without ground truth: nothing judged, no prompts, labels predicted. */
export function unjudgedReport(): RunReport {
  const report = exampleReport({ pictures: 1 })
  const gallery = report.gallery.map((picture) => ({
    ...picture,
    truth: undefined,
    labelSource: 'predicted' as const,
    results: picture.results.slice(-1),
    promptMaps: [],
  }))
  return { ...report, gallery, ablation: [], control: undefined, prompts: [] }
}

export const HOSTILE = '</style><script>document.title = "taken"</script><img src="https://example.com/x.png">'

/** Eighty classes, the first with markup for a name, the others with names longer than a phone is wide. */
export function crowdedReport(): RunReport {
  const report = exampleReport({ pictures: 2, steps: 10_000 })
  const label = (index: number) => (index === 0 ? HOSTILE : `class-${index}-${'verylongword'.repeat(6)}`)
  const classes = Array.from({ length: 80 }, (_, index) => ({
    id: index + 1,
    label: label(index),
    color: [(index * 37) % 256, (index * 91) % 256, (index * 53) % 256] as const,
  }))
  const scoresOf = (id: number) => ({ id, iou: id % 3 === 0 ? Number.NaN : 0.5, precision: 0.6, recall: Number.NaN })
  const perClass = [
    { ...scoresOf(0), label: 'background' },
    ...classes.map((entry) => ({ ...scoresOf(entry.id), label: entry.label })),
  ]
  const prompts = classes.map((entry) => ({
    classId: entry.id,
    label: entry.label,
    words: [{ word: 'w'.repeat(90), cosine: -0.2 }],
  }))
  const { ablation, control, gallery } = report
  return {
    ...report,
    title: `A run with ${HOSTILE}`,
    notices: [HOSTILE, 'n'.repeat(200)],
    classes,
    prompts,
    ablation: ablation.map((row) => ({ ...row, perClass })),
    control: { ...control!, perClass, name: HOSTILE },
    gallery: gallery.map((picture, index) => ({ ...picture, id: `${HOSTILE}${'i'.repeat(120)}${index}` })),
    config: { path: HOSTILE, long: 'p'.repeat(400) },
    environment: [[HOSTILE, `${HOSTILE}${'e'.repeat(300)}`]],
    vocabulary: Array.from({ length: 400 }, (_, index) => `word${index}`),
  }
}
