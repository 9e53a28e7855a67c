import { resolve } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { given, run } from './fakes.js'

describe('semples demo', () => {
  test('prints the rows in order, the control, and the words of the prompts', async () => {
    const ran = await run(['demo'])
    expect(ran.status).toBe(0)
    const text = ran.out.join('\n')
    expect(text).toMatch(/threshold 0\.50 +best threshold \(uses pixel labels\)/)
    expect(text).toMatch(/cam +20\.00 +25\.00 at 0\.40[\s\S]+semples +50\.00 +55\.00 at 0\.60[\s\S]+control +40\.00 +-/)
    expect(text).toMatch(/train +rails 0\.90/)
    expect(text).toContain('(rails, water)')
    expect(ran.out.at(-1)).toContain(resolve('runs/demo-0/report.html'))
  })

  test('with --json the last line of standard output is one object', async () => {
    const ran = await run(['demo', '--seed', '-3', '--json'])
    expect(JSON.parse(ran.out.at(-1)!)).toEqual({
      seed: -3,
      seconds: 61.4,
      ablation: [
        { name: 'cam', miou: 0.2, miouBest: 0.25 },
        { name: 'semples', miou: 0.5, miouBest: 0.55 },
      ],
      control: 0.4,
      prompts: { train: ['rails'] },
      report: resolve('runs/demo--3/report.html'),
    })
  })

  test('a seed is an integer', async () => {
    for (const seed of ['x', '1.5', '', '1e300']) {
      const ran = await run(['demo', '--seed', seed])
      expect(ran.status).toBe(2)
      expect(ran.calls).toEqual([])
    }
    expect(given(await run(['demo', '--seed=-7']), 'demo').seed).toBe(-7)
  })
})
