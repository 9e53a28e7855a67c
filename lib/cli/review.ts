import { count } from '../base/count.js'
import type { MasksReview } from '../runs/review/types.js'
import { table } from './output.js'

/** Masks that are named in the terminal. */
const SHOWN = 5

/** The masks to look at first, as lines. */
export function reviewLines({ path, rows }: MasksReview): string[] {
  const scored = rows.filter(({ score }) => score !== undefined)
  if (scored.length === 0) return [`No picture has a label, so no mask can be compared: ${path} has no score.`]
  const cells = scored
    .slice(0, SHOWN)
    .map(({ picture, score, worstClass }) => [picture, score!.toFixed(2), worstClass ?? ''])
  const without = rows.length - scored.length
  return [
    `Look at these masks first (score 0 to 1, low is doubtful; all ${count(rows.length, 'mask')} in ${path}):`,
    ...table([['picture', 'score', 'worst class'], ...cells]).map((line) => `  ${line}`),
    ...(without === 0
      ? []
      : [`${count(without, 'picture')} without a label ${without === 1 ? 'has' : 'have'} no score.`]),
  ]
}
