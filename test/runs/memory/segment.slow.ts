import { expect } from '@jest/globals'
import type { SegmenterSizes } from '../../../lib/models/memory/segmenterSizes.js'
import { type MemoryJob, peakMemory } from '../../../lib/runs/memory/peakMemory.js'
import { needs } from '../../support/needs.js'
import { measured, segmentOf, segmentTrainingOf } from './jobs.js'

const vit: SegmenterSizes = { kind: 'vit-mask', imageSize: 480 }
const lite: SegmenterSizes = { kind: 'deeplabv3plus', backbone: 'efficientnet-lite0' }
const resnet: SegmenterSizes = { kind: 'deeplabv3plus', backbone: 'resnet50' }

/** By name alone: minutes. */
const masks: [string, MemoryJob][] = [
  ['8000x6000, one scale', segmentOf(vit, 8000, 6000, [520])],
  ['8000x6000, three scales', segmentOf(vit, 8000, 6000, [400, 520, 640])],
  ['a small picture', segmentOf(vit, 500, 375, [520])],
  ['a tiny picture', segmentOf(vit, 60, 40, [40])],
  ['with probabilities', segmentOf(vit, 1500, 1000, [520], { probabilities: true })],
  ['many windows at a time', segmentOf(vit, 1000, 750, [1000], { atOnce: 8 })],
  ['DeepLabv3+ on EfficientNet-Lite0, a small picture', segmentOf(lite, 500, 375, [375])],
  ['DeepLabv3+ on EfficientNet-Lite0', segmentOf(lite, 2000, 1500, [520, 1000], { window: 512, stride: 384 })],
  ['DeepLabv3+ on ResNet-50', segmentOf(resnet, 500, 375, [520])],
]

const steps: [string, MemoryJob][] = [
  ['vit-mask, 480', segmentTrainingOf(vit, 480, 2)],
  ['vit-mask, in parts', segmentTrainingOf(vit, 320, 4, { microBatch: 1 })],
  ['DeepLabv3+ on EfficientNet-Lite0', segmentTrainingOf(lite, 321, 4)],
  ['DeepLabv3+ on EfficientNet-Lite0, live norms', segmentTrainingOf({ ...lite, norm: 'live' }, 513, 2)],
  ['DeepLabv3+ on ResNet-50', segmentTrainingOf(resnet, 321, 3)],
]

async function ratioOf(name: string, job: MemoryJob): Promise<number> {
  const { bytes } = peakMemory(job)
  const most = await measured(job)
  const megabytes = (count: number) => `${Math.round(count / 1e6)} MB`
  const figures = `estimate ${megabytes(bytes)}, held ${megabytes(most)}, ratio ${(bytes / most).toFixed(3)}`
  process.stdout.write(`${name}: ${figures}\n`)
  if (job.kind === 'segment') expect(most).toBeLessThan(2 * 2 ** 30)
  return bytes / most
}

needs('build', 'linux').describe('the estimate beside the most that a process held', () => {
  for (const [name, job] of masks)
    needs('build', 'linux').test(`a mask: ${name}`, async () => {
      const ratio = await ratioOf(name, job)
      expect(ratio).toBeGreaterThan(0.9)
      expect(ratio).toBeLessThan(1.2)
    })

  for (const [name, job] of steps)
    needs('build', 'linux').test(`a step of training: ${name}`, async () => {
      const ratio = await ratioOf(name, job)
      expect(ratio).toBeGreaterThan(0.8)
      expect(ratio).toBeLessThan(1.25)
    })
})
