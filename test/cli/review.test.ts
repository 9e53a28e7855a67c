import { describe, expect, test } from '@jest/globals'
import type { GenerateMasksResult } from '../../lib/runs/generateMasks.js'
import type { MaskReview } from '../../lib/runs/review/types.js'
import { given, run } from './fakes.js'

const words = ['masks', '--run', 'r', '--out', 'm', '--review']

/** Masks with these reviews. */
const reviewed = (rows: MaskReview[]) => ({
  masks: async (): Promise<GenerateMasksResult> => ({
    ...{
      out: '/m',
      pictures: rows.length,
      skipped: 0,
      unlabelled: 0,
      labels: 'given',
      threshold: 0.45,
      stage: 'guide',
    },
    warnings: [],
    review: { path: '/m/review.csv', rows },
  }),
})

const rows = Array.from({ length: 7 }, (_, index) => ({
  ...{
    picture: `${index}.jpg`,
    score: 0.104 + index / 10,
    foreground: 0.5,
    worstClass: index === 0 ? 'old boat' : 'cat',
  },
}))

describe('masks --review', () => {
  test('is handed on, and not where it is not given', async () => {
    expect(given(await run(words), 'masks')).toMatchObject({ review: true })
    expect(given(await run(words.slice(0, -1)), 'masks')).not.toHaveProperty('review')
  })

  test('names the five masks to look at first', async () => {
    const { out } = await run(words, reviewed([...rows, { picture: 'bare.jpg', foreground: 0 }]))
    expect(out.slice(-8)).toEqual([
      'Look at these masks first (score 0 to 1, low is doubtful; all 8 masks in /m/review.csv):',
      '  picture  score  worst class',
      '  0.jpg     0.10  old boat',
      '  1.jpg     0.20  cat',
      '  2.jpg     0.30  cat',
      '  3.jpg     0.40  cat',
      '  4.jpg     0.50  cat',
      '1 picture without a label has no score.',
    ])
  })

  test('where no picture has a label, says that nothing was compared', async () => {
    const { out } = await run(words, reviewed([{ picture: 'bare.jpg', foreground: 0 }]))
    expect(out.at(-1)).toBe('No picture has a label, so no mask can be compared: /m/review.csv has no score.')
  })

  test('--json has all of them', async () => {
    const { out } = await run([...words, '--json'], reviewed(rows))
    expect(JSON.parse(out.at(-1)!)).toMatchObject({ review: { path: '/m/review.csv', rows } })
  })

  test('report --review is handed on', async () => {
    expect(given(await run(['report', 'r', '--review', 'm/review.csv']), 'report')).toMatchObject({
      review: 'm/review.csv',
    })
  })
})
