import { expect } from '@jest/globals'
import { type MemoryJob, peakMemory } from '../../../lib/runs/memory/peakMemory.js'
import { needs } from '../../support/needs.js'
import { camsOf, convolutions, measured, narrow, refinementOf, trainingOf, transformer } from './jobs.js'

const shallow = transformer({ depth: 4 })
const lite = { backbone: 'efficientnet-lite0' }
const pamr = { method: 'pamr' } as const

/** Five sizes of each kind of job, of which larger ones are in peakMemory.slow.ts. By name alone: minutes, and what a process holds varies by some percent. */
const jobs: Record<string, MemoryJob[]> = {
  'maps of a transformer': [
    camsOf(transformer(), 640, 480),
    camsOf(transformer(), 900, 600),
    camsOf(shallow, 1000, 750, { flip: false, maps: 4 }),
    camsOf(transformer({ maps: 'plain' }), 1000, 750),
    camsOf(transformer(), 500, 400, { scales: [1, 1.2] }),
  ],
  'maps of a convolutional network': [
    camsOf(convolutions(), 640, 640),
    camsOf(convolutions(), 900, 700),
    camsOf(convolutions(), 600, 450, { scales: [1, 0.5, 1.5] }),
    camsOf(convolutions(lite), 1000, 900),
    camsOf(convolutions({ outputStride: 32 }), 1200, 900, { flip: false }),
  ],
  'a step of training of a transformer': [
    trainingOf(transformer(), 224, 4),
    trainingOf(shallow, 224, 12),
    trainingOf(transformer(), 224, 12, { trains: 'head' }),
    trainingOf(shallow, 448, 2),
    trainingOf(transformer(), 224, 8, { microBatch: 4 }),
  ],
  'a step of training of a convolutional network': [
    trainingOf(convolutions(), 320, 2),
    trainingOf(convolutions({ norm: 'fixed', frozen: 'layer2' }), 320, 4),
    trainingOf(convolutions({ norm: 'live' }), 224, 3),
    trainingOf(convolutions({ ...lite, norm: 'live' }), 224, 4),
    trainingOf(convolutions(lite), 320, 3),
  ],
  'a refinement': [
    refinementOf(1000, 800, 21, pamr),
    refinementOf(1600, 1200, 5, pamr),
    refinementOf(600, 450, 21, narrow),
    refinementOf(800, 600, 8, narrow),
    refinementOf(1200, 900, 4, narrow),
  ],
}

needs('build', 'linux').describe('the estimate is within -5 % and +20 % of the most that a process held', () => {
  for (const [what, sizes] of Object.entries(jobs))
    needs('build', 'linux').test(what, async () => {
      const ratios: number[] = []
      for (const job of sizes) ratios.push(peakMemory(job).bytes / (await measured(job)))
      expect({ ratios, low: Math.min(...ratios) >= 0.95, high: Math.max(...ratios) <= 1.2 }).toMatchObject({
        low: true,
        high: true,
      })
    })
})
