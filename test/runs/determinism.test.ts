import { join } from 'node:path'
import { beforeAll, expect, test } from '@jest/globals'
import type { RunConfig, TrainConfigInput } from '../../lib/config/types.js'
import { trainSemPLeS } from '../../lib/runs/trainSemPLeS.js'
import { writeShapes } from './shapes.js'
import { fingerprintsOf, metricsOf, outcomeOf, temporaryFolder, tensorsOf, tinyRun } from './tiny.js'
import { describeWithClip, tinyClipArchive } from './tinyClip.js'

describeWithClip('a seed decides a run', () => {
  let root: string
  let data: RunConfig['data']
  let clip: string
  beforeAll(async () => {
    root = await temporaryFolder()
    data = await writeShapes(root)
    clip = await tinyClipArchive()
    await trainSemPLeS(run('first'))
  })

  const run = (name: string, changes: TrainConfigInput = {}) =>
    tinyRun(data, join(root, name), { clip, augment: 'reference', ...changes })

  test('the same seed gives the same losses, weights and moments, bit for bit', async () => {
    await trainSemPLeS(run('again'))
    expect(await outcomeOf(join(root, 'again'))).toEqual(await outcomeOf(join(root, 'first')))
  })

  test('prefetching, decoding and caching change nothing', async () => {
    await trainSemPLeS(run('loaded', { loader: { prefetch: 5, concurrency: 1, cacheMegabytes: 0 } }))
    await trainSemPLeS(run('cached', { loader: { prefetch: 1, concurrency: 7, cacheMegabytes: 64 } }))
    const first = await outcomeOf(join(root, 'first'))
    expect(await outcomeOf(join(root, 'loaded'))).toEqual(first)
    expect(await outcomeOf(join(root, 'cached'))).toEqual(first)
  })

  test('nor does where the pictures and the run lie', async () => {
    const elsewhere = await temporaryFolder()
    const moved = await writeShapes(elsewhere)
    await trainSemPLeS(tinyRun(moved, join(elsewhere, 'run'), { clip, augment: 'reference' }))
    expect(await outcomeOf(join(elsewhere, 'run'))).toEqual(await outcomeOf(join(root, 'first')))
  })

  test('another seed gives another run from the first step on', async () => {
    await trainSemPLeS(run('other', { seed: 8, stages: ['classify'] }))
    const [first, other] = await Promise.all(['first', 'other'].map((name) => metricsOf(join(root, name))))
    expect(other.map(({ loss }) => loss)).not.toContain(first[0].loss)
    const weights = await Promise.all(
      ['first', 'other'].map(async (name) => (await tensorsOf(join(root, name), 'classify')).generator),
    )
    const [ours, theirs] = weights.map(fingerprintsOf)
    for (const name of ['head.weight', 'blocks.0.attn.qkv.weight']) expect(ours[name]).not.toBe(theirs[name])
  })

  test('erasing noise, drop path and the order of pictures are new in every epoch', async () => {
    // At a rate too small to change a float32 weight, only what is random tells two epochs apart.
    await trainSemPLeS(run('still', { lr: 1e-30, stages: ['classify'], epochs: 3 }))
    const losses = (await metricsOf(join(root, 'still'))).map(({ loss }) => loss)
    expect(new Set(losses).size).toBe(6)
  })
})
