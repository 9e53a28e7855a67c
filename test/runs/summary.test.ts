import { expect, test } from '@jest/globals'
import { summarize } from '../../lib/runs/summary.js'

const manifest = {
  stages: {
    match: {
      status: 'done' as const,
      started: '2026-01-01T00:00:00.000Z',
      finished: '2026-01-01T00:01:15.500Z',
      epochs: 2,
    },
    prompt: { status: 'running' as const, started: '2026-01-01T00:02:00.000Z' },
  },
}

test('losses of the first and the last quarter, steps that changed nothing apart', () => {
  const step = (loss: number) => ({ stage: 'match', loss })
  const records = [
    step(8),
    step(6),
    { stage: 'match', epoch: 1, step: 3, skipped: true },
    ...[5, 5, 5, 5].map(step),
    { stage: 'match', epoch: 1, selection: { miou: 0.5 } },
    step(3),
    step(1),
    { stage: 'prompt', loss: 100 },
  ]
  expect(summarize(records, ['match'], manifest)).toEqual([
    { name: 'match', epochs: 2, steps: 8, skipped: 1, firstLoss: 7, lastLoss: 2, seconds: 75.5 },
  ])
})

test('fewer than four steps are their own quarters; a stage without steps has no loss', () => {
  const records = [
    { stage: 'match', loss: 3 },
    { stage: 'match', loss: 1 },
  ]
  const [match, prompt] = summarize(records, ['match', 'prompt'], manifest)
  expect(match).toMatchObject({ steps: 2, firstLoss: 3, lastLoss: 1 })
  expect(match).not.toHaveProperty('skipped')
  expect(prompt).toEqual({
    name: 'prompt',
    epochs: 0,
    steps: 0,
    firstLoss: Number.NaN,
    lastLoss: Number.NaN,
    seconds: 0,
  })
})
