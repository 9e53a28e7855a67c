import { csvLine } from '../../datasets/export/names.js'
import type { MaskReview } from './types.js'

/** Its name in the folder of the masks. */
export const REVIEW_FILE = 'review.csv'

/** The columns of review.csv, by the field that each shows. */
const COLUMNS: readonly [name: string, field: keyof MaskReview][] = [
  ['picture', 'picture'],
  ['score', 'score'],
  ['scales', 'scales'],
  ['mirror', 'mirror'],
  ['refined', 'refined'],
  ['class score', 'classScore'],
  ['foreground', 'foreground'],
  ['worst class', 'worstClass'],
]

/** By score, the lowest first, then by name; those without a score at the end. */
export function worstFirst(rows: readonly MaskReview[]): MaskReview[] {
  const score = (row: MaskReview) => row.score ?? Number.POSITIVE_INFINITY
  return rows.toSorted((one, other) => {
    if (score(one) !== score(other)) return score(one) - score(other)
    return one.picture < other.picture ? -1 : Number(one.picture > other.picture)
  })
}

/** The table of reviews, in their order. What there is not is an empty cell. */
export function reviewCsv(rows: readonly MaskReview[]): string {
  const cells = (row: MaskReview) => csvLine(COLUMNS.map(([, field]) => String(row[field] ?? '')))
  return [csvLine(COLUMNS.map(([name]) => name)), ...rows.map(cells), ''].join('\n')
}
