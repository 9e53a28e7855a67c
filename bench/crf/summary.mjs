// Figures over all rows.
import { mean, median } from './compare.mjs'
import { leastBytes } from './floor.mjs'
import { LABEL_COUNTS, SETTINGS } from './settings.mjs'

/** Figures of each label count, from the rows that were timed. */
const byLabels = (rows, of) =>
  Object.fromEntries(LABEL_COUNTS.map((labels) => [labels, of(rows.filter((row) => row.labels === labels))]))

/** Agreement over all rows; medians of ratios over those that were timed. */
export function summarize(rows) {
  const timed = rows.filter((row) => row.timed)
  return {
    minAgreement: Math.min(...rows.map((row) => row.agreement)),
    maxDeltaQ: Math.max(...rows.map((row) => row.maxDelta)),
    p9999DeltaQ: Math.max(...rows.map((row) => row.p9999Delta)),
    ratioOneThread: byLabels(timed, (own) => median(own.map((row) => row.ratioOne))),
    ratioAllThreads: byLabels(timed, (own) => median(own.map((row) => row.ratioAll))),
    scaling: byLabels(timed, (own) => median(own.map((row) => row.one / row.all))),
  }
}

/**
 * Where the time of one thread goes, means over the timed rows of a label count: `phases` with `seconds`, `least` (bytes
 * that the phase must move) and `floor`, the seconds of that at the bandwidth `bytesPerSecond`.
 */
export function profileOf(rows, bytesPerSecond) {
  const timed = rows.filter((row) => row.timed)
  return byLabels(timed, (own) => {
    const least = own.map(({ width, height, labels, points }) =>
      leastBytes({ pixels: width * height, labels, points, settings: SETTINGS }),
    )
    const phases = ['lattice', 'pixels', 'blur'].map((name) => {
      const bytes = mean(least.map((each) => each[name]))
      return {
        name,
        seconds: mean(own.map(({ profile }) => profile[name])),
        least: bytes,
        floor: bytes / bytesPerSecond,
      }
    })
    const total = mean(own.map(({ profile }) => profile.seconds))
    const rest = total - phases.reduce((sum, { seconds }) => sum + seconds, 0)
    return { seconds: total, phases: [...phases, { name: 'copies, labels, threads', seconds: rest }] }
  })
}
