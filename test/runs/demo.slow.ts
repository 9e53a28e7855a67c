import { join } from 'node:path'
import { beforeAll, expect, test } from '@jest/globals'
import { type DemoResult, runDemo } from '../../lib/runs/demo.js'
import { describeNative } from '../native/models.js'
import { temporaryFolder } from './tiny.js'

const seeds = [0, 1, 2]

// Minutes a seed. One seed of 100 pictures is noisy by a point or two: what stage c adds is judged in the mean.
describeNative('the demo on whole seeds', () => {
  let results: DemoResult[]
  beforeAll(async () => {
    results = []
    const out = await temporaryFolder()
    for (const seed of seeds) results.push(await runDemo({ seed, out: join(out, String(seed)) }))
  }, 3_600_000)

  const figures = (row: (result: DemoResult) => { miou: number }) => results.map((result) => row(result).miou)
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const stage = (at: number) => figures(({ ablation }) => ablation[at]!)

  test('matching is better than the CAMs on every seed, and the end by 15 points at least', () => {
    seeds.forEach((_, at) => {
      expect(stage(1)[at]!).toBeGreaterThan(stage(0)[at]!)
      expect(stage(2)[at]!).toBeGreaterThan(stage(0)[at]! + 0.15)
    })
  })

  test('refinement with prompts is better than matching and than refinement without, in the mean', () => {
    expect(mean(stage(2))).toBeGreaterThan(mean(stage(1)))
    expect(mean(stage(2))).toBeGreaterThan(mean(figures(({ control }) => control)))
  })

  test('the dense CRF makes masks better on every seed', () => {
    seeds.forEach((_, at) => {
      expect(stage(3)[at]!).toBeGreaterThan(stage(2)[at]!)
    })
  })

  test('the learned prompts name typical backgrounds', () => {
    const home: Record<string, string> = {
      train: 'rails',
      boat: 'water',
      bird: 'leaves',
      cow: 'grass',
      airplane: 'clouds',
      car: 'road',
    }
    const right = results.flatMap(({ prompts }) => prompts.filter(({ label, words }) => words[0]!.word === home[label]))
    expect(right.length).toBeGreaterThanOrEqual(0.75 * 6 * seeds.length)
  })
})
