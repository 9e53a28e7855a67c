import { describe, expect, test } from '@jest/globals'
import { cnnTensors, weaktrTensors } from '../../../lib/models/foreign/own.js'
import { judgeLoad } from '../../../lib/models/foreign/plan.js'
import type { ModelTensor } from '../../../lib/models/foreign/types.js'
import * as files from './lookAlikes.js'

const S = { width: 384, depth: 3, patch: 16, side: 14 }
const weaktr = weaktrTensors({ width: 384, depth: 3, patchSize: 16, grid: 14, heads: 6 }, 20)
const resnet50 = cnnTensors('resnet50', 1, 20)
const lite0 = cnnTensors('efficientnet-lite0', 1, 20)

describe('every tensor of a file', () => {
  /** Numbers from 0 to below 1, the same from the same seed. */
  function random(seed: number): () => number {
    let state = seed
    return () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0
      return state / 2 ** 32
    }
  }
  const networks: [files.Shapes, readonly ModelTensor[]][] = [
    [files.deit(S), weaktr],
    [files.distilled(S), weaktr],
    [files.mae(S), weaktr],
    [files.huggingFace(S), weaktr],
    [files.torchvision(S), weaktr],
    [files.weaktr(S, 20, 6), weaktr],
    [files.resnet([3, 4, 6, 3]), resnet50],
    [files.efficientnet(), lite0],
  ]
  const others = [
    'temperature',
    'ema.decay',
    'queue',
    'head.extra',
    'fc_norm.bias',
    'x',
    'projector.0.weight',
    'heads.a.b',
  ]
  const all = networks.flatMap(([shapes]) => Object.keys(shapes))

  test.each([...Array(300).keys()])('is in one list, or the file is refused: %s', (seed) => {
    const next = random(seed + 1)
    const pick = <T>(items: readonly T[]) => items[Math.floor(next() * items.length)]!
    const [shapes, model] = pick(networks)
    const file = new Map(Object.entries(shapes))
    // Half of the files are whole, so that most are taken.
    if (next() < 0.5) for (const name of [...file.keys()]) if (next() < 0.03) file.delete(name)
    for (let more = Math.floor(next() * 4); more > 0; more--)
      file.set(next() < 0.8 ? pick(others) : pick(all), [1 + more])
    const names = [...file.keys()].sort((one, other) => (next() < 0.5 ? -1 : 1) || one.localeCompare(other))
    const tensors = new Map(names.map((name) => [name, { shape: file.get(name)!, dtype: 'float32' }]))
    for (const purpose of ['start', 'whole'] as const) {
      const judged = judgeLoad(tensors, model, purpose, 'The file')
      if ('refused' in judged) {
        expect(judged.refused.message).toMatch(/\.$/)
        expect(judged.refused.hint).not.toBe('')
        continue
      }
      const { report, steps } = judged
      const renamed = new Set(report.renamed.map(({ to }) => to))
      const listed = [
        ...report.matched,
        ...report.renamed.map(({ from }) => from),
        // By the names of the model: those that were renamed are in that list.
        ...report.interpolated.map(({ name }) => name).filter((name) => !renamed.has(name)),
        ...report.dropped.map(({ name }) => name),
        ...report.unexpected,
      ]
      expect(listed.sort()).toEqual([...names].sort())
      expect([...steps.keys(), ...report.missing].sort()).toEqual(model.map(({ name }) => name).sort())
      // Nothing is made of what is not said to be taken.
      const left = new Set([...report.dropped.map(({ name }) => name), ...report.unexpected])
      for (const { from } of steps.values()) for (const name of [from].flat()) expect(left.has(name)).toBe(false)
    }
  })

  test('whole files are taken: the lists above are not those of refusals alone', () => {
    const taken = networks.filter(
      ([shapes, model]) => !('refused' in judgeLoad(files.tensorsOf(shapes), model, 'start', 'x')),
    )
    expect(taken.length).toBe(networks.length)
  })
})
