import { expect, test } from '@jest/globals'
import { peakMemory } from '../../../lib/runs/memory/peakMemory.js'
import { camsOf, convolutions, measured, narrow, refinementOf, trainingOf, transformer } from './jobs.js'

const large = [
  camsOf(transformer(), 1300, 975),
  camsOf(transformer(), 1600, 1200, { scales: [1, 1.2] }),
  camsOf(convolutions(), 1600, 1200),
  camsOf(convolutions(), 1200, 900, { scales: [1, 0.5, 1.5, 2] }),
  trainingOf(transformer(), 224, 32),
  trainingOf(transformer(), 448, 4),
  trainingOf(convolutions(), 512, 4),
  trainingOf(convolutions({ norm: 'fixed', frozen: 'layer2' }), 512, 8),
  refinementOf(2000, 1500, 12, narrow),
  refinementOf(3000, 2000, 21, { method: 'pamr' }),
]

test.each(large)('a larger job: %j', async (job) => {
  const ratio = peakMemory(job).bytes / (await measured(job))
  expect(ratio).toBeGreaterThan(0.95)
  expect(ratio).toBeLessThan(1.2)
})
