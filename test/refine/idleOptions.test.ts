import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { type RefineOptions, refineMask, refineMasks, writeNpy } from '../../lib/index.js'
import { halves, writeHalves } from './halves.js'

const { image, noisy, cams } = halves()
const both = Float32Array.from([...cams.map((score) => 1 - score), ...cams])
const said = async (what: object, options: RefineOptions) =>
  ((await refineMask({ image, ...what, ...options })).warnings ?? []).join('\n')

describe('options that do nothing', () => {
  test.each<[RefineOptions, string]>([
    [{ threshold: 0.3 }, 'threshold (--threshold)'],
    [{ backgroundPower: 2 }, 'backgroundPower (--background-power)'],
    [{ values: 'logits' }, 'values (--scores)'],
    [{ axes: 'hwc' }, 'axes (--axes)'],
    [{ entry: 'cam' }, 'entry (--entry)'],
    [{ classOffset: 1 }, 'classOffset (--class-offset)'],
    [{ unary: 'soft' }, 'unary (--unary)'],
    [{ classes: [0, 7] }, 'classes (--classes)'],
  ])('for masks: %j', async (options, named) => {
    expect(await said({ labels: noisy }, options)).toContain('An option was given that does nothing for a mask')
    expect(await said({ labels: noisy }, options)).toContain(named)
    expect(await said({ labels: noisy }, { preset: 'psa' })).toBe('')
  })

  test.each<[string, RefineOptions, string]>([
    ['maps', { zeroUnsure: true }, 'zeroUnsure (--zero-unsure)'],
    ['maps', { unary: 'soft', gtProb: 0.8 }, 'gtProb (--gt-prob)'],
    ['maps', { preset: 'psa', gtProb: 0.8 }, 'gtProb (--gt-prob)'],
    ['maps', { method: 'pamr', unary: 'hard' }, 'unary (--unary)'],
    ['all', { threshold: 0.3 }, 'threshold (--threshold)'],
    ['all', { backgroundPower: 1 }, 'backgroundPower (--background-power)'],
  ])('for score maps (%s): %j', async (which, options, named) => {
    const scores = which === 'all' ? { scores: both, classes: [0, 7] } : { scores: cams, classes: [7] }
    expect(await said(scores, options)).toContain(named)
  })

  test.each<[string, RefineOptions]>([
    ['maps', { threshold: 0.3, unary: 'soft', values: 'probabilities', axes: 'chw' }],
    ['maps', { gtProb: 0.8, backgroundPower: 1 }],
    ['all', { unary: 'hard', gtProb: 0.6, iterations: 3 }],
  ])('nothing is said of those that do something (%s): %j', async (which, options) => {
    const scores =
      which === 'all'
        ? { scores: both, classes: [0, 7] }
        : { scores: { dtype: 'float32', shape: [1, 30, 40], data: cams }, classes: [7] }
    expect(await said(scores, options)).toBe('')
  })

  test('a matrix of compatibilities takes the classes of masks', async () => {
    const compat = [
      [0, 1],
      [1, 0],
    ]
    const options: RefineOptions = { gaussian: { sxy: 3, compat }, bilateral: [], classes: [0, 7] }
    expect(await said({ labels: noisy }, options)).toBe('')
  })

  test('are named once for a folder: in onProgress and in the summary', async () => {
    const [images, folder] = [await mkdtemp(join(tmpdir(), 'semples-i-')), await mkdtemp(join(tmpdir(), 'semples-c-'))]
    await writeHalves(images, folder, ['a', 'b', 'c'])
    const told: string[] = []
    const { warnings } = await refineMasks({
      images,
      cams: folder,
      threshold: 0.3,
      values: 'raw',
      onProgress: ({ message, warning }) => {
        if (warning) told.push(message!)
      },
    }).finished
    const text =
      'Options were given that do nothing for a mask (label map): threshold (--threshold), values (--scores).'
    expect(warnings).toEqual([`${text} (3 pictures; a: a.png)`])
    expect(told).toEqual([`${text} (a: a.png)`])
  })

  test('of a mask in a file of maps', async () => {
    const file = join(await mkdtemp(join(tmpdir(), 'semples-m-')), 'a.npy')
    await writeNpy(file, { dtype: 'uint8', shape: [30, 40], data: noisy.data })
    expect(await said({ scores: file }, { threshold: 0.3 })).toContain('threshold (--threshold)')
    expect(await said({ scores: file }, { gtProb: 0.6 })).toBe('')
  })
})
