import { mkdirSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { run, trainingPlan } from './fakes.js'

const photos = join(mkdtempSync(join(tmpdir(), 'semples-plan-')), 'photos')
mkdirSync(photos)
const words = ['train', '--data', photos, '--preset', 'demo', '--dry-run']

test('a dry run plans, and neither trains nor fetches', async () => {
  const ran = await run([...words, '--memory-check', 'warn'])
  expect(ran.calls.map(([job]) => job)).toEqual(['plan'])
  expect(ran.calls[0]![1]).toMatchObject({ preset: 'demo', memoryCheck: 'warn' })
  expect(ran.status).toBe(0)
  const text = ran.out.join('\n')
  expect(text).toMatch(/data +boats: 10 pictures, 1 of them without a label/)
  expect(text).toMatch(/match +2 +3 +4 \(2 at a time\) +6\.40e-5 +1\.5 GiB +30 min/)
  expect(text).toMatch(/labels +thresholds of predicted labels +9 pictures +15 min/)
  expect(ran.calls[0]![1]).toMatchObject({ report: true })
  expect(text).toMatch(/6 steps in all, about 30 min/)
  expect(text).toMatch(/Nothing is missing/)
})

test('all that is missing is listed with its remedies, and the status is 1', async () => {
  const missing = [
    { code: 'SEMPLES_CLIP_MISSING', message: 'No CLIP.', remedy: 'Fetch it.' },
    { code: 'SEMPLES_WEIGHTS_MISSING', message: 'No weights.' },
  ]
  const ran = await run(words, { plan: async () => ({ ...trainingPlan, missing }) })
  expect(ran.status).toBe(1)
  expect(ran.out.slice(-4)).toEqual(['2 things are missing:', '- No CLIP.', '  Fetch it.', '- No weights.'])
})

test('as one line of JSON', async () => {
  const ran = await run([...words, '--json'])
  expect(JSON.parse(ran.out.join(''))).toEqual(trainingPlan)
})

test('a run that goes on is not planned', async () => {
  const ran = await run(['train', '--resume', photos, '--dry-run'])
  expect(ran.status).not.toBe(0)
  expect(ran.err.join('')).toMatch(/has its config already/)
})
