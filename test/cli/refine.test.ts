import { describe, expect, test } from '@jest/globals'
import { SemplesError } from '../../lib/base/error.js'
import { given, run } from './fakes.js'

const folders = ['refine', '--images', 'photos', '--cams', 'cams', '--out', 'refined']
const broken = (name: string) => ({ name, error: new SemplesError('SEMPLES_X', { message: `${name} is broken.` }) })

describe('semples refine', () => {
  test('hands folders over, and says what became of them', async () => {
    const ran = await run(folders)
    expect(given(ran, 'refine')).toMatchObject({ images: 'photos', cams: 'cams', out: 'refined', errors: 'collect' })
    expect([ran.status, ran.out]).toEqual([
      0,
      ['2 refined masks (and 1 finished before) are in refined, 4.0 pictures/s'],
    ])
    expect(ran.calls[0]![0]).toBe('ensureLibTorch')
  })

  test('takes settings as a person types them', async () => {
    const ran = await run([
      ...folders,
      ...['--preset', 'coco', '--gaussian', '3,4', '--bilateral', '50,5,10', '--unary', 'soft', '--iterations', '5'],
      ...['--classes', '0,15-17,19', '--confidence', '0.9', '--gt-prob', '0.8', '--background-power', '2'],
      ...['--npz', '--overwrite', '--fail-fast', '--concurrency', '3', '--threads', '2', '--memory', '512'],
    ])
    expect(given(ran, 'refine')).toMatchObject({
      preset: 'coco',
      gaussian: { sxy: 3, compat: 4 },
      bilateral: { sxy: 50, srgb: 5, compat: 10 },
      unary: 'soft',
      iterations: 5,
      classes: [0, 15, 16, 17, 19],
      confidence: 0.9,
      gtProb: 0.8,
      backgroundPower: 2,
      withScores: 'npz',
      overwrite: true,
      errors: 'throw',
      concurrency: 3,
      threads: 2,
      memoryLimit: 512 * 2 ** 20,
    })
  })

  test('tells of failures, a few by name, and ends with status 1', async () => {
    const failed = Array.from({ length: 12 }, (_, index) => broken(`picture${index}`))
    const ran = await run(folders, {
      refine: async () => ({ refined: 0, skipped: 0, failed, seconds: 1, warnings: [], out: 'x' }),
    })
    expect(ran.status).toBe(1)
    expect(ran.out[0]).toBe('picture0: picture0 is broken.')
    expect(ran.out.slice(-3)).toEqual(['... and 2 more', '12 pictures failed.', '0 refined masks are in x'])
    const json = await run([...folders, '--json'], {
      refine: async () => ({ refined: 1, skipped: 0, failed: [broken('a')], seconds: 1, warnings: [], out: 'x' }),
    })
    expect(JSON.parse(json.out.at(-1)!)).toEqual({
      refined: 1,
      skipped: 0,
      failed: [{ name: 'a', code: 'SEMPLES_X', message: 'a is broken.' }],
      seconds: 1,
      warnings: [],
      out: 'x',
    })
  })

  test('says what scores are, in its own words', async () => {
    const kinds = ['--scores', 'logits', '--axes', 'hwc', '--class-table', 'voc2012', '--entry', 'cam']
    const ran = await run([...folders, ...kinds])
    expect(given(ran, 'refine')).toMatchObject({ values: 'logits', axes: 'hwc', classTable: 'voc2012', entry: 'cam' })
    expect((await run([...folders, '--scores', 'softmax'])).status).toBe(2)
  })

  test('N17: prints warnings, the true rate, and one mask as one', async () => {
    const ran = await run(folders, {
      refine: async () => ({ refined: 1, skipped: 0, failed: [], seconds: 40, warnings: ['look at a'], out: 'x' }),
    })
    expect(ran.out).toEqual(['warning: look at a', '1 refined mask is in x, 40 s a picture'])
  })

  test.each([
    ['no folder', ['refine', '--images', 'photos']],
    ['two numbers for three', [...folders, '--bilateral', '50,5']],
    ['a word for a number', [...folders, '--gaussian', '3,many']],
    ['an unknown preset', [...folders, '--preset', 'cityscapes']],
    ['ids that are none', [...folders, '--classes', '0,boat']],
    ['a power that is none', [...folders, '--background-power', 'x']],
  ])('refuses %s as typed wrong', async (_, words) => {
    const ran = await run(words)
    expect([ran.status, ran.calls]).toEqual([2, []])
    expect(ran.err[0]).toMatch(/^error: /)
  })
})
