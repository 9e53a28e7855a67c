import { count, listed } from '../../base/count.js'
import type { WeightsReport } from '../../models/weightsReport.js'

/** Names that are shown of a list. */
const SHOWN = 3

/** What becomes of the tensors, a line for each thing that happens to some. */
export function reportFacts(report: WeightsReport): [name: string, text: string][] {
  const { matched, renamed, interpolated, dropped, missing, unexpected } = report
  const lines: [string, number, () => string][] = [
    ['taken', matched.length, () => `${count(matched.length, 'tensor')} under the name that the model has`],
    [
      'renamed',
      renamed.length,
      () => `${count(renamed.length, 'tensor')}: ${some(renamed.map(({ from, to }) => `${from} to ${to}`))}`,
    ],
    [
      'resized',
      interpolated.length,
      () => some(interpolated.map(({ name, from, to }) => `${name} from [${from.join(', ')}] to [${to.join(', ')}]`)),
    ],
    ['left out', dropped.length, () => byReason(dropped)],
    [
      'missing',
      missing.length,
      () => `${some(missing)}: not in the file, so that training begins with random numbers there`,
    ],
    ['unknown', unexpected.length, () => `${some(unexpected)}: left out, and nothing is known of them`],
  ]
  return lines.filter(([, number]) => number > 0).map(([name, , text]) => [name, text()])
}

function some(items: readonly string[]): string {
  return listed(items, SHOWN)
}

/** Tensors that are left out, those of one reason together. */
function byReason(dropped: WeightsReport['dropped']): string {
  const reasons = [...new Set(dropped.map(({ because }) => because))]
  return reasons
    .map((reason) => `${some(dropped.filter(({ because }) => because === reason).map(({ name }) => name))} (${reason})`)
    .join('; ')
}
