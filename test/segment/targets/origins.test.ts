import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { openTargets } from '../../../lib/segment/targets/targets.js'
import { needs } from '../../support/needs.js'
import { runScript } from '../../support/python.js'
import { dataset, options } from './scene.js'

interface Expected {
  masks: Record<string, number[]>
  scores: Record<string, { labels: number[]; confidence: number[] }>
  size: { width: number; height: number }
}

needs('python').describe('files of Pillow and NumPy', () => {
  const root = mkdtempSync(join(tmpdir(), 'semples-targets-'))
  let expected: Expected
  beforeAll(async () => {
    expected = JSON.parse(await runScript('test/segment/targets/files.py', root)) as Expected
  }, 60_000)
  afterAll(() => rmSync(root, { recursive: true }))

  test.each(['indexed', 'grey', 'colours', 'few'])('a mask: %s', async (id) => {
    const data = dataset([id])
    const targets = await openTargets(options({ folder: join(root, 'masks') }), data)
    const target = await targets.read(data.items[0]!, expected.size)
    expect([...target.labels]).toEqual(expected.masks[id])
    expect(target.confidence).toBeUndefined()
    expect(targets.warnings).toEqual([])
  })

  test.each(['one', 'all', 'own', 'irn'])('scores: %s', async (id) => {
    const data = dataset([id])
    const targets = await openTargets(options({ from: 'scores', folder: join(root, 'scores') }), data)
    for (const size of [expected.size, undefined]) {
      const { labels, confidence } = await targets.read(data.items[0]!, size)
      expect([...labels]).toEqual(expected.scores[id]!.labels)
      expect([...confidence!]).toEqual(expected.scores[id]!.confidence)
    }
  })

  test('scores without a map: all is background, as sure as can be', async () => {
    const data = dataset(['none'])
    const targets = await openTargets(options({ from: 'scores', folder: join(root, 'scores') }), data)
    const { labels, confidence } = await targets.read(data.items[0]!, expected.size)
    expect(new Set(labels)).toEqual(new Set([0]))
    expect(new Set(confidence)).toEqual(new Set([255]))
  })

  test.each([0.25, 0.5, 1])('pixels less sure than %f are ignored, and no others', async (ignoreBelow) => {
    const data = dataset(['all'])
    const targets = await openTargets(options({ from: 'scores', folder: join(root, 'scores'), ignoreBelow }), data)
    const { labels } = await targets.read(data.items[0]!, expected.size)
    const { labels: all, confidence } = expected.scores.all!
    const wanted = all.map((label, i) => (confidence[i]! / 255 < ignoreBelow ? 255 : label))
    expect([...labels]).toEqual(wanted)
    expect(wanted.filter((label) => label === 255).length).toBeGreaterThan(10)
  })
})
